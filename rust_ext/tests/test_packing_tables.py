"""Tables in and out: every token at its place, whoever copies it, and what is refused."""

from __future__ import annotations

import gc

import datasets
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packing_oracle import LENGTHS, STRATEGIES, bins_of, check_against, oracle, packed_rows, table_of
from sctk_rs import packing
from sctk_rs.packing import How


@settings(max_examples=150)
@given(
    LENGTHS,
    st.integers(1, 50),
    st.sampled_from(STRATEGIES),
    st.sampled_from(["truncate", "split", "drop"]),
    st.sampled_from([pa.list_(pa.int32()), pa.large_list(pa.int64()), pa.list_(pa.int16())]),
    st.sampled_from([None, 1, 3]),
)
def test_packed_tokens_equal_the_oracle(
    lengths: list[int], capacity: int, strategy: str, overflow: str, kind: pa.DataType, most_rows: int | None
) -> None:
    lengths, cut = lengths[:30], capacity % 6
    want = oracle(lengths, capacity, strategy, overflow, most_rows or 10**9)
    table = table_of(lengths, kind)
    chunked = pa.concat_tables([table[:cut], table[cut:cut], table[cut:]])
    for form in (table, chunked, pl.from_arrow(table)):
        packed = packing.Packer(capacity, strategy, overflow=overflow, most_rows=most_rows).pack(form)
        check_against(packed, want)
        assert packed.loss.tokens_lost == sum(lengths) - sum(n for held in want for _, _, n in held)


@given(LENGTHS, st.sampled_from(STRATEGIES), st.integers(0, 2**64 - 1))
def test_tables_are_packed_as_planned_by_groups_and_seed(lengths: list[int], strategy: str, seed: int) -> None:
    """Keys as a list, or the name of a column of numbers or texts: the same bins, and those that `plan` gives."""
    keys = [n % 3 for n in range(len(lengths))]
    table = table_of(lengths).append_column("source", pa.array(keys, pa.int8()))
    table = table.append_column("name", pa.array([f"name {key}" for key in keys], pa.string()))
    want = bins_of(packing.plan(lengths, 60, strategy, groups=keys, seed=seed), lengths, 60)
    for groups in (keys, "source", "name"):
        check_against(packing.Packer(60, strategy, seed=seed).pack(table, groups=groups), want)


def test_datasets_are_read_where_they_lie() -> None:
    rows = {"input_ids": [[0, 1], [1000], [2000, 2001, 2002]], "mask": [[0, 1], [1], [2, 3, 4]]}
    features = datasets.Features({name: datasets.Sequence(datasets.Value("int32")) for name in rows})
    dataset = datasets.Dataset.from_dict(rows, features)
    table = dataset.with_format("arrow")[:]
    assert address(table) == address(dataset.data.table)
    check_against(packing.pack(table, 4), [[(2, 0, 3), (1, 0, 1)], [(0, 0, 2)]])
    chosen = dataset.select([2, 1]).with_format("arrow")[:]  # `data.table` would still have every row
    check_against(packing.pack(chosen, 4), [[(2, 0, 3), (1, 0, 1)]])


def address(table: pa.Table) -> int:
    """Where the tokens lie."""
    return table["input_ids"].chunk(0).values.buffers()[1].address


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
            packer = packing.Packer(2048, strategy, how=How(threads=threads, store=store, reuse=threads != 2))
            for _ in range(2):
                assert pa.table(packer.pack(parts).table).equals(want)


def has(store: str) -> bool:
    try:
        packing.Packer(1, how=How(store=store))
    except ValueError:
        return False
    return True


def test_memory_is_used_again_only_when_nobody_holds_it() -> None:
    table = table_of([1000] * 50)
    packer = packing.Packer(1000, how=How(reuse=True))
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
    packed = packing.pack(table, 400, "wrapped", how=How(position_ids=False))
    lent = np.asarray(packed.table["input_ids"].values)
    assert lent.ctypes.data == table["input_ids"].chunk(0).values.buffers()[1].address
    address = lent.ctypes.data
    want = lent.tolist()
    del table, lent
    gc.collect()
    assert np.asarray(packed.table["input_ids"].values).tolist() == want
    assert np.asarray(packed.table["input_ids"].values).ctypes.data == address


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


@pytest.mark.slow
def test_tables_of_more_than_two_to_the_31_tokens_are_right() -> None:
    """One-byte tokens keep it at 2 GB in and 2 GB out: the offsets must be 64 bits wide."""
    n_rows, n_tokens = 40_000, 55_000
    values = np.frombuffer(bytes(range(251)) * (n_rows * n_tokens // 251 + 1), np.uint8)[: n_rows * n_tokens]
    offsets = np.arange(n_rows + 1, dtype=np.int64) * n_tokens
    table = pa.table({"input_ids": pa.LargeListArray.from_arrays(offsets, pa.array(values))})
    packed = packing.pack(table, 2 * n_tokens, how=How(position_ids=False))
    got = np.asarray(packed.table["input_ids"].values)
    assert len(got) > 2**31
    order = np.asarray(packed.plan.order)
    for bin_ in (0, len(packed) // 2, len(packed) - 1):
        row = order[2 * bin_ + 1]
        at = (2 * bin_ + 1) * n_tokens
        assert (got[at : at + n_tokens] == values[row * n_tokens : (row + 1) * n_tokens]).all()


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


def test_a_group_column_must_exist_and_hold_keys() -> None:
    table = pa.table({"a": [[1], [2]], "weight": [0.5, 1.0]})
    with pytest.raises(ValueError, match='no column "source"'):
        packing.Packer(10).pack(table, groups="source")
    with pytest.raises(TypeError, match="got float64"):
        packing.Packer(10).pack(table, groups="weight")


@pytest.mark.parametrize(
    ("how", "message"), [(How(threads=0), "threads: got 0"), (How(store="mmx"), 'store: got "mmx"')]
)
def test_ways_that_do_not_exist_are_refused(how: How, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        packing.Packer(10, how=how)
