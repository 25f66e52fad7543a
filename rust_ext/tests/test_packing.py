"""Packing against an oracle written plainly, and its refusals.

The oracle knows nothing of bitmaps or buffers: it searches all bins for each row, and joins Python lists.
"""

from __future__ import annotations

import gc
import itertools
import os
import signal
import threading

import datasets
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
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


@settings(max_examples=300)
@given(
    LENGTHS,
    st.integers(1, 50),
    st.sampled_from(STRATEGIES),
    st.sampled_from(["truncate", "split", "drop"]),
    st.sampled_from([None, 1, 2, 5]),
)
def test_plans_equal_the_oracle(
    lengths: list[int], capacity: int, strategy: str, overflow: str, most_rows: int | None
) -> None:
    plan = packing.plan(lengths, capacity, strategy, overflow=overflow, most_rows=most_rows)
    want = oracle(lengths, capacity, strategy, overflow, most_rows or 10**9)
    assert bins_of(plan, lengths, capacity) == want
    kept = sum(n for held in want for _, _, n in held)
    assert plan.loss.tokens_kept == kept
    assert plan.loss.tokens_lost == sum(lengths) - kept
    assert plan.loss.rows_empty == lengths.count(0)


@pytest.mark.parametrize("kind", ["b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"])
def test_lengths_of_every_form_give_one_plan(kind: str) -> None:
    lengths = [3, 9, 1, 4, 4, 0, 7]
    want = memoryview(packing.plan(lengths, 10).order).tolist()
    forms = [np.array(lengths, kind), pa.array(np.array(lengths, kind)), pl.Series(lengths)]
    forms += [pa.array([[0] * n for n in lengths], pa.list_(pa.int32())), pa.chunked_array([lengths[:2], lengths[2:]])]
    for form in forms:
        assert memoryview(packing.plan(form, 10).order).tolist() == want


@given(LENGTHS, st.integers(0, 2**64 - 1), st.sampled_from(STRATEGIES))
def test_a_seed_orders_the_bins_and_changes_nothing_else(lengths: list[int], seed: int, strategy: str) -> None:
    def plan(seed: int | None) -> list[list[Piece]]:
        return bins_of(packing.plan(lengths, 60, strategy, seed=seed), lengths, 60)

    assert plan(seed) == plan(seed)
    assert sorted(plan(seed)) == sorted(plan(None))


def test_different_seeds_differ() -> None:
    lengths = list(range(1, 200))
    orders = {bytes(packing.plan(lengths, 200, seed=seed).order) for seed in range(20)}
    assert len(orders) == 20


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4)), max_size=60), st.sampled_from(STRATEGIES))
def test_groups_are_planned_apart(rows: list[tuple[int, int]], strategy: str) -> None:
    lengths, keys = [n for n, _ in rows], [key for _, key in rows]
    first_seen = list(dict.fromkeys(keys))
    want: list[list[Piece]] = []
    for key in first_seen:
        members = [row for row in range(len(rows)) if keys[row] == key]
        alone = oracle([lengths[row] for row in members], 30, strategy, "error", 10**9)
        want += [[(members[row], start, n) for row, start, n in held] for held in alone]
    for groups in (keys, np.array(keys, np.int64), [f"source {key}" for key in keys], pa.array(keys, pa.int32())):
        plan = packing.plan(lengths, 30, strategy, groups=groups)
        assert bins_of(plan, lengths, 30) == want


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


@settings(max_examples=150)
@given(
    LENGTHS,
    st.integers(1, 50),
    st.sampled_from(STRATEGIES),
    st.sampled_from(["truncate", "split", "drop"]),
    st.sampled_from([pa.list_(pa.int32()), pa.large_list(pa.int64()), pa.list_(pa.int16())]),
    st.integers(0, 5),
)
def test_packed_tokens_equal_the_oracle(
    lengths: list[int], capacity: int, strategy: str, overflow: str, kind: pa.DataType, cut: int
) -> None:
    lengths = lengths[:30]
    want = oracle(lengths, capacity, strategy, overflow, 10**9)
    table = table_of(lengths, kind)
    chunked = pa.concat_tables([table[:cut], table[cut:cut], table[cut:]])
    for form in (table, chunked, pl.from_arrow(table)):
        packer = packing.Packer(capacity, strategy, overflow=overflow)
        check_against(packer.pack(form), want)


