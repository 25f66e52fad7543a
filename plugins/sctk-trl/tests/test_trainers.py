"""Both trainers from records to a directory that loads, on tiny models of two architectures."""

from __future__ import annotations

import errno
import logging
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from sctk_chat import tokenizer_digest
from sctk_core import ConfigError, ModelRef, NothingAccepted, Pair, Sample, StoreError, file_digest
from sctk_core.config import parse, settings_of
from sctk_core.testing import check_trainer
from sctk_trl.preference import Preference
from sctk_trl.settings import Compute, Lora, Noise, Optimiser, PreferenceOptimiser
from sctk_trl.sft import Sft
from transformers import AutoModelForCausalLM, AutoTokenizer

FAST = Optimiser(learning_rate=1e-2, epochs=2.0, batch_size=4)
PAIRS_FAST = PreferenceOptimiser(learning_rate=1e-2, epochs=6.0, batch_size=4)

ONE_PASS, PAIRS_ONE_PASS = Optimiser(epochs=1.0), PreferenceOptimiser(epochs=1.0)


def sft(**settings: Any) -> Sft:
    return Sft(Sft.Config(**{"optimiser": FAST, **settings}))


def preference(**settings: Any) -> Preference:
    return Preference(Preference.Config(**{"optimiser": PAIRS_FAST, "beta": 0.5, **settings}))


def logits_of(path: str) -> torch.Tensor:
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    with torch.no_grad():
        logits: torch.Tensor = model(torch.tensor([[5, 9, 13, 17, 21]])).logits
    return logits


