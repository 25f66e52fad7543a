"""What was learned is in the file: rounding that keeps it, and figures that are those of the saved model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from sctk_core import ConfigError, ModelRef, NothingAccepted, Pair, Sample
from sctk_trl.encoding import tokens_of
from sctk_trl.preference import Preference
from sctk_trl.rounding import RoundedAdamW, stochastically
from sctk_trl.rows import PairRow, pair_table
from sctk_trl.settings import Compute, Keeping, Lora, Memory, Optimiser, PreferenceOptimiser
from sctk_trl.sft import Sft
from sctk_trl.student import load_student
from transformers import AutoModelForCausalLM

FINE = PreferenceOptimiser(learning_rate=2e-5, epochs=6.0, batch_size=4)
BETA = 2.0


@pytest.fixture(scope="session")
def short_llama(llama: ModelRef, tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    """The tiny Llama with its weights in bfloat16 and as large as a trained model's: a fine step is far below their gaps."""
    path = tmp_path_factory.mktemp("short")
    model = AutoModelForCausalLM.from_pretrained(llama.path, dtype=torch.float32)
    with torch.no_grad():
        for value in model.parameters():
            value *= 8.0
    model.to(torch.bfloat16).save_pretrained(path)
    for file in Path(llama.path).iterdir():
        if "token" in file.name or "template" in file.name:
            (path / file.name).write_bytes(file.read_bytes())
    return ModelRef(path=str(path))


def rows_of(ref: ModelRef, pairs: Sequence[Pair]) -> list[PairRow]:
    return pair_table(pairs, tokens_of(load_student(ref, Lora(), Compute()), 64)).rows


def margin(path: str, base: str, rows: Sequence[PairRow], dtype: Any) -> float:
    """Mean h by plain forward passes, one answer at a time, of two models loaded as anybody would."""
    models = [AutoModelForCausalLM.from_pretrained(name, dtype=dtype).eval() for name in (path, base)]

    def logp(model: Any, row: PairRow, ids: list[int]) -> float:
        with torch.no_grad():
            logits = model(torch.tensor([row.prompt_ids + ids])).logits[0].float().log_softmax(-1)
        start = len(row.prompt_ids) - 1
        return float(sum(logits[start + k, token] for k, token in enumerate(ids)))

    moved = [
        [logp(models[0], row, ids) - logp(models[1], row, ids) for ids in (row.chosen_ids, row.rejected_ids)]
        for row in rows
    ]
    return BETA * sum(chosen - rejected for chosen, rejected in moved) / len(moved)


def test_rounding_is_right_on_average_and_leaves_what_is_exact() -> None:
    draws = torch.Generator().manual_seed(0)
    value = torch.full((200_000,), 1.0 + 0.3 * 2**-7)
    for dtype, gap in ((torch.bfloat16, 2**-7), (torch.float16, 2**-10)):
        value = torch.full((200_000,), 1.0 + 0.3 * gap)
        found = stochastically(value, dtype, draws)
        assert found.dtype == dtype
        assert set(found.tolist()) == {1.0, 1.0 + gap}
        assert (found.float().mean().item() - 1.0) / gap == pytest.approx(0.3, abs=0.005)
        assert stochastically(-value, dtype, draws).float().mean().item() == pytest.approx(
            -1.0 - 0.3 * gap, abs=0.01 * gap
        )
    exact = torch.randn(1000).bfloat16()
    assert torch.equal(stochastically(exact.float(), torch.bfloat16, draws), exact)


