"""Short endings of one conversation: as likely as they are alone, and the conversation is read once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from sctk_transformers.endings import MOST_ROWS, batches
from sctk_transformers.flat import install
from sctk_transformers.scoring import score

Models = Callable[[str], Path]
LONG, OTHER, SHORT = list(range(5, 65)), list(range(70, 30, -1)), [4, 5, 6]
PAIRS: list[tuple[list[int], list[int]]] = [
    (LONG, [9, 2]), (OTHER, [8, 2]), (LONG, [8, 7, 6, 2]), (SHORT, [9, 2]), (LONG, [7]), (OTHER, [9, 2]), (SHORT, [8, 2]),
    (LONG, list(range(9, 20))),
]  # fmt: skip


def loaded(path: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(path).eval()


@torch.no_grad()
def alone(model: Any, prompt: list[int], ids: list[int]) -> float:
    logits = model(torch.tensor([[*prompt, *ids]])).logits[0, len(prompt) - 1 : -1]
    return float(logits.double().log_softmax(-1)[range(len(ids)), ids].sum())


@pytest.mark.parametrize(
    ("family", "flat"),
    [("llama", True), ("llama", False), ("mistral", True), ("mistral", False), ("gemma2", False), ("gpt2", False)],
)
def test_endings_are_as_likely_as_they_are_alone(models: Models, family: str, flat: bool) -> None:
    model = loaded(models(family))
    wanted = [alone(model, prompt, ids) for prompt, ids in PAIRS]
    assert not flat or install(model)
    for n_tokens in (4096, 70):
        assert score(model, PAIRS, flat=flat, n_tokens=n_tokens) == pytest.approx(wanted, rel=1e-4)


def test_a_conversation_is_read_once(models: Models) -> None:
    model, n_read = loaded(models("llama")), list[int]()
    model.register_forward_pre_hook(
        lambda _, args, kwargs: n_read.append(kwargs["input_ids"].numel()), with_kwargs=True
    )
    score(model, [(LONG, [number, 2]) for number in range(6)], flat=False, n_tokens=4096)
    assert sum(n_read) == len(LONG) + 6


def test_batches_hold_what_fits() -> None:
    many = [(LONG, [number]) for number in range(MOST_ROWS + 1)]
    assert list(batches(many, 4096)) == []
    assert [[places for _, places in batch] for batch in batches(PAIRS, 4096)] == [[[1, 5], [0, 2, 4]]]
    assert [[places for _, places in batch] for batch in batches(PAIRS, 70)] == [[[1, 5]], [[0, 2, 4]]]