@pytest.mark.parametrize("lora", [Lora(), Lora(rank=4)], ids=["full", "lora"])
@pytest.mark.parametrize("which", ["llama", "gpt2"])
def test_sft_learns_and_writes_a_whole_model(
    which: str, lora: Lora, samples: list[Sample], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    ref: ModelRef = request.getfixturevalue(which)
    report = sft(lora=lora).train(samples, ref, tmp_path / "out")
    assert report.losses[-1] < report.losses[0] - 0.02
    assert (report.n_rows, report.n_steps, len(report.losses)) == (14, 8, 8)
    assert report.n_retokenised == 14
    assert report.model.path == str(tmp_path / "out")
    assert not torch.equal(logits_of(ref.path), logits_of(report.model.path))
    assert (tmp_path / "out" / "adapter" / "adapter_model.safetensors").exists() == (lora.rank > 0)
    given, found = (AutoTokenizer.from_pretrained(path) for path in (ref.path, report.model.path))
    assert tokenizer_digest(given) == tokenizer_digest(found)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("n_steps", [3, 9], ids=["within an epoch", "over several"])
def test_so_many_steps_are_taken_whatever_the_epochs_are(
    n_steps: int, llama: ModelRef, samples: list[Sample], pairs: list[Pair], tmp_path: Path
) -> None:
    """Arms with unlike numbers of rows can so be trained alike: 14 samples and the pairs, 4 a step."""
    once, pairs_once = Optimiser(max_steps=n_steps, batch_size=4), PreferenceOptimiser(max_steps=n_steps, batch_size=4)
    told = [
        sft(optimiser=once).train(samples, llama, tmp_path / "sft"),
        preference(optimiser=pairs_once).train(pairs, llama, tmp_path / "pairs"),
    ]
    assert [(report.n_steps, len(report.losses)) for report in told] == [(n_steps, n_steps)] * 2


def test_the_merged_model_is_the_base_with_its_adapter(llama: ModelRef, samples: list[Sample], tmp_path: Path) -> None:
    from peft import PeftModel

    report = sft(lora=Lora(rank=4)).train(samples, llama, tmp_path / "out")
    base = AutoModelForCausalLM.from_pretrained(llama.path, dtype=torch.float32)
    adapted = PeftModel.from_pretrained(base, tmp_path / "out" / "adapter").eval()
    with torch.no_grad():
        expected = adapted(torch.tensor([[5, 9, 13, 17, 21]])).logits
    torch.testing.assert_close(logits_of(report.model.path), expected, atol=1e-5, rtol=1e-5)


def test_the_student_keeps_the_settings_of_its_model(llama: ModelRef, samples: list[Sample], tmp_path: Path) -> None:
    report = sft(compute=Compute(gradient_checkpointing=True)).train(samples, llama, tmp_path / "out")
    for name in ("generation_config.json", "tokenizer.json", "chat_template.jinja"):
        assert (Path(llama.path) / name).read_text() == (Path(report.model.path) / name).read_text(), name
    given, found = (AutoModelForCausalLM.from_pretrained(path).config for path in (llama.path, report.model.path))
    assert given.to_diff_dict() == found.to_diff_dict()


@pytest.mark.parametrize("lora", [Lora(), Lora(rank=4)], ids=["full", "lora"])
def test_equal_inputs_give_equal_bytes(
    lora: Lora, llama: ModelRef, samples: list[Sample], pairs: list[Pair], tmp_path: Path
) -> None:
    for name, trainer, data in (
        ("sft", sft(lora=lora), samples),
        ("preference", preference(lora=lora, optimiser=PAIRS_ONE_PASS), pairs),
    ):
        torch.rand(3)  # whatever was drawn before does not matter
        first = trainer.train(data, llama, tmp_path / name / "first")
        second = trainer.train(data, llama, tmp_path / name / "second")
        assert first.losses == second.losses
        assert first.model.digest == second.model.digest


def test_another_seed_gives_other_bytes(llama: ModelRef, samples: list[Sample], tmp_path: Path) -> None:
    first, second = (sft(seed=seed).train(samples, llama, tmp_path / str(seed)) for seed in (0, 1))
    digests = {file_digest(Path(report.model.path) / "model.safetensors") for report in (first, second)}
    assert len(digests) == 2


def test_accumulation_does_not_change_the_step(llama: ModelRef, samples: list[Sample], tmp_path: Path) -> None:
    """The loss is a mean over the answer tokens of the whole step, however it is cut into forward passes."""
    whole = sft(optimiser=Optimiser(learning_rate=1e-2, epochs=1.0, batch_size=4, accumulation=1))
    parts = sft(optimiser=Optimiser(learning_rate=1e-2, epochs=1.0, batch_size=2, accumulation=2))
    one, two = (t.train(samples, llama, tmp_path / str(n)) for n, t in enumerate((whole, parts)))
    assert one.losses == pytest.approx(two.losses, abs=1e-5)
    torch.testing.assert_close(logits_of(one.model.path), logits_of(two.model.path), atol=1e-3, rtol=1e-3)


def test_bfloat16_trains_and_is_written_in_the_precision_that_came(
    llama: ModelRef, samples: list[Sample], tmp_path: Path
) -> None:
    report = sft(lora=Lora(rank=4), compute=Compute(precision="bfloat16")).train(samples, llama, tmp_path / "out")
    assert report.losses[-1] < report.losses[0]
    assert AutoModelForCausalLM.from_pretrained(report.model.path).dtype == torch.float32


@pytest.mark.parametrize("lora", [Lora(), Lora(rank=4)], ids=["full", "lora"])
@pytest.mark.parametrize("which", ["llama", "gpt2"])
def test_preference_learns_and_reports_against_its_floor(
    which: str, lora: Lora, pairs: list[Pair], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    report = preference(lora=lora).train(pairs, request.getfixturevalue(which), tmp_path / "out")
    assert report.losses[0] == pytest.approx(math.log(2), abs=1e-6)  # the policy starts at the reference: h = 0
    found = report.metrics
    assert found["final_loss"] < math.log(2) - 0.02
    assert found["loss_above_floor"] == pytest.approx(found["final_loss"] - found["loss_floor"], abs=1e-6)
    assert found["loss_above_floor"] > 0
    assert found["reward_accuracy"] > 0.5
    taus = [pair.probability for pair in pairs]
    assert found["mean_tau"] == pytest.approx(sum(taus) / len(taus), abs=1e-6)
    assert found["share_tau_below_half"] == pytest.approx(sum(tau < 0.5 for tau in taus) / len(taus), abs=1e-6)
    assert logits_of(report.model.path).isfinite().all()


def test_a_pair_with_a_low_probability_is_learned_the_other_way(
    llama: ModelRef, make_pair: Callable[..., Pair], tmp_path: Path
) -> None:
    data = [make_pair(n, "the film is good", "fine", 0.05) for n in range(8)]
    assert preference().train(data, llama, tmp_path / "out").metrics["mean_h"] < -0.1


def test_robust_noise_has_no_floor_to_show(llama: ModelRef, pairs: list[Pair], tmp_path: Path) -> None:
    trainer = preference(noise=Noise(assume="robust", eps=0.1), link="logistic")
    report = trainer.train([pair for pair in pairs if pair.probability == 1.0], llama, tmp_path / "out")
    assert "loss_floor" not in report.metrics
    assert math.isfinite(report.metrics["final_loss"])


def test_declined_rows_are_reported_and_nothing_left_is_an_error(
    llama: ModelRef, pairs: list[Pair], make_pair: Callable[..., Pair], tmp_path: Path
) -> None:
    same = make_pair(50, "fine", "fine")
    report = preference(optimiser=PAIRS_ONE_PASS).train([*pairs, same], llama, tmp_path / "out")
    assert report.declined == {same.id: "equal texts"}
    assert report.n_rows == len(pairs)
    with pytest.raises(NothingAccepted, match=r"1 records, none of which can train: .*equal texts"):
        preference().train([same], llama, tmp_path / "none")
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_what_was_half_written_is_begun_again(llama: ModelRef, samples: list[Sample], tmp_path: Path) -> None:
    for left in (tmp_path / "out.part", tmp_path / "out"):
        left.mkdir()
        (left / "stale.txt").write_text("from a run that was killed")
    report = sft().train(samples, llama, tmp_path / "out")
    assert not (Path(report.model.path) / "stale.txt").exists()
    assert not (tmp_path / "out.part").exists()


def test_progress_is_logged_and_stdout_stays_clean(
    llama: ModelRef,
    samples: list[Sample],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.INFO, logger="sctk_trl"):
        sft(compute=Compute(log_every=4)).train(samples, llama, tmp_path / "out")
    lines = [record.getMessage() for record in caplog.records if record.name == "sctk_trl"]
    assert [line.partition(",")[0] for line in lines] == ["sft: step 4 of 8", "sft: step 8 of 8"]
    assert capfd.readouterr().out == ""


def test_training_starts_no_telemetry(llama: ModelRef, samples: list[Sample], tmp_path: Path) -> None:
    from huggingface_hub.utils import _telemetry

    before = _telemetry._TELEMETRY_THREAD
    sft(optimiser=ONE_PASS).train(samples, llama, tmp_path / "out")
    assert _telemetry._TELEMETRY_THREAD is before


def test_a_place_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    from sctk_trl.student import whole_directory

    with pytest.raises(StoreError, match="No space left"), whole_directory(tmp_path / "out"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_both_trainers_keep_the_contract(
    llama: ModelRef, samples: list[Sample], pairs: list[Pair], make_pair: Callable[..., Pair]
) -> None:
    check_trainer(sft(optimiser=ONE_PASS), llama, [*samples, replace(samples[0], text=" ", rank=1)])
    check_trainer(preference(optimiser=PAIRS_ONE_PASS), llama, [*pairs, make_pair(50, "fine", "fine")])


def test_the_settings_can_be_read_and_described() -> None:
    for trainer in (Sft, Preference):
        names = {setting.name for setting in settings_of(trainer.Config)}
        assert {"lora.rank", "optimiser.learning_rate", "compute.precision", "max_length", "seed"} <= names
    given = {"beta": 0.2, "optimiser": {"epochs": 2.0}, "noise": {"assume": "robust", "eps": 0.1}}
    config = parse(Preference.Config, given, where="[trainer]")
    assert (config.optimiser.epochs, config.optimiser.rate(config.lora)) == (2.0, 5e-7)


def test_a_missing_model_is_a_clear_error(samples: list[Sample], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model to train: got '.*nowhere'"):
        sft().train(samples, ModelRef(path=str(tmp_path / "nowhere")), tmp_path / "out")
