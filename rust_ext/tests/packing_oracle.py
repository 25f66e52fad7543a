"""Packing written plainly: what every test of the packer compares with.

It knows nothing of bitmaps or buffers: it searches all bins for each row, and joins Python lists.
"""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st
from sctk_rs import packing

LENGTHS = st.lists(st.one_of(st.integers(0, 12), st.integers(0, 60)), max_size=60)
STRATEGIES = ["best-fit", "next-fit", "wrapped"]
Piece = tuple[int, int, int]  # row, where it starts in the row, tokens


def pieces_of(lengths: list[int], capacity: int, overflow: str) -> list[Piece]:
    """Each row as the pieces that are to be placed."""
    pieces = []
    for row, n in enumerate(lengths):
        if n <= capacity:
            pieces.append((row, 0, n))
        elif overflow == "truncate":
            pieces.append((row, 0, capacity))
        elif overflow == "split":
            pieces += [(row, start, min(capacity, n - start)) for start in range(0, n, capacity)]
        elif overflow == "drop":
            continue
        else:
            raise ValueError(row)
    return [piece for piece in pieces if piece[2] > 0]


def best_fit(pieces: list[Piece], capacity: int, most_rows: int) -> list[list[Piece]]:
    """Longest first, each into the bin with least room that takes it; of equal ones the bin touched last."""
    bins: list[tuple[int, int, list[Piece]]] = []  # room, time of the last touch, pieces
    for time, piece in enumerate(sorted(pieces, key=lambda piece: -piece[2])):
        open_bins = [i for i, (room, _, held) in enumerate(bins) if room >= piece[2] and len(held) < most_rows]
        if open_bins:
            best = min(open_bins, key=lambda i: (bins[i][0], -bins[i][1]))
            bins[best] = (bins[best][0] - piece[2], time, [*bins[best][2], piece])
        else:
            bins.append((capacity - piece[2], time, [piece]))
    return [held for _, _, held in bins]


def next_fit(pieces: list[Piece], capacity: int, most_rows: int) -> list[list[Piece]]:
    bins: list[list[Piece]] = []
    for piece in pieces:
        if not bins or sum(n for _, _, n in bins[-1]) + piece[2] > capacity or len(bins[-1]) == most_rows:
            bins.append([])
        bins[-1].append(piece)
    return bins


def wrapped(lengths: list[int], capacity: int, most_rows: int) -> list[list[Piece]]:
    """Token by token."""
    bins: list[list[Piece]] = []
    for row, n in enumerate(lengths):
        for start in range(n):
            used = sum(k for _, _, k in bins[-1]) if bins else capacity
            if start and used < capacity:
                row_, start_, k = bins[-1][-1]
                bins[-1][-1] = (row_, start_, k + 1)
            elif bins and used < capacity and len(bins[-1]) < most_rows:
                bins[-1].append((row, start, 1))
            else:
                bins.append([(row, start, 1)])
    return bins


def oracle(lengths: list[int], capacity: int, strategy: str, overflow: str, most_rows: int) -> list[list[Piece]]:
    if strategy == "wrapped":
        return wrapped(lengths, capacity, most_rows)
    pieces = pieces_of(lengths, capacity, overflow)
    return (best_fit if strategy == "best-fit" else next_fit)(pieces, capacity, most_rows)


def bins_of(plan: packing.Plan, lengths: list[int], capacity: int) -> list[list[Piece]]:
    order, ends = memoryview(plan.order).tolist(), memoryview(plan.bin_offsets).tolist()
    starts = memoryview(plan.starts).tolist() if plan.starts is not None else [0] * len(order)
    n_tokens = [min(lengths[row], capacity) for row in order]
    if plan.n_tokens is not None:
        n_tokens = memoryview(plan.n_tokens).tolist()
    pieces = list(zip(order, starts, n_tokens, strict=True))
    return [pieces[a:b] for a, b in itertools.pairwise(ends)]


def table_of(lengths: list[int], kind: pa.DataType | None = None) -> pa.Table:
    """Tokens that say where they came from: row * 1000 + place."""
    ids = [[row * 1000 + t for t in range(n)] for row, n in enumerate(lengths)]
    mask = [[(row + t) % 256 for t in range(n)] for row, n in enumerate(lengths)]
    kind = kind or pa.list_(pa.int32())
    return pa.table({"input_ids": pa.array(ids, kind), "mask": pa.array(mask, pa.list_(pa.uint8()))})


def packed_rows(packed: packing.Packed) -> dict[str, list[list[int]]]:
    table = pa.table(packed.table)
    table.validate(full=True)
    return {name: table[name].to_pylist() for name in table.column_names}


def check_against(packed: packing.Packed, want: list[list[Piece]]) -> None:
    got = packed_rows(packed)
    flat = [[(row, start + t) for row, start, n in held for t in range(n)] for held in want]
    assert got["input_ids"] == [[row * 1000 + t for row, t in held] for held in flat]
    assert got["mask"] == [[(row + t) % 256 for row, t in held] for held in flat]
    assert got["position_ids"] == [[t for _, _, n in held for t in range(n)] for held in want]
    assert got["seq_lengths"] == [[n for _, _, n in held] for held in want]
    assert got["cu_seqlens"] == [[0, *np.cumsum([n for _, _, n in held]).tolist()] for held in want]
