"""Batches of two tasks as forward passes, and the loss of every taught token in them.

A step's rows are sorted by length and cut into micro-batches; the two tables of a micro-batch share a forward pass where that reads
few tokens more (short answers are not padded to the length of explanations). The output layer is asked for the taught positions
alone: padding and inputs cost no logits. Losses are summed with the step's own weights, so none of this changes what is learned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from sctk_trl.collate import padded
from sctk_trl.tasks import Pairing, TaskRow

MORE = 1.15
"""So many times the tokens may one forward pass read of what two would."""
Placed = tuple[int, TaskRow]
"""A row with the number of its table."""
Batch = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How rows become tensors: a token to fill with, and what a decoder begins with (None: the model has no encoder)."""

    pad_id: int
    start_id: int | None

    def batch(self, rows: Sequence[Placed]) -> Batch:
        """One forward pass of R rows: what the model reads, and of N taught tokens where they are foretold (`taught` [R, T], row by
        row), their ids `targets`, their rows' `weights`, `tables` and numbers `rows`, each [N].
        """
        taught = [row.completion_ids for _, row in rows]
        if self.start_id is None:
            read = padded([(row.prompt_ids, row.completion_ids) for _, row in rows], self.pad_id)
            # What stands at t foretells the token at t + 1.
            taught_RT = torch.nn.functional.pad(read.pop("completion_mask"), (0, 1))[:, 1:].bool()
            taught = [row.completion_ids if row.prompt_ids else row.completion_ids[1:] for _, row in rows]
        else:
            read = self._two_texts(rows)
            lengths_R1 = torch.tensor([[len(ids)] for ids in taught])
            taught_RT = torch.arange(read["decoder_input_ids"].shape[1]) < lengths_R1
        counts = torch.tensor([len(ids) for ids in taught])
        return {
            **read,
            "taught": taught_RT,
            "targets": torch.tensor([number for ids in taught for number in ids], dtype=torch.long),
            "weights": torch.tensor([row.weight for _, row in rows]).repeat_interleave(counts),
            "tables": torch.tensor([table for table, _ in rows]).repeat_interleave(counts),
            "rows": torch.arange(len(rows)).repeat_interleave(counts),
        }

    def _two_texts(self, rows: Sequence[Placed]) -> Batch:
        """input_ids and attention_mask [R, S], decoder_input_ids [R, T]: each target behind the start id, its last left out."""
        assert self.start_id is not None
        sources = [torch.tensor(row.prompt_ids, dtype=torch.long) for _, row in rows]
        said = [torch.tensor([self.start_id, *row.completion_ids[:-1]], dtype=torch.long) for _, row in rows]
        return {
            "input_ids": pad_sequence(sources, batch_first=True, padding_value=self.pad_id),
            "attention_mask": pad_sequence([torch.ones_like(ids) for ids in sources], batch_first=True),
            "decoder_input_ids": pad_sequence(said, batch_first=True, padding_value=self.pad_id),
        }

    def area(self, rows: Sequence[Placed]) -> int:
        """How many tokens, padding counted, a forward pass of these rows reads."""
        if self.start_id is None:
            return len(rows) * max(row.length for _, row in rows)
        longest = max(len(row.prompt_ids) for _, row in rows) + max(len(row.completion_ids) for _, row in rows)
        return len(rows) * longest