def test_the_optimiser_of_short_weights_goes_where_adamw_goes() -> None:
    """Ten thousand weights near 1, each drawn to its own place by steps far below the gap of their numbers."""
    torch.manual_seed(0)
    goal = 1.0 + 0.3 * torch.randn(10_000)
    ends = []
    for dtype, make in ((torch.float32, torch.optim.AdamW), (torch.bfloat16, RoundedAdamW)):
        weight = torch.nn.Parameter(torch.ones(10_000, dtype=dtype))
        optimiser = make([weight], lr=2e-4, weight_decay=0.1)
        for _ in range(60):
            weight.grad = (weight.detach().float() - goal).to(dtype)
            optimiser.step()
        ends.append(weight.detach().float() - 1.0)
    exact, rounded = ends
    assert float(rounded @ exact / (exact @ exact)) == pytest.approx(1.0, abs=0.03)
    assert rounded.mean().item() == pytest.approx(exact.mean().item(), abs=3e-4)


WAYS = {
    "float32": (Lora(), Compute(device="cpu"), torch.float32),
    "bfloat16": (Lora(), Compute(device="cpu", precision="bfloat16"), torch.float32),
    "short weights": (
        Lora(),
        Compute(device="cpu", precision="bfloat16", memory=Memory(weights="bfloat16")),
        torch.bfloat16,
    ),
    "lora float32": (Lora(rank=4), Compute(device="cpu"), torch.float32),
    "lora bfloat16": (Lora(rank=4), Compute(device="cpu", precision="bfloat16"), torch.bfloat16),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_reported_margin_is_that_of_the_saved_model(
    way: str, short_llama: ModelRef, pairs: list[Pair], tmp_path: Path
) -> None:
    lora, compute, dtype = WAYS[way]
    optimiser = replace(FINE, learning_rate=1e-4 if lora.rank else 2e-5)
    hard = [replace(pair, probability=1.0) for pair in pairs]
    report = Preference(Preference.Config(optimiser=optimiser, beta=BETA, lora=lora, compute=compute)).train(
        hard, short_llama, tmp_path / "out"
    )
    found = report.metrics
    assert AutoModelForCausalLM.from_pretrained(report.model.path).dtype == torch.bfloat16
    measured = margin(report.model.path, short_llama.path, rows_of(short_llama, hard), dtype)
    print(f"small model, {way}: reported {found['mean_h']:.4f}, saved {measured:.4f}")
    assert found["mean_h"] == pytest.approx(measured, rel=0.01)
    assert found["share_kept"] == pytest.approx(1.0, abs=0.1 if dtype == torch.float32 else 0.35)
    assert found["trained_mean_h"] > 0.02


@pytest.mark.parametrize("way", ["float32", "bfloat16", "lora float32", "lora bfloat16"])
def test_and_on_the_embedded_model(way: str, pairs: list[Pair], tmp_path: Path) -> None:
    nano = ModelRef(path=str(pytest.importorskip("sctk_nano").model_path()))
    lora, compute, dtype = WAYS[way]
    optimiser = replace(FINE, learning_rate=1e-3 if lora.rank else 1e-4, epochs=2.0)
    hard = [replace(pair, probability=1.0) for pair in pairs]
    report = Preference(Preference.Config(optimiser=optimiser, beta=BETA, lora=lora, compute=compute)).train(
        hard, nano, tmp_path / "out"
    )
    measured = margin(report.model.path, nano.path, rows_of(nano, hard), dtype)
    print(f"embedded model, {way}: reported {report.metrics['mean_h']:.4f}, saved {measured:.4f}")
    assert report.metrics["mean_h"] == pytest.approx(measured, rel=0.01)
    assert measured > 0.1


def test_rounding_to_the_nearest_would_have_lost_it(short_llama: ModelRef, pairs: list[Pair], tmp_path: Path) -> None:
    """The same training saved in float32 and then rounded as everybody rounds: most of the margin is gone."""
    hard = [replace(pair, probability=1.0) for pair in pairs]
    compute = Compute(device="cpu", keep=Keeping(precision="float32"))
    report = Preference(Preference.Config(optimiser=FINE, beta=BETA, compute=compute)).train(
        hard, short_llama, tmp_path / "out"
    )
    assert report.metrics["share_kept"] == pytest.approx(1.0, abs=1e-4)
    model = AutoModelForCausalLM.from_pretrained(report.model.path)
    assert model.dtype == torch.float32
    model.to(torch.bfloat16).save_pretrained(tmp_path / "nearest")
    rows = rows_of(short_llama, hard)
    exact, nearest = (
        margin(path, short_llama.path, rows, torch.float32) for path in (report.model.path, str(tmp_path / "nearest"))
    )
    assert exact == pytest.approx(report.metrics["mean_h"], rel=0.01)
    assert nearest < 0.6 * exact


def test_a_training_that_taught_nothing_says_so(llama: ModelRef, samples: list[Sample], tmp_path: Path) -> None:
    still = Sft(Sft.Config(optimiser=Optimiser(learning_rate=0.0, epochs=1.0))).train(
        samples, llama, tmp_path / "still"
    )
    assert any("taught nothing" in note for note in still.notes)
    assert still.metrics["share_weights_unchanged"] == 1.0
    moved = Sft(Sft.Config(optimiser=Optimiser(learning_rate=1e-3, epochs=1.0))).train(
        samples, llama, tmp_path / "moved"
    )
    assert not moved.notes
    assert moved.metrics["final_loss"] == pytest.approx(moved.metrics["trained_loss"], abs=1e-5)
    assert (
        moved.metrics["final_loss"] < moved.metrics["base_loss"] == pytest.approx(still.metrics["final_loss"], abs=1e-5)
    )


def test_ties_are_told_and_nothing_but_ties_is_refused(
    llama: ModelRef, make_pair: Callable[..., Pair], tmp_path: Path
) -> None:
    ties = [make_pair(n, "the film is good", "fine", 0.5) for n in range(3)]
    with pytest.raises(NothingAccepted, match="3 pairs that all have probability 1/2"):
        Preference(Preference.Config()).train(ties, llama, tmp_path / "none")
    some = [*ties, make_pair(9, "the film is good", "fine", 0.9)]
    notes = Preference(Preference.Config(optimiser=FINE)).train(some, llama, tmp_path / "some").notes
    assert any("3 of 4 pairs carry no preference" in note for note in notes)


@pytest.mark.parametrize(
    ("compute", "said"),
    [
        (Compute(memory=Memory(moments="paged"), device="cpu"), "bitsandbytes|CUDA"),
        (Compute(memory=Memory(weights="bfloat16")), "compute.precision"),
        (Compute(memory=Memory(weights="bfloat16", moments="8-bit"), precision="bfloat16"), "moments"),
    ],
)
def test_what_cannot_run_is_refused(compute: Compute, said: str, tmp_path: Path) -> None:
    """Before anything is loaded: there is no such model."""
    with pytest.raises(ConfigError, match=said):
        Sft(Sft.Config(compute=compute)).train([], ModelRef(path="nowhere"), tmp_path / "out")


def test_learning_rates_are_those_of_the_field_where_none_is_set(
    llama: ModelRef, pairs: list[Pair], tmp_path: Path
) -> None:
    for lora, rate in ((Lora(), 5e-7), (Lora(rank=2), 5e-6)):
        report = Preference(Preference.Config(lora=lora)).train(pairs, llama, tmp_path / str(rate))
        assert report.metrics["learning_rate"] == rate
    assert (Optimiser().rate(Lora()), Optimiser().rate(Lora(rank=2))) == (2e-5, 2e-4)


def test_little_that_is_kept_is_said_loudly_and_noise_is_not() -> None:
    from sctk_trl.finishing import kept_metrics, notes_of
    from sctk_trl.saving import Saved

    torch.manual_seed(0)
    saved = Saved(dtype=torch.bfloat16, rounding="nearest", share_unchanged=0.97)
    learned = 1.0 + torch.rand(50)
    for kept, said in ((0.05 * learned, True), (learned, False), (0.8 * learned + 2.0 * torch.randn(50), False)):
        notes = notes_of(kept_metrics(kept, learned, saved, 1e-5), saved)
        assert bool(notes) == said
        assert all(note.startswith("WARNING: 5% of what was learned") for note in notes)
