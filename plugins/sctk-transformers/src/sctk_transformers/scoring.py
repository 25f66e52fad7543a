"""log p(text | messages): the summed log-probability of given tokens, in float32, many texts to a forward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from sctk_transformers.endings import batches, score_endings
from sctk_transformers.flat import Step, forward
from sctk_transformers.padded import PaddedMemory

MAX_LOGITS = 1 << 26


@torch.inference_mode()
def score(
    model: Any, pairs: Sequence[tuple[Sequence[int], Sequence[int]]], *, flat: bool, n_tokens: int
) -> list[float]:
    """For each (prompt ids, completion ids) the sum of log p(completion token | what precedes it), in nats, in order.

    Texts of like length share a forward of at most `n_tokens` tokens, and of at most 2^26 logits, whatever the vocabulary. A prompt
    with several short completions is read once (`endings.py`).
    """
    n_vocab = model.config.get_text_config().vocab_size
    found: dict[int, float] = {}
    for batch in batches(pairs, n_tokens):
        found.update(score_endings(model, pairs, batch, flat=flat))
    rest = [place for place in range(len(pairs)) if place not in found]
    order = sorted(rest, key=lambda place: len(pairs[place][0]) + len(pairs[place][1]))
    group: list[int] = []
    for place in order:
        sizes = [len(pairs[member][0]) + len(pairs[member][1]) for member in (*group, place)]
        n_logits = sum(len(pairs[member][1]) for member in (*group, place)) * n_vocab
        if group and (max(sizes) * len(sizes) > n_tokens or n_logits > MAX_LOGITS):
            found.update(_score_group(model, pairs, group, flat))
            group = []
        group.append(place)
    if group:
        found.update(_score_group(model, pairs, group, flat))
    return [found[place] for place in range(len(pairs))]


def _score_group(
    model: Any, pairs: Sequence[tuple[Sequence[int], Sequence[int]]], group: Sequence[int], flat: bool
) -> dict[int, float]:
    texts = [[*pairs[place][0], *pairs[place][1]] for place in group]
    n_prompts = [len(pairs[place][0]) for place in group]
    logits = _flat_logits(model, texts, n_prompts) if flat else _padded_logits(model, texts, n_prompts)
    sums = {}
    for place, rows in zip(group, logits, strict=True):
        target = torch.tensor(list(pairs[place][1]), device=rows.device)
        picked = rows.float().log_softmax(-1).gather(1, target[:, None])
        sums[place] = float(picked.double().sum())
    return sums


def _flat_logits(model: Any, texts: list[list[int]], n_prompts: list[int]) -> list[torch.Tensor]:
    step = Step(slots=None, positions=[], lengths=[len(text) for text in texts], device=model.device)
    keep: list[int] = []
    start = 0
    for text, n_prompt in zip(texts, n_prompts, strict=True):
        keep += range(start + n_prompt - 1, start + len(text) - 1)
        start += len(text)
    flat = [number for text in texts for number in text]
    logits = forward(model, step, flat, torch.tensor(keep, device=model.device))
    sizes = [len(text) - n_prompt for text, n_prompt in zip(texts, n_prompts, strict=True)]
    return list(torch.split(logits, sizes))


def _padded_logits(model: Any, texts: list[list[int]], n_prompts: list[int]) -> list[torch.Tensor]:
    logits = PaddedMemory(model).read(texts)
    width = logits.shape[1]
    return [
        logits[row, width - len(text) + n_prompt - 1 : width - 1]
        for row, (text, n_prompt) in enumerate(zip(texts, n_prompts, strict=True))
    ]
