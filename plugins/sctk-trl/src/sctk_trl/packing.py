"""Rows side by side in bins instead of padded: planned and moved by the Rust core, kept apart by restarting positions.

A bin holds whole sequences; the two sides of a pair lie in one bin. Attention implementations that see where positions restart
keep neighbours apart, and others do not, so a model is asked before it trains (`refuse_leaks`): two sequences in one row must
read the same whatever stands beside them, and the same as alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa
import torch
from sctk_core import ConfigError
from sctk_rs.packing import Packed, Packer
from torch import Tensor
from transformers import PreTrainedModel

from sctk_trl.collate import IGNORED
from sctk_trl.rows import CompletionRow, PairRow
from sctk_trl.settings import Compute

LEFT, OTHER, RIGHT = (3, 4, 5, 6, 7), (8, 3, 9, 5, 10), (4, 6, 8, 5)
# Masked neighbours weigh exactly 0; what is left is the order of additions in a kernel.
TOLERANCE, TOLERANCE_HALF = 1e-4, 3e-2


def packed_completions(rows: Sequence[CompletionRow], capacity: int) -> list[dict[str, Any]]:
    """Bins of at most `capacity` tokens as dataset rows: input_ids, labels, position_ids, length."""
    labels = [[IGNORED] * len(row.prompt_ids) + row.completion_ids for row in rows]
    table = pa.table({"input_ids": [row.prompt_ids + row.completion_ids for row in rows], "labels": labels})
    bins = pa.table(Packer(capacity).pack(table, ["input_ids", "labels"]).table)
    kept = bins.select(["input_ids", "labels", "position_ids"]).to_pylist()
    return [{**row, "length": len(row["input_ids"])} for row in kept]


def packed_pairs(rows: Sequence[PairRow], capacity: int) -> list[dict[str, Any]]:
    """Bins as dataset rows: input_ids, answers (1 on response tokens), position_ids, seq_lengths, taus, places, length.

    The sequences of a bin are chosen, rejected, chosen, rejected ...; `taus` and `places` (in `rows`) have one number for each
    two of them.
    """
    sides = {"chosen": [row.chosen_ids for row in rows], "rejected": [row.rejected_ids for row in rows]}
    columns: dict[str, list[list[int]]] = {}
    for side, answers in sides.items():
        both = list(zip(rows, answers, strict=True))
        columns[f"{side}_ids"] = [row.prompt_ids + answer for row, answer in both]
        columns[f"{side}_answers"] = [[0] * len(row.prompt_ids) + [1] * len(answer) for row, answer in both]
    names = {
        name: (f"chosen_{part}", f"rejected_{part}") for name, part in (("input_ids", "ids"), ("answers", "answers"))
    }
    packed = Packer(capacity).pack_pairs(pa.table(columns), names)
    kept = pa.table(packed.table).select(["input_ids", "answers", "position_ids", "seq_lengths"]).to_pylist()
    return [
        {**row, "taus": [rows[place].tau for place in places], "places": places, "length": len(row["input_ids"])}
        for row, places in zip(kept, _places(packed), strict=True)
    ]


def _places(packed: Packed) -> list[list[int]]:
    """For each bin the numbers of the rows that lie in it."""
    order, ends = memoryview(packed.plan.order).tolist(), memoryview(packed.plan.bin_offsets).tolist()
    return [order[start:end] for start, end in pairwise(ends)]


def refuse_leaks(model: PreTrainedModel, compute: Compute) -> None:
    """Raises a ConfigError unless packed sequences read as they do alone, whatever their neighbour is.

    Asked on the device and in the precision that will train, where the model is left.
    """
    name = f"{type(model).__name__} with attention {model.config._attn_implementation!r}"
    found = torch.accelerator.current_accelerator(check_available=True)
    device = torch.device("cpu") if found is None or compute.device == "cpu" else found
    half = compute.precision == "bfloat16"
    model.train(False).to(device)
    with torch.no_grad(), torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
        try:
            beside_left, beside_other = (_logits(model, (side, RIGHT))[len(side) :] for side in (LEFT, OTHER))
            alone = _logits(model, (RIGHT,))
        except (TypeError, NotImplementedError) as error:
            raise _refused(f"{name} does not take positions: {error}") from error
    moved = max(float((beside - alone).abs().max()) for beside in (beside_left, beside_other))
    share = moved / float(alone.abs().max())
    if not share <= (TOLERANCE_HALF if half else TOLERANCE):
        raise _refused(f"{name} lets a sequence see its neighbour: logits move by {share:.2g} of their size")


def _logits(model: Any, sequences: tuple[tuple[int, ...], ...]) -> Tensor:
    """[T, V] logits of sequences that lie side by side in one row."""
    ids = [token for sequence in sequences for token in sequence]
    positions = [position for sequence in sequences for position in range(len(sequence))]
    logits: Tensor = model(
        input_ids=torch.tensor([ids], device=model.device),
        position_ids=torch.tensor([positions], device=model.device),
        use_cache=False,
    ).logits[0]
    return logits


def _refused(reason: str) -> ConfigError:
    return ConfigError(
        f"compute.packing: got {reason}; wanted neighbours kept apart",
        hint="set compute.packing = false, or compute.attention to one that reads positions (sdpa, flash_attention_2)",
    )
