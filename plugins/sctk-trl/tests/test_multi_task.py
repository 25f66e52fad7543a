"""Trainer `multi-task`: the loss of eq. 4.1 however it is cut, students of both kinds, nothing cut or lost in silence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from sctk_chat import turn_ids
from sctk_core import ConfigError, Message, ModelRef, NothingAccepted, Pair, Prompt, Sample, TrainReport, Weighted
from sctk_core.config import parse, settings_of
from sctk_core.testing import check_trainer
from sctk_trl.choosing import Chooser, Epoch, Keep
from sctk_trl.multi_task import MultiTask
from sctk_trl.settings import Compute, Keeping, Lengths, Lora, MultiTaskSettings, TaskOptimiser
from task_rows import WORDS, record, tables
from tiny_models import make_bart, make_llama, make_t5
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer, TrainerState

Students = Callable[[str], ModelRef]
CPU = Compute(device="cpu")
RATE = 1e-3


@pytest.fixture(scope="session")
def students(tmp_path_factory: pytest.TempPathFactory) -> Students:
    """name -> a small untrained student, made once."""

    @cache
    def made(name: str) -> ModelRef:
        path, texts = tmp_path_factory.mktemp("students") / name, [" ".join(WORDS)] * 8
        if name.startswith("t5"):
            make_t5(path, texts, tied=name == "t5-tied")
        else:
            (make_bart if name == "bart" else make_llama)(path, texts)
        return ModelRef(path=str(path))

    return made


def train(
    ref: ModelRef, data: Any, out: Path, *, optimiser: Mapping[str, Any] | None = None, **settings: Any
) -> TrainReport:
    """A training of one epoch, unless it is said otherwise."""
    steps = {"learning_rate": RATE, "epochs": 1.0, "batch": 8} | dict(optimiser or {})
    config = MultiTaskSettings(**{"optimiser": TaskOptimiser(**steps), "compute": CPU, **settings})
    return MultiTask(config).train(data, ref, out)


def weights(path: str | Path) -> dict[str, torch.Tensor]:
    from transformers import AutoConfig

    kind = AutoModelForSeq2SeqLM if AutoConfig.from_pretrained(path).is_encoder_decoder else AutoModelForCausalLM
    return {name: value.detach() for name, value in kind.from_pretrained(path).named_parameters()}


def by_hand(ref: ModelRef, rows: Sequence[Sample | Weighted]) -> tuple[float, float]:
    """sum w nll, sum w n of an encoder-decoder, one row at a time through the model's own loss."""
    model = AutoModelForSeq2SeqLM.from_pretrained(ref.path).eval()
    tokenizer = AutoTokenizer.from_pretrained(ref.path)
    total = n_tokens = 0.0
    for row in rows:
        sample, weight = (row.sample, row.weight) if isinstance(row, Weighted) else (row, 1.0)
        source = tokenizer(sample.prompt.messages[0].content, return_tensors="pt")
        labels = tokenizer(text_target=sample.text, return_tensors="pt").input_ids
        with torch.no_grad():
            total += weight * float(model(**source, labels=labels).loss) * labels.numel()
        n_tokens += weight * labels.numel()
    return total, n_tokens