def test_datasets_are_read_where_they_lie() -> None:
    rows = {"input_ids": [[0, 1], [1000], [2000, 2001, 2002]], "mask": [[0, 1], [1], [2, 3, 4]]}
    features = datasets.Features({name: datasets.Sequence(datasets.Value("int32")) for name in rows})
    dataset = datasets.Dataset.from_dict(rows, features)
    check_against(packing.pack(dataset.data.table, 4), [[(2, 0, 3), (1, 0, 1)], [(0, 0, 2)]])


LONG = [int(n) for n in np.random.default_rng(5).lognormal(5.5, 1, 3000).clip(0, 2048)]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_threads_chunks_stores_and_reuse_change_no_byte(strategy: str) -> None:
    ids = np.random.default_rng(1).integers(0, 2**31, sum(LONG), np.int32)
    offsets = np.concatenate([[0], np.cumsum(LONG)]).astype(np.int64)
    values = pa.LargeListArray.from_arrays(offsets, ids)
    table = pa.table({"input_ids": values, "labels": values})
    want = pa.table(packing.Packer(2048, strategy).pack(table).table)
    chunks = pa.concat_tables([table[at : at + 7 * k] for k in range(1, 40) for at in [7 * k * (k - 1) // 2]])
    parts = pa.concat_tables([chunks, table[len(chunks) :]])
    assert parts.num_rows == 3000
    for store in (None, "plain", "scalar", *[s for s in ("avx2", "avx512") if has(s)]):
        for threads in (1, 2, 8):
            packer = packing.Packer(2048, strategy, threads=threads, store=store, reuse=threads != 2)
            for _ in range(2):
                assert pa.table(packer.pack(parts).table).equals(want)


def has(store: str) -> bool:
    try:
        packing.Packer(1, store=store)
    except ValueError:
        return False
    return True


def test_memory_is_used_again_only_when_nobody_holds_it() -> None:
    table = table_of([1000] * 50)
    packer = packing.Packer(1000, reuse=True)
    held = packer.pack(table).table["input_ids"].values
    at = np.asarray(held).ctypes.data
    before = np.asarray(held).copy()
    other = packer.pack(table_of([500] * 100))
    assert np.asarray(other.table["input_ids"].values).ctypes.data != at
    assert (np.asarray(held) == before).all()
    del held
    gc.collect()
    again = {np.asarray(packer.pack(table).table[name].values).ctypes.data for name in ("input_ids", "position_ids")}
    assert at in again


def test_wrapped_rows_are_lent_not_moved() -> None:
    table = table_of([700, 300, 500]).combine_chunks()
    packed = packing.pack(table, 400, "wrapped", position_ids=False)
    lent = np.asarray(packed.table["input_ids"].values)
    assert lent.ctypes.data == table["input_ids"].chunk(0).values.buffers()[1].address
    address = lent.ctypes.data
    want = lent.tolist()
    del table, lent
    gc.collect()
    assert np.asarray(packed.table["input_ids"].values).tolist() == want
    assert np.asarray(packed.table["input_ids"].values).ctypes.data == address


@given(LENGTHS, st.integers(1, 40), st.lists(st.integers(1, 20), min_size=1, max_size=5))
def test_a_stream_packs_windows_however_the_data_was_cut(lengths: list[int], window: int, cuts: list[int]) -> None:
    table = table_of(lengths)
    packer = packing.Packer(60, reuse=True)
    want = [packed_rows(packing.pack(table[at : at + window], 60)) for at in range(0, len(lengths), window)]
    tables: list[pa.Table] = []
    at = 0
    while at < len(lengths):
        n = cuts[len(tables) % len(cuts)]
        tables.append(table[at : at + n])
        at += n
    assert [packed_rows(packed) for packed in packing.PackStream(tables, packer, window_rows=window)] == want


def pair_oracle(pairs: list[tuple[int, int]], capacity: int, overflow: str) -> list[list[tuple[int, int, int]]]:
    """Bins of (row, tokens of the first side, tokens of the second)."""
    kept = {}
    for row, (a, b) in enumerate(pairs):
        if a + b > capacity:
            if overflow == "drop":
                continue
            half = capacity // 2
            a = min(a, capacity - min(b, half))
            b = capacity - a
        if a + b:
            kept[row] = (a, b)
    bins = best_fit([(row, 0, a + b) for row, (a, b) in kept.items()], capacity, 10**9)
    return [[(row, *kept[row]) for row, _, _ in held] for held in bins]


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=30),
    st.integers(1, 40),
    st.sampled_from(["truncate", "drop"]),
)
def test_pairs_stay_together(pairs: list[tuple[int, int]], capacity: int, overflow: str) -> None:
    first, second = table_of([a for a, _ in pairs]), table_of([b for _, b in pairs])
    columns = {
        f"{side}_{name}": table[name]
        for side, table in (("chosen", first), ("rejected", second))
        for name in table.column_names
    }
    names = {name: (f"chosen_{name}", f"rejected_{name}") for name in ("input_ids", "mask")}
    packed = packing.Packer(capacity, overflow=overflow).pack_pairs(pa.table(columns), names)
    want = pair_oracle(pairs, capacity, overflow)
    got = packed_rows(packed)
    assert got["input_ids"] == [
        [row * 1000 + t for row, a, b in held for n in (a, b) for t in range(n)] for held in want
    ]
    assert got["seq_lengths"] == [[n for _, a, b in held for n in (a, b)] for held in want]
    assert got["position_ids"] == [[t for _, a, b in held for n in (a, b) for t in range(n)] for held in want]
    assert memoryview(packed.plan.order).tolist() == [row for held in want for row, _, _ in held]
    assert packed.loss.tokens_lost == sum(map(sum, pairs)) - sum(a + b for held in want for _, a, b in held)


def test_no_rows_give_no_bins() -> None:
    for strategy in STRATEGIES:
        assert len(packing.plan([], 10, strategy)) == 0
        assert len(packing.plan([0, 0], 10, strategy)) == 0
        for lengths in ([], [0, 0]):
            packed = packing.pack(table_of(lengths), 10, strategy)
            assert packed_rows(packed)["input_ids"] == []
    empty = table_of([]).schema.empty_table()
    assert len(packing.pack(pa.table(empty), 10)) == 0


def test_one_giant_row() -> None:
    n = 3_000_000
    table = pa.table({"input_ids": pa.array([np.arange(n, dtype=np.int32)])})
    with pytest.raises(ValueError, match=r"row 0 has 3000000 tokens, more than a bin holds\nhint: overflow="):
        packing.pack(table, 4096)
    packed = packing.pack(table, 4096, overflow="split")
    assert (np.sort(np.asarray(packed.table["input_ids"].values)) == np.arange(n)).all()
    assert len(packing.pack(table, 2**24)) == 1
    assert packing.pack(table, 4096, overflow="truncate").loss.tokens_lost == n - 4096


def test_plans_of_more_than_two_to_the_31_tokens_are_right() -> None:
    lengths = np.full(600_000, 4000, np.int64)
    plan = packing.plan(lengths, 4096)
    assert (len(plan), plan.loss.tokens_kept) == (600_000, 2_400_000_000)
    plan = packing.plan(lengths, 4096, "wrapped")
    assert len(plan) == -(-2_400_000_000 // 4096)
    assert np.asarray(plan.n_tokens).sum(dtype=np.int64) == 2_400_000_000


@pytest.mark.slow
def test_tables_of_more_than_two_to_the_31_tokens_are_right() -> None:
    """One-byte tokens keep it at 2 GB in and 2 GB out: the offsets must be 64 bits wide."""
    n_rows, n_tokens = 40_000, 55_000
    values = np.frombuffer(bytes(range(251)) * (n_rows * n_tokens // 251 + 1), np.uint8)[: n_rows * n_tokens]
    offsets = np.arange(n_rows + 1, dtype=np.int64) * n_tokens
    table = pa.table({"input_ids": pa.LargeListArray.from_arrays(offsets, pa.array(values))})
    packed = packing.pack(table, 2 * n_tokens, position_ids=False)
    got = np.asarray(packed.table["input_ids"].values)
    assert len(got) > 2**31
    order = np.asarray(packed.plan.order)
    for bin_ in (0, len(packed) // 2, len(packed) - 1):
        row = order[2 * bin_ + 1]
        at = (2 * bin_ + 1) * n_tokens
        assert (got[at : at + n_tokens] == values[row * n_tokens : (row + 1) * n_tokens]).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"capacity": 0}, ValueError, "capacity: got 0"),
        ({"capacity": 2**24 + 1}, ValueError, "capacity: got 16777217"),
        ({"capacity": 3}, ValueError, "row 1 has 4 tokens"),
        ({"strategy": "worst-fit"}, ValueError, 'strategy: got "worst-fit"'),
        ({"overflow": "ignore"}, ValueError, 'overflow: got "ignore"'),
        ({"most_rows": 0}, ValueError, "most_rows: got 0"),
        ({"groups": [1]}, ValueError, "groups: got 1 keys, wanted 2"),
        ({"lengths": [3, -1]}, ValueError, "row 1: its length is negative"),
        ({"lengths": [3, 2**50]}, ValueError, "row 1: its length is negative or above"),
        ({"lengths": ["a"]}, TypeError, "wanted integers"),
        ({"lengths": np.array([1.5])}, TypeError, "wanted integers"),
        ({"lengths": np.arange(10)[::2]}, ValueError, "wanted it contiguous"),
        ({"lengths": pa.array([1, None])}, ValueError, "row 1 is null"),
        ({"lengths": pa.array([1.5])}, TypeError, "got float64"),
    ],
)
def test_what_cannot_be_planned_is_refused(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    arguments = {"lengths": [2, 4], "capacity": 10} | arguments
    with pytest.raises(error, match=message) as caught:
        packing.plan(**arguments)  # type: ignore[arg-type]
    assert "\nhint: " in str(caught.value)


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        (pa.table({"a": pa.array([[1], None])}), ValueError, "row 1 is null"),
        (pa.table({"a": pa.array([[1], [2, None]])}), ValueError, "row 1 is null or holds a null"),
        (pa.table({"a": [[1], [2]], "b": [[1], [2, 3]]}), ValueError, 'row 1 has 2 tokens in column "b" and 1'),
        (pa.table({"a": ["x"]}), ValueError, "no column of lists to pack"),
        (pa.table({"a": [["x"]]}), TypeError, "wanted numbers"),
        (pa.table({"a": [[True]]}), TypeError, "wanted numbers"),
        (pa.table({"seq_lengths": [[1]]}), ValueError, "which packing makes itself"),
        (pa.array([[1]]), TypeError, "got one column"),
        ([1, 2], TypeError, "got list, wanted Arrow data"),
    ],
)
def test_what_cannot_be_packed_is_refused(table: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        packing.pack(table, 10)
    assert "\nhint: " in str(caught.value)


def test_tables_of_a_stream_must_agree() -> None:
    tables = [pa.table({"a": [[1]]}), pa.table({"b": [[1]]})]
    with pytest.raises(ValueError, match="the tables differ"):
        list(packing.PackStream(tables, packing.Packer(10)))


def test_pairs_cannot_be_split() -> None:
    table = pa.table({"a": [[1]], "b": [[2]]})
    for packer in (packing.Packer(10, "wrapped"), packing.Packer(10, overflow="split")):
        with pytest.raises(ValueError, match="pairs cannot be wrapped or split"):
            packer.pack_pairs(table, {"ids": ("a", "b")})


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_packing(threads: int, ctrl_c: None) -> None:
    """The interrupt comes from the progress callback's own thread of time: while tokens are being copied."""
    ids = pa.array(np.zeros(30_000_000, np.int32))
    table = pa.table({"input_ids": pa.LargeListArray.from_arrays(np.arange(0, 30_000_001, 100), ids)})
    packer = packing.Packer(4096, threads=threads)
    fired = threading.Event()

    def progress(done: int, total: int) -> None:
        if not fired.is_set():
            fired.set()
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        packer.pack(table, progress=progress)
    assert fired.is_set()
    assert len(packer.pack(table)) > 0
