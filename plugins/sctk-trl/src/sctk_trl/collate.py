"""From dataset rows to batches, padded on the right to the longest row of the batch.

Completions get `labels` (-100 on prompt and padding). Pairs get a mask of the response tokens, the probability `tau` of each
pair, and the reference's log-probabilities where they are known; padded batches hold all chosen rows, then all rejected rows.
Packed rows get `position_ids` that restart with every sequence and no attention mask: that is how attention implementations
see where a neighbour begins. Their padding is one more sequence, of which nothing is taught.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

IGNORED = -100
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class CompletionCollator:
    """Batches of `CompletionRow`."""

    pad_id: int

    def __call__(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """input_ids, attention_mask and labels, each [B, T]."""
        batch = padded([(row["prompt_ids"], row["completion_ids"]) for row in rows], self.pad_id)
        mask_BT = batch.pop("completion_mask")
        return {**batch, "labels": batch["input_ids"].masked_fill(mask_BT == 0, IGNORED)}


@dataclass(frozen=True, kw_only=True)
class PackedCompletionCollator:
    """Batches of bins of completions."""

    pad_id: int

    def __call__(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """input_ids, position_ids and labels, each [B, T]."""
        return {
            "input_ids": _fill(rows, "input_ids", self.pad_id),
            "position_ids": _positions(rows),
            "labels": _fill(rows, "labels", IGNORED),
        }


@dataclass(frozen=True, kw_only=True)
class PairCollator:
    """Batches of `PairRow`."""

    pad_id: int

    def __call__(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """input_ids, attention_mask and completion_mask [2B, T]; tau [B]; ref_logps [2B] once it is known."""
        sides = [(row["prompt_ids"], row[side]) for side in ("chosen_ids", "rejected_ids") for row in rows]
        return {**padded(sides, self.pad_id), **_known([[row["tau"]] for row in rows], rows)}


@dataclass(frozen=True, kw_only=True)
class PackedPairCollator:
    """Batches of bins of pairs."""

    pad_id: int

    def __call__(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """input_ids, position_ids and completion_mask [B, T]; segments: the lengths of all sequences, row by row.

        The padding of a row is its last segment, of length 0 in the longest row. tau and ref_logps as in a padded batch.
        """
        width = max(row["length"] for row in rows)
        segments = [length for row in rows for length in (*row["seq_lengths"], width - row["length"])]
        return {
            "input_ids": _fill(rows, "input_ids", self.pad_id),
            "position_ids": _positions(rows),
            "completion_mask": _fill(rows, "answers", 0),
            "segments": torch.tensor(segments),
            "n_sequences": torch.tensor([len(row["seq_lengths"]) for row in rows]),
            **_known([row["taus"] for row in rows], rows),
        }


def _known(taus: Sequence[Sequence[float]], rows: Sequence[Row]) -> dict[str, Tensor]:
    """tau [B] and, where the rows have them, ref_logps [2B]: the chosen sides of all pairs, then the rejected ones."""
    found = {"tau": torch.tensor([tau for of_row in taus for tau in of_row], dtype=torch.float32)}
    if "ref_logps" in rows[0]:
        sides = torch.tensor([logp for row in rows for logp in row["ref_logps"]], dtype=torch.float32)
        found["ref_logps"] = chosen_first(sides)
    return found


def chosen_first(sides_2B: Tensor) -> Tensor:
    """chosen, rejected, chosen, rejected ... as all chosen, then all rejected.

    >>> chosen_first(torch.tensor([1, -1, 2, -2]))
    tensor([ 1,  2, -1, -2])
    """
    return sides_2B.reshape(-1, 2).T.reshape(-1)


def _fill(rows: Sequence[Row], column: str, value: int) -> Tensor:
    """[B, T]: a column of lists, filled up on the right."""
    return torch.nn.utils.rnn.pad_sequence(
        [torch.tensor(row[column]) for row in rows], batch_first=True, padding_value=value
    )


def _positions(rows: Sequence[Row]) -> Tensor:
    """[B, T]: positions that restart with every sequence, and once more where the padding begins."""
    width = max(row["length"] for row in rows)
    return torch.tensor([[*row["position_ids"], *range(width - row["length"])] for row in rows])


def padded(sides: Sequence[tuple[list[int], list[int]]], pad_id: int) -> dict[str, Tensor]:
    """input_ids, attention_mask and completion_mask (1 on the answer), each [B, T], of prompts with answers."""
    width = max(len(prompt) + len(answer) for prompt, answer in sides)
    shape = (len(sides), width)
    input_ids, attention, answers = torch.full(shape, pad_id), torch.zeros(shape).long(), torch.zeros(shape).long()
    for n, (prompt, answer) in enumerate(sides):
        end = len(prompt) + len(answer)
        input_ids[n, :end] = torch.tensor(prompt + answer)
        attention[n, :end] = 1
        answers[n, len(prompt) : end] = 1
    return {"input_ids": input_ids, "attention_mask": attention, "completion_mask": answers}
