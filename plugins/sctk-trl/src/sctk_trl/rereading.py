"""The saved model read again: its log-probabilities of training rows beside those of the weights that were trained.

It is loaded from disk as a user would load it, in float32 where the trained weights were, and the base likewise. What was
learned of a row is how much its log-probability (of a pair: the difference of its two sides) moved from the base's, and what
survives is the slope, through the origin, of what the saved model knows on what was learned.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig
from trl.trainer.utils import add_fused_lm_head

from sctk_trl.collate import IGNORED, padded
from sctk_trl.rows import CompletionRow, PairRow
from sctk_trl.settings import Compute
from sctk_trl.student import kind_of

Sides = Sequence[tuple[list[int], list[int]]]
SOUND = 0.9
"""A run warns where the share that survives is below this by more than twice its standard error."""


def sample_of(n_rows: int, n_wanted: int, seed: int) -> list[int]:
    """At most `n_wanted` (0: all) places of rows, in order, drawn by the seed."""
    if n_wanted == 0 or n_rows <= n_wanted:
        return list(range(n_rows))
    return sorted(random.Random(seed).sample(range(n_rows), n_wanted))  # noqa: S311 - a sample, no secret


def sides_of(rows: Sequence[CompletionRow] | Sequence[PairRow]) -> Sides:
    """Prompt and answer of each row; of pairs all chosen answers, then all rejected ones."""
    answers = [row.completion_ids for row in rows if isinstance(row, CompletionRow)]
    answers += [row.chosen_ids for row in rows if isinstance(row, PairRow)]
    answers += [row.rejected_ids for row in rows if isinstance(row, PairRow)]
    prompts = [row.prompt_ids for row in rows]
    return [(prompts[n % len(prompts)], answer) for n, answer in enumerate(answers)]


def logps(model: Any, sides: Sides, pad_id: int, size: int) -> Tensor:
    """[N] log-probabilities of the answers in nats, summed over their tokens, float32, on the CPU; `size` rows at a time."""
    order = sorted(range(len(sides)), key=lambda n: (len(sides[n][0]) + len(sides[n][1]), n))
    found = torch.zeros(len(sides))
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for start in range(0, len(order), size):
            places = order[start : start + size]
            batch = {name: value.to(model.device) for name, value in padded([sides[n] for n in places], pad_id).items()}
            labels = batch["input_ids"].masked_fill(batch.pop("completion_mask") == 0, IGNORED)
            out = model(**batch, labels=labels, use_cache=False, fused_lm_head=True)
            found[places] = out.log_probs.float().sum(dim=1).cpu()
    model.train(was_training)
    return found


def reread(
    path: str, revision: str | None, dtype: torch.dtype, compute: Compute, device: torch.device, *, fused: bool = True
) -> Any:
    """A model from disk on the device that trained; `fused`: with the head that `logps` wants."""
    attention = {} if compute.attention == "auto" else {"attn_implementation": compute.attention}
    config = AutoConfig.from_pretrained(path, revision=revision, trust_remote_code=False)
    model: Any = kind_of(config).from_pretrained(
        path, revision=revision, dtype=dtype, trust_remote_code=False, **attention
    )
    if fused:
        add_fused_lm_head(model)
    return model.to(device)


def share_kept(saved_N: Tensor, learned_N: Tensor) -> tuple[float, float] | None:
    """The slope of what the saved model knows on what was learned, and its standard error; None where nothing was learned.

    >>> share_kept(torch.tensor([1.0, -2.0]), torch.tensor([2.0, -4.0]))
    (0.5, 0.0)
    """
    saved, learned = saved_N.double(), learned_N.double()
    whole = float(learned @ learned)
    if whole == 0:
        return None
    slope = float(saved @ learned) / whole
    left = saved - slope * learned
    return slope, (float(left @ left) / max(1, len(saved) - 1) / whole) ** 0.5
