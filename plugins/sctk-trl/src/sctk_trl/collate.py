"""From token rows to batches, padded on the right to the longest row of the batch.

Completions get `labels` (-100 on prompt and padding). Pairs get all chosen rows, then all rejected rows, with a mask of the
response tokens, the pair's probability `tau`, and the reference's log-probabilities where they are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

IGNORED = -100


@dataclass(frozen=True, kw_only=True)
class CompletionCollator:
    """Batches of `CompletionRow`."""

    pad_id: int

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """input_ids, attention_mask and labels, each [B, T]."""
        batch = _pad([(row["prompt_ids"], row["completion_ids"]) for row in rows], self.pad_id)
        mask_BT = batch.pop("completion_mask")
        return {**batch, "labels": batch["input_ids"].masked_fill(mask_BT == 0, IGNORED)}


@dataclass(frozen=True, kw_only=True)
class PairCollator:
    """Batches of `PairRow`."""

    pad_id: int

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
        """input_ids, attention_mask and completion_mask [2B, T]; tau [B]; ref_logps [2B] once it is known."""
        sides = [(row["prompt_ids"], row[side]) for side in ("chosen_ids", "rejected_ids") for row in rows]
        batch = _pad(sides, self.pad_id)
        batch["tau"] = torch.tensor([row["tau"] for row in rows], dtype=torch.float32)
        if "ref_chosen_logps" in rows[0]:
            known = [row[side] for side in ("ref_chosen_logps", "ref_rejected_logps") for row in rows]
            batch["ref_logps"] = torch.tensor(known, dtype=torch.float32)
        return batch


def _pad(sides: Sequence[tuple[list[int], list[int]]], pad_id: int) -> dict[str, Tensor]:
    width = max(len(prompt) + len(answer) for prompt, answer in sides)
    shape = (len(sides), width)
    input_ids, attention, answers = torch.full(shape, pad_id), torch.zeros(shape).long(), torch.zeros(shape).long()
    for n, (prompt, answer) in enumerate(sides):
        end = len(prompt) + len(answer)
        input_ids[n, :end] = torch.tensor(prompt + answer)
        attention[n, :end] = 1
        answers[n, len(prompt) : end] = 1
    return {"input_ids": input_ids, "attention_mask": attention, "completion_mask": answers}
