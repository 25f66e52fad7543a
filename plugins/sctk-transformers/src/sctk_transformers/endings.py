"""Short endings of one conversation ("0" to "5" behind a judgement): it is read once, and every ending goes on from there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from sctk_transformers.flat import FlatMemory
from sctk_transformers.padded import PaddedMemory

MOST_TOKENS, LEAST_PROMPT, MOST_ROWS = 8, 32, 64
"""An ending is short; a prompt is long enough to be worth it; so many endings are gone on with at once."""
Pairs = Sequence[tuple[Sequence[int], Sequence[int]]]
Group = tuple[tuple[int, ...], list[int]]
"""The ids of a prompt, and the places of the pairs that begin with it."""


def batches(pairs: Pairs, n_tokens: int) -> Iterator[list[Group]]:
    """The prompts that several pairs of short completions share, some at once: at most `n_tokens` tokens and 64 endings."""
    by_prompt: dict[tuple[int, ...], list[int]] = {}
    for place, (prompt, ids) in enumerate(pairs):
        if len(prompt) >= LEAST_PROMPT and len(ids) <= MOST_TOKENS:
            by_prompt.setdefault(tuple(prompt), []).append(place)
    groups = [group for group in by_prompt.items() if 1 < len(group[1]) <= MOST_ROWS]
    batch: list[Group] = []
    for group in sorted(groups, key=lambda one: len(one[0])):
        more = [*batch, group]
        if batch and (len(group[0]) * len(more) > n_tokens or sum(len(one[1]) for one in more) > MOST_ROWS):
            yield batch
            more = [group]
        batch = more
    if batch:
        yield batch


@torch.inference_mode()
def score_endings(model: Any, pairs: Pairs, batch: Sequence[Group], *, flat: bool) -> Mapping[int, float]:
    """The sum of log p(completion token | what precedes it), in nats, of each place of a batch."""
    memory = FlatMemory(model) if flat else PaddedMemory(model)
    order = [row for row, (_, places) in enumerate(batch) for _ in places]
    places = [place for _, mine in batch for place in mine]
    endings = [pairs[place][1] for place in places]
    logits = memory.step([], [prompt for prompt, _ in batch])[torch.tensor(order, device=model.device)]
    memory.fan(order)
    sums, longest = dict.fromkeys(places, 0.0), max(map(len, endings))
    for at in range(longest):
        told = logits.float().log_softmax(-1)
        for row, (place, ids) in enumerate(zip(places, endings, strict=True)):
            sums[place] += float(told[row, ids[at]]) if at < len(ids) else 0.0
        if at + 1 < longest:
            logits = memory.step([ids[min(at, len(ids) - 1)] for ids in endings], [])
    return sums