@dataclass(frozen=True, kw_only=True)
class StepCollator:
    """A step's pairs as its forward passes; `micro_batch` pairs at a time, 0: all."""

    shape: Shape
    micro_batch: int

    def __call__(self, pairs: Sequence[Pairing]) -> dict[str, Any]:
        """`forwards`, batches of `Shape`, and `n_tokens`: of each table the sum of weight * tokens, float64."""
        n_tables = len(pairs[0])
        sums = [sum(pair[k].weight * len(pair[k].completion_ids) for pair in pairs) for k in range(n_tables)]
        forwards = [self.shape.batch(rows) for some in self._micro(pairs) for rows in self._passes(some)]
        return {"forwards": forwards, "n_tokens": torch.tensor(sums, dtype=torch.float64)}

    def _micro(self, pairs: Sequence[Pairing]) -> Iterator[Sequence[Pairing]]:
        """The pairs by length, so that like lie together, in pieces of nearly equal size."""
        in_order = sorted(pairs, key=lambda pair: tuple(row.length for row in reversed(pair)))
        n_pieces = -(-len(pairs) // (self.micro_batch or len(pairs)))
        bounds = [len(pairs) * piece // n_pieces for piece in range(n_pieces + 1)]
        return (in_order[low:high] for low, high in pairwise(bounds))

    def _passes(self, pairs: Sequence[Pairing]) -> list[list[Placed]]:
        """The rows of some pairs in one pass, or in one for each table."""
        apart = [[(table, pair[table]) for pair in pairs] for table in range(len(pairs[0]))]
        together = [row for rows in apart for row in rows]
        return [together] if self.shape.area(together) <= MORE * sum(map(self.shape.area, apart)) else apart


def token_nlls(model: Any, batch: Batch) -> Tensor:
    """[N] minus the log-probability of each taught token in nats, float32, row by row."""
    return cross_entropy(_taught_logits(model, batch), batch["targets"], reduction="none")


def _taught_logits(model: Any, batch: Batch) -> Tensor:
    """[N, V] the logits at each taught token, float32, row by row; the output layer is asked for no other place."""
    taught_RT, targets_N = batch["taught"], batch["targets"]

    def taught_only(module: Any, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        return (args[0][taught_RT][None], *args[1:]) if args and args[0].shape[:2] == taught_RT.shape else None

    read = {name: batch[name] for name in ("input_ids", "attention_mask", "decoder_input_ids") if name in batch}
    hook = _head(model).register_forward_pre_hook(taught_only)
    try:
        logits = model(**read, use_cache=False).logits
    finally:
        hook.remove()
    logits_NV = logits[0] if logits.shape[:2] == (1, len(targets_N)) else logits[taught_RT]
    found: Tensor = logits_NV.float()
    return found


def _head(model: Any) -> torch.nn.Module:
    """The output layer of a model, whatever wraps it."""
    inner = getattr(model, "module", model)
    found: torch.nn.Module = inner.get_output_embeddings()
    return found


def row_nlls(model: Any, rows: Sequence[TaskRow], shape: Shape, size: int) -> Tensor:
    """[R] minus the log-probability of each row's target, summed over its tokens, float32, on the CPU; `size` rows at a time."""
    return row_readings(model, rows, shape, size)[0]


def row_readings(model: Any, rows: Sequence[TaskRow], shape: Shape, size: int) -> tuple[Tensor, Tensor]:
    """`row_nlls`, and [R] whether greedy decoding writes the very target: it does where each of its tokens is the likeliest
    behind those before it, so nothing has to be written to know.
    """
    order = sorted(range(len(rows)), key=lambda n: (len(rows[n].completion_ids), len(rows[n].prompt_ids), n))
    nlls_R, exact_R = torch.zeros(len(rows)), torch.zeros(len(rows), dtype=torch.bool)
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for start in range(0, len(order), size):
            places = order[start : start + size]
            batch = shape.batch([(0, rows[n]) for n in places])
            batch = {name: value.to(model.device) for name, value in batch.items()}
            logits_NV, targets_N = _taught_logits(model, batch), batch["targets"]
            sums = torch.zeros(2, len(places), device=model.device)
            sums[0].index_add_(0, batch["rows"], cross_entropy(logits_NV, targets_N, reduction="none"))
            sums[1].index_add_(0, batch["rows"], (logits_NV.argmax(-1) != targets_N).float())
            nlls_R[places], exact_R[places] = sums[0].cpu(), sums[1].cpu() == 0
    model.train(was_training)
    return nlls_R, exact_R


def mean_nll(nlls_R: Tensor, rows: Sequence[TaskRow]) -> float:
    """The token mean of rows' summed losses, each with its weight, in nats."""
    weights_R = torch.tensor([row.weight for row in rows], dtype=torch.float64)
    n_tokens_R = torch.tensor([len(row.completion_ids) for row in rows], dtype=torch.float64)
    return float((weights_R * nlls_R.double()).sum() / (weights_R * n_tokens_R).sum())


def share_exact(exact_R: Tensor, rows: Sequence[TaskRow]) -> float:
    """The share of rows whose target greedy decoding writes, each with its weight, in [0, 1]."""
    weights_R = torch.tensor([row.weight for row in rows], dtype=torch.float64)
    return float((weights_R * exact_R).sum() / weights_R.sum())
