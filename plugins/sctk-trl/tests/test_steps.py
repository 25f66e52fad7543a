"""A step is the mean over what it holds, however it is cut into forward passes, and dropout is what the settings say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from sctk_core import ModelRef, Pair
from sctk_trl.preference import Preference
from sctk_trl.settings import Compute, Lora, Optimiser, PreferenceOptimiser
from sctk_trl.sft import Sft
from sctk_trl.steps import Steady
from transformers import AutoModelForCausalLM, GPT2LMHeadModel, LlamaModel

ONE_STEP = PreferenceOptimiser(learning_rate=1e-2, epochs=1.0, schedule="constant")


@pytest.fixture(scope="session")
def seven(make_pair: Callable[..., Pair]) -> list[Pair]:
    """Seven pairs of unlike lengths and probabilities: micro-batches of two leave one alone."""
    taus = (1.0, 0.9, 0.2, 0.7, 1.0, 0.3, 0.8)
    answers = ("good", "a bad film", "I like it a lot", "no, the story is dull and long", "fine", "so so", "dull, dull")
    return [make_pair(n, answers[n], answers[(n + 3) % 7] + " it is", tau) for n, tau in enumerate(taus)]


def weights(path: str) -> dict[str, torch.Tensor]:
    return dict(AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).named_parameters())


def difference(one: str, other: str, base: str) -> float:
    """The largest distance of two models' weights, as a share of how far the first went from the base."""
    first, second, start = weights(one), weights(other), weights(base)
    apart = max(float((first[name] - second[name]).abs().max()) for name in first)
    return apart / max(float((first[name] - start[name]).abs().max()) for name in first)


@pytest.mark.parametrize("packing", [False, True], ids=["padded", "packed"])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_a_step_is_the_mean_over_its_pairs(
    size: int, packing: bool, llama: ModelRef, seven: list[Pair], tmp_path: Path
) -> None:
    """Plain gradient descent would show it in the weights; AdamW's first step shows signs only, so two steps are taken."""
    whole = replace(ONE_STEP, epochs=2.0, batch_size=7)
    cut = replace(whole, batch_size=size, accumulation=-(-7 // size))
    compute = Compute(packing=packing, device="cpu")
    one = Preference(Preference.Config(optimiser=whole, beta=0.5)).train(seven, llama, tmp_path / "whole")
    settings = Preference.Config(optimiser=cut, beta=0.5, compute=compute, max_length=40)
    other = Preference(settings).train(seven, llama, tmp_path / "cut")
    assert (one.n_steps, other.n_steps) == (2, 2)
    assert other.losses == pytest.approx(one.losses, abs=2e-5)
    assert other.metrics["mean_h"] == pytest.approx(one.metrics["mean_h"], abs=2e-4)


@pytest.fixture
def dropping_gpt2(gpt2: ModelRef, tmp_path: Path) -> ModelRef:
    """The tiny GPT-2 without any dropout of its own (its kind has 0.1)."""
    model = GPT2LMHeadModel.from_pretrained(gpt2.path)
    for name in ("resid_pdrop", "embd_pdrop", "attn_pdrop"):
        assert getattr(model.config, name) == 0.1
        setattr(model.config, name, 0.0)
    model.save_pretrained(tmp_path / "plain")
    for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (tmp_path / "plain" / file).write_bytes((Path(gpt2.path) / file).read_bytes())
    return ModelRef(path=str(tmp_path / "plain"))


@pytest.mark.parametrize("kind", ["sft", "preference"])
def test_the_models_own_dropout_is_off_in_both_trainers(
    kind: str, gpt2: ModelRef, dropping_gpt2: ModelRef, seven: list[Pair], tmp_path: Path
) -> None:
    data: list[Any] = seven if kind == "preference" else [pair.chosen for pair in seven]
    trainer: Any = Preference if kind == "preference" else Sft
    optimiser: Any = ONE_STEP if kind == "preference" else Optimiser(learning_rate=1e-2, epochs=1.0)
    own, none = (
        trainer(trainer.Config(optimiser=replace(optimiser, batch_size=2))).train(data, ref, tmp_path / name)
        for name, ref in (("own", gpt2), ("none", dropping_gpt2))
    )
    assert own.losses == none.losses


@pytest.mark.parametrize("kind", ["sft", "preference"])
def test_dropout_of_the_adapter_is_used_by_both_trainers(
    kind: str, llama: ModelRef, seven: list[Pair], tmp_path: Path
) -> None:
    data: list[Any] = seven if kind == "preference" else [pair.chosen for pair in seven]
    trainer: Any = Preference if kind == "preference" else Sft
    optimiser: Any = replace(
        ONE_STEP if kind == "preference" else Optimiser(learning_rate=1e-2), epochs=3.0, batch_size=2
    )
    none, much = (
        trainer(trainer.Config(optimiser=optimiser, lora=Lora(rank=4, dropout=share))).train(
            data, llama, tmp_path / str(share)
        )
        for share in (0.0, 0.5)
    )
    assert none.losses[0] == pytest.approx(much.losses[0], abs=1e-6)  # an adapter begins as nothing
    assert max(abs(one - other) for one, other in zip(none.losses, much.losses, strict=True)) > 1e-3


def test_what_has_no_fixed_arithmetic_is_trained_and_said(
    llama: ModelRef, seven: list[Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`put_` is one of the operations for which torch has no fixed order, on every device."""
    config = Preference.Config(optimiser=ONE_STEP)
    fixed = Preference(config).train(seven, llama, tmp_path / "fixed")
    assert not fixed.notes
    own = LlamaModel.forward

    def unsteady(self: LlamaModel, *args: Any, **terms: Any) -> Any:
        if torch.is_grad_enabled():
            torch.zeros(2).put_(torch.tensor([0]), torch.ones(1))
        return own(self, *args, **terms)

    monkeypatch.setattr(LlamaModel, "forward", unsteady)
    loose = Preference(config).train(seven, llama, tmp_path / "loose")
    assert [note for note in loose.notes if "nearly, not exactly, the same: put_ does not" in note]
    assert loose.losses == fixed.losses
    assert loose.model.digest == fixed.model.digest


def test_other_errors_of_a_training_are_not_tried_again(
    llama: ModelRef, seven: list[Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def broken(*_: Any, **__: Any) -> Any:
        calls.append(1)
        raise RuntimeError("no such kernel")

    config = Preference.Config(optimiser=ONE_STEP)
    monkeypatch.setattr(Steady, "training_step", broken, raising=False)
    with pytest.raises(RuntimeError, match="no such kernel"):
        Preference(config).train(seven, llama, tmp_path / "broken")
    assert len(calls) == 1