@pytest.mark.parametrize("student", ["t5", "t5-tied", "bart"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_first_loss_is_that_of_the_equation(
    student: str, weighted: bool, students: Students, tmp_path: Path
) -> None:
    """One step over all rows: alpha CE(predict) + (1 - alpha) CE(explain), each a mean over its own tokens (4.1)."""
    data = tables(12, weighted=weighted)
    report = train(students(student), data, tmp_path / "out", alpha=0.3, optimiser={"batch": 12})
    predict, explain = (total / n for total, n in (by_hand(students(student), data[name]) for name in data))
    assert report.metrics["loss.predict.first"] == pytest.approx(predict, rel=1e-5)
    assert report.metrics["loss.explain.first"] == pytest.approx(explain, rel=1e-5)
    assert report.losses[0] == pytest.approx(0.3 * predict + 0.7 * explain, rel=1e-5)
    assert report.metrics["base_loss"] == pytest.approx(report.losses[0], rel=1e-5)
    assert (report.n_rows, report.n_steps) == (24, 1)


@pytest.mark.parametrize("student", ["t5", "bart", "llama"])
def test_micro_batches_change_neither_the_loss_nor_the_weights(
    student: str, students: Students, tmp_path: Path
) -> None:
    """Twenty pairs of unequal lengths in steps of eight, the last of four: one at a time, three at a time, all at once."""
    data = tables(20, weighted=True)
    found = [
        train(students(student), data, tmp_path / str(micro), optimiser={"micro_batch": micro}) for micro in (1, 3, 0)
    ]
    assert found[0].n_steps == 3
    for one in found[:2]:
        assert one.losses == pytest.approx(found[2].losses, rel=1e-6)
        there, here = weights(one.model.path), weights(found[2].model.path)
        start = weights(students(student).path)
        # AdamW takes the rounding of a gradient of nothing for a direction: that of keys' biases, which softmax does not see,
        # and of one weight in ten thousand beside them.
        seen = {name: value for name, value in here.items() if not name.endswith("k_proj.bias")}
        apart = torch.cat([(there[name] - value).abs().flatten() for name, value in seen.items()])
        assert float((apart > 1e-5).double().mean()) < 1e-4
        assert float(apart.max()) < 1e-4
        assert max(float((value - start[name]).abs().max()) for name, value in seen.items()) > RATE


def test_passes_are_shared_only_where_that_reads_few_tokens_more() -> None:
    from sctk_trl.forwards import Shape, StepCollator
    from sctk_trl.tasks import TaskRow

    def pair(n_answer: int, n_reason: int) -> tuple[TaskRow, TaskRow]:
        ids = [list(range(5, 5 + n)) for n in (20, n_answer, n_reason)]
        return tuple(TaskRow(prompt_ids=ids[0], completion_ids=each, weight=1.0) for each in ids[1:])  # type: ignore[return-value]

    collate = StepCollator(shape=Shape(pad_id=0, start_id=0), micro_batch=0)
    assert len(collate([pair(9, 10), pair(8, 11)])["forwards"]) == 1
    assert len(collate([pair(2, 80), pair(3, 90)])["forwards"]) == 2
    cut = StepCollator(shape=Shape(pad_id=0, start_id=None), micro_batch=3)([pair(2, 3 + 9 * n) for n in range(8)])
    assert [len(one["input_ids"]) for one in cut["forwards"]] == [2, 2, 3, 3, 3, 3]
    assert cut["n_tokens"].tolist() == [16.0, sum(3 + 9 * n for n in range(8))]
    assert sum(len(one["targets"]) for one in cut["forwards"]) == 16 + sum(3 + 9 * n for n in range(8))


def test_a_decoder_only_student_learns_answers_by_the_same_recipe(students: Students, tmp_path: Path) -> None:
    """Its first loss by plain forward passes over the rendered conversations, answers and ends alone."""
    data = tables(10)
    report = train(students("llama"), data, tmp_path / "out", optimiser={"batch": 10})
    model = AutoModelForCausalLM.from_pretrained(students("llama").path).eval()
    tokenizer = AutoTokenizer.from_pretrained(students("llama").path)
    means = []
    for name in ("predict", "explain"):
        total, n_tokens = 0.0, 0
        for sample in data[name]:
            read, ids = turn_ids(tokenizer, sample.prompt.messages, sample.text)
            with torch.no_grad():
                logits = model(torch.tensor([[*read, *ids]])).logits[0, len(read) - 1 : -1].log_softmax(-1)
            total -= float(logits[range(len(ids)), ids].sum())
            n_tokens += len(ids)
        means.append(total / n_tokens)
    assert [report.metrics[f"loss.{name}.first"] for name in data] == pytest.approx(means, rel=1e-5)
    assert report.losses[0] == pytest.approx(sum(means) / 2, rel=1e-5)
    assert report.metrics["final_loss"] < report.metrics["base_loss"]


def test_one_table_is_standard_fine_tuning(students: Students, tmp_path: Path) -> None:
    data = tables(8)["predict"]
    named = train(students("t5"), {"predict": data}, tmp_path / "named", alpha=0.1)
    plain = train(students("t5"), data, tmp_path / "plain", alpha=0.9)
    total, n_tokens = by_hand(students("t5"), data)
    assert named.losses == plain.losses
    assert named.losses[0] == pytest.approx(total / n_tokens, rel=1e-5)
    assert "loss.predict.first" not in plain.metrics


@pytest.mark.parametrize("keep", ["least-loss", "last"])
def test_weights_are_chosen_by_rows_that_were_not_trained_on(keep: str, students: Students, tmp_path: Path) -> None:
    """Eight rows at a rate that overfits: the loss on other questions rises again, and `least-loss` keeps the epoch before."""
    data = tables(8, validation=6)
    report = train(
        students("t5"), data, tmp_path / keep, keep=keep, optimiser={"epochs": 8.0, "batch": 4, "learning_rate": 1e-2}
    )
    total, n_tokens = by_hand(report.model, data["validation"])
    found = report.metrics
    kept = "last" if keep == "last" else "best"
    assert (found["validation.best"] < found["validation.last"]) == (keep == "least-loss")
    assert total / n_tokens == pytest.approx(found[f"validation.{kept}"], rel=1e-4)
    assert found["kept_epoch"] == (8.0 if keep == "last" else pytest.approx(4.0, abs=3.5))
    assert f"the weights of epoch {found['kept_epoch']:.0f} of 8 are kept" in report.notes[0]
    assert (report.n_rows, found["validation.n_rows"]) == (16, 6.0)


@pytest.mark.parametrize("keep", ["best", "least-loss", "last"])
@pytest.mark.parametrize("killed_after", [0, 2])
def test_the_epoch_with_most_exact_answers_is_kept(keep: Keep, killed_after: int) -> None:
    """Loss rises from the first epoch on while answers still improve; of equals the one of less loss. A kill changes nothing."""
    read = [
        Epoch(loss=0.5, exact=0.1),
        Epoch(loss=0.7, exact=0.4),
        Epoch(loss=0.6, exact=0.4),
        Epoch(loss=0.9, exact=0.3),
    ]
    model, state = torch.nn.Linear(1, 1, bias=False), TrainerState(max_steps=8)
    chooser = Chooser(lambda _: read[round(model.weight.item()) - 1], 2, keep=keep)
    for step in range(1, 9):
        state.global_step = step
        with torch.no_grad():
            model.weight.fill_((step + 1) // 2)
        chooser.on_step_end(None, state, None, model=model)
        if step == 2 * killed_after:
            held, chooser = chooser.state(), Chooser(lambda _: read[round(model.weight.item()) - 1], 2, keep=keep)
            chooser.restore(held)
    chooser.put_back(model)
    wanted = {"best": 3, "least-loss": 1, "last": 4}[keep]
    assert (chooser.epochs, chooser.kept, model.weight.item()) == (read, wanted, float(wanted))


@pytest.mark.parametrize("student", ["t5", "bart", "llama"])
def test_exact_answers_are_those_that_greedy_decoding_writes(student: str, students: Students, tmp_path: Path) -> None:
    """Rows of which some are learned by heart and some are strange: the share is that of what the saved model writes."""
    data = tables(10, validation=4)["predict"]
    rows = [*data[:6], *tables(10, validation=4)["validation"]]
    optimiser = {"epochs": 30.0, "batch": 6, "learning_rate": 1e-2}
    report = train(
        students(student), {"predict": data[:6], "validation": rows}, tmp_path / "out", keep="last", optimiser=optimiser
    )
    tokenizer = AutoTokenizer.from_pretrained(report.model.path)
    kind = AutoModelForCausalLM if student == "llama" else AutoModelForSeq2SeqLM
    model = kind.from_pretrained(report.model.path).eval()
    n_exact = 0
    for sample in rows:
        if student == "llama":
            read, wanted = turn_ids(tokenizer, sample.prompt.messages, sample.text)
        else:
            read = tokenizer(sample.prompt.messages[0].content).input_ids
            wanted = tokenizer(text_target=sample.text).input_ids
        said = model.generate(torch.tensor([read]), max_new_tokens=len(wanted), do_sample=False)[0].tolist()
        n_exact += (said[len(read) :] if student == "llama" else said[1:])[: len(wanted)] == wanted
    assert report.metrics["validation.exact.last"] == pytest.approx(n_exact / len(rows))
    assert 0 < n_exact < len(rows)


def test_without_validation_rows_the_last_weights_are_kept_and_that_is_said(students: Students, tmp_path: Path) -> None:
    report = train(students("t5"), tables(4), tmp_path / "out")
    assert any("no validation rows" in note for note in report.notes)
    assert "kept_epoch" not in report.metrics
    assert not train(students("t5"), tables(4), tmp_path / "last", keep="last").notes


def test_what_is_too_long_is_left_out_of_both_tables_and_counted(students: Students, tmp_path: Path) -> None:
    data = {name: list(rows) for name, rows in tables(6, validation=2).items()}
    long = " ".join(["pens"] * 300)
    data["explain"][1] = replace(data["explain"][1], text=long)
    data["predict"][3] = replace(data["predict"][3], text="  ")
    data["predict"][4] = replace(
        data["predict"][4], prompt=Prompt(messages=(Message(role="user", content=" ".join(["pens"] * 1100)),))
    )
    data["validation"][1] = replace(data["validation"][1], text=long)
    report = train(students("t5"), data, tmp_path / "out")
    ids = {name: [row.id for row in rows] for name, rows in data.items()}
    partner = "left out with the row that it is paired with"
    assert {row: reason.partition(":")[0] for row, reason in report.declined.items()} == {
        f"explain/{ids['explain'][1]}": "target too long",
        f"predict/{ids['predict'][1]}": partner,
        f"predict/{ids['predict'][3]}": "empty answer",
        f"explain/{ids['explain'][3]}": partner,
        f"predict/{ids['predict'][4]}": "input too long",
        f"explain/{ids['explain'][4]}": partner,
        f"validation/{ids['validation'][1]}": "target too long",
    }
    assert report.declined[f"explain/{ids['explain'][1]}"].endswith("tokens, lengths.max_target_tokens is 256")
    assert report.n_rows == 6
    with pytest.raises(ConfigError, match=f"row {ids['predict'][4]}: input too long: "):
        train(students("t5"), data, tmp_path / "strict", lengths=Lengths(too_long="error"))
    with pytest.raises(NothingAccepted, match="none of which can train"):
        train(students("t5"), {"predict": [replace(data["predict"][0], text=long)]}, tmp_path / "none")
    with pytest.raises(NothingAccepted, match="too long for the model"):
        train(
            students("bart"),
            [replace(data["predict"][0], text=long)],
            tmp_path / "b",
            lengths=Lengths(max_target_tokens=999),
        )
    assert not list(tmp_path.glob("*.part"))


def test_tables_that_cannot_be_paired_are_errors(students: Students, tmp_path: Path) -> None:
    data = tables(4)
    with pytest.raises(ConfigError, match="got 4 rows of predict, 3 of explain, wanted equally many"):
        train(students("t5"), {**data, "explain": data["explain"][:3]}, tmp_path / "out")
    with pytest.raises(ConfigError, match="got the tables predict, reason, wanted predict, explain or both"):
        train(students("t5"), {"predict": data["predict"], "reason": data["explain"]}, tmp_path / "out")
    one = data["predict"][0]
    pair = Pair(prompt=one.prompt, chosen=one, rejected=replace(one, text="x"), margin=None, probability=1.0)
    with pytest.raises(ConfigError, match="got a Pair"):
        train(students("t5"), [pair], tmp_path / "out")


def test_what_cannot_run_is_refused_with_the_reason(students: Students, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"float16.*65504"):
        train(students("t5"), tables(2), tmp_path / "out", compute=Compute(device="cpu", precision="float16"))
    with pytest.raises(ConfigError, match="does not pack"):
        train(students("t5"), tables(2), tmp_path / "out", compute=Compute(device="cpu", packing=True))
    from sctk_trl.sft import Sft

    with pytest.raises(ConfigError, match=r"(?s)encoder-decoder \(t5\).*multi-task"):
        Sft(Sft.Config()).train(tables(2)["predict"], students("t5"), tmp_path / "out")
    with pytest.raises(ConfigError, match=r"(?s)got a Weighted.*use = \"multi-task\""):
        Sft(Sft.Config()).train(tables(2, weighted=True)["explain"], students("llama"), tmp_path / "out")


def test_unknown_characters_in_targets_are_told(students: Students, tmp_path: Path) -> None:
    data = tables(4)
    strange = [replace(data["explain"][0], text="84 pens ≈ 42 {x}"), *data["explain"][1:]]
    notes = train(students("t5"), {**data, "explain": strange}, tmp_path / "out").notes
    assert any("1 of 8 targets hold what the student's tokenizer has no token for" in note for note in notes)


def test_would_be_control_tokens_in_targets_are_text(students: Students, tmp_path: Path) -> None:
    from sctk_chat import target_ids

    tokenizer = AutoTokenizer.from_pretrained(students("bart").path)
    ids = target_ids(tokenizer, "so </s> <pad> it is")
    assert [ids.count(number) for number in (0, 1, 2)] == [1, 0, 1]
    assert tokenizer.decode(ids, skip_special_tokens=True) == "so </s> <pad> it is"


@pytest.mark.parametrize("student", ["t5", "bart", "llama"])
def test_short_arithmetic_and_adapters_keep_what_was_learned(student: str, students: Students, tmp_path: Path) -> None:
    data, steps = tables(16), {"epochs": 4.0}
    half = train(
        students(student), data, tmp_path / "half", optimiser=steps, compute=Compute(device="cpu", precision="bfloat16")
    )
    full = train(students(student), data, tmp_path / "full", optimiser=steps)
    assert half.metrics["final_loss"] == pytest.approx(full.metrics["final_loss"], rel=0.02)
    assert half.metrics["share_kept"] == pytest.approx(1.0, abs=0.02)
    short = Compute(device="cpu", keep=Keeping(precision="bfloat16"))
    saved = train(students(student), data, tmp_path / "saved", optimiser=steps, compute=short)
    assert next(iter(weights(saved.model.path).values())).dtype == torch.bfloat16
    assert saved.metrics["share_kept"] == pytest.approx(1.0, abs=0.1)
    lora = train(
        students(student), data, tmp_path / "lora", optimiser={**steps, "learning_rate": 1e-2}, lora=Lora(rank=8)
    )
    assert (Path(lora.model.path) / "adapter" / "adapter_config.json").exists()
    assert lora.metrics["final_loss"] < lora.metrics["base_loss"] - 0.1
    assert lora.metrics["share_kept"] == pytest.approx(1.0, abs=1e-3)


def test_dropout_is_off_unless_it_is_asked_for(students: Students, tmp_path: Path) -> None:
    still = train(students("t5"), tables(8), tmp_path / "still")
    assert train(students("t5"), tables(8), tmp_path / "again").losses == still.losses
    noisy = [train(students("t5"), tables(8), tmp_path / str(n), dropout=0.1, seed=n).losses for n in (0, 1, 0)]
    assert noisy[0] == noisy[2] != noisy[1]
    assert noisy[0][0] != still.losses[0]


def test_a_training_that_taught_nothing_says_so(students: Students, tmp_path: Path) -> None:
    report = train(students("t5"), tables(4), tmp_path / "out", keep="last", optimiser={"learning_rate": 0.0})
    assert report.unchanged
    assert any("taught nothing" in note for note in report.notes)


def test_steps_are_told_with_the_loss_of_each_table(students: Students, tmp_path: Path) -> None:
    told: list[tuple[int, int, set[str]]] = []
    config = MultiTaskSettings(optimiser=TaskOptimiser(max_steps=5, batch=4), compute=CPU)
    trainer = MultiTask(config, progress=lambda step, n, numbers: told.append((step, n, set(numbers))))
    report = trainer.train(tables(8), students("t5"), tmp_path / "out")
    assert told == [(n + 1, 5, {"loss", "loss.predict", "loss.explain"}) for n in range(5)]
    assert report.n_steps == 5


def test_the_contract_of_trainers_is_kept(students: Students) -> None:
    config = MultiTaskSettings(optimiser=TaskOptimiser(epochs=1.0), compute=CPU)
    data = {name: list(rows) for name, rows in tables(6, weighted=True, validation=3).items()}
    data["predict"][2] = replace(data["predict"][2], text=" ")
    data["validation"][0] = replace(data["validation"][0], text=" ")
    check_trainer(MultiTask(config), students("t5"), data)
    check_trainer(MultiTask(config), students("llama"), [record("predict", n, 1, 6) for n in range(5)], twice=False)


def test_the_settings_can_be_read_and_described() -> None:
    names = {setting.name for setting in settings_of(MultiTask.Config)}
    assert {"alpha", "keep", "optimiser.batch", "optimiser.micro_batch", "lengths.max_target_tokens"} <= names
    config = parse(MultiTask.Config, {"optimiser": {"epochs": 2.0}, "lora": {"rank": 4}}, where="[trainer]")
    assert (config.optimiser.rate(config.lora), TaskOptimiser().rate(Lora())) == (5e-4, 5e-5)


def test_what_cannot_train_is_said_before_anything_is_asked(students: Students) -> None:
    from sctk_trl.preference import Preference
    from sctk_trl.sft import Sft

    half = Compute(precision="float16")
    for trainer in (Sft, Preference):
        assert trainer.model_notes(trainer.Config(), students("llama")) == []
        with pytest.raises(ConfigError, match=r"encoder-decoder \(bart\)"):
            trainer.model_notes(trainer.Config(), students("bart"))
        with pytest.raises(ConfigError, match="float16"):
            trainer.model_notes(trainer.Config(compute=half), students("llama"))
    assert MultiTask.model_notes(MultiTaskSettings(), students("bart")) == []
    for compute in (half, Compute(packing=True)):
        with pytest.raises(ConfigError):
            MultiTask.model_notes(MultiTaskSettings(compute=compute), students("bart"))
