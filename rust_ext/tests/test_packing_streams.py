"""Windows of a stream, progress, and Ctrl-C."""

from __future__ import annotations

import os
import signal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packing_oracle import LENGTHS, packed_rows, table_of
from sctk_rs import packing
from sctk_rs.packing import How


@given(LENGTHS, st.integers(1, 40), st.lists(st.integers(1, 20), min_size=1, max_size=5))
def test_a_stream_packs_windows_however_the_data_was_cut(lengths: list[int], window: int, cuts: list[int]) -> None:
    table = table_of(lengths)
    packer = packing.Packer(60, how=How(reuse=True))
    want = [packed_rows(packing.pack(table[at : at + window], 60)) for at in range(0, len(lengths), window)]
    tables: list[pa.Table] = []
    at = 0
    while at < len(lengths):
        n = cuts[len(tables) % len(cuts)]
        tables.append(table[at : at + n])
        at += n
    assert [packed_rows(packed) for packed in packing.PackStream(tables, packer, window_rows=window)] == want


@given(LENGTHS, st.integers(1, 40), st.integers(1, 7), st.integers(0, 2**64 - 1))
def test_windows_keep_groups_apart_and_draw_anew(lengths: list[int], window: int, cut: int, seed: int) -> None:
    """The n-th window is what its rows give alone with their groups and the seed plus n."""
    table = table_of(lengths).append_column("source", pa.array([n % 3 for n in range(len(lengths))], pa.int64()))
    want = [
        packed_rows(packing.Packer(60, seed=(seed + number) % 2**64).pack(table[at : at + window], groups="source"))
        for number, at in enumerate(range(0, len(lengths), window))
    ]
    tables = [table[at : at + cut] for at in range(0, len(lengths), cut)]
    stream = packing.PackStream(tables, packing.Packer(60, seed=seed), groups="source", window_rows=window)
    assert [packed_rows(packed) for packed in stream] == want


def test_each_window_tells_of_its_progress() -> None:
    told: list[tuple[int, int]] = []
    packer = packing.Packer(60)
    tables = [table_of([50] * 10)] * 4
    windows = packing.PackStream(tables, packer, window_rows=20, progress=lambda *now: told.append(now))
    for n_windows, _ in enumerate(windows, 1):
        done, total = told[-1]
        assert done == total > 0
        assert sum(done == total for done, total in told) >= n_windows


def test_tables_of_a_stream_must_agree() -> None:
    tables = [pa.table({"a": [[1]]}), pa.table({"b": [[1]]})]
    with pytest.raises(ValueError, match="the tables differ"):
        list(packing.PackStream(tables, packing.Packer(10)))


@pytest.mark.parametrize("span", [(0, 4), (4, 0), (2**64 - 1, 1), (2**64 - 2, 3), (1, 2**64 - 1)])
def test_a_window_lies_within_its_tables(span: tuple[int, int]) -> None:
    """A skip and a length whose sum wraps round would reach behind the tables' memory."""
    rows = packing.Rows(table_of([3, 1, 2]))
    with pytest.raises(ValueError, match="a window must lie within its tables"):
        packing.Packer(4)._pack_window([rows], span, 0)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("streamed", [False, True])
def test_ctrl_c_ends_packing(threads: int, streamed: bool, ctrl_c: None) -> None:
    """The signal is sent from the first report of progress, and the packer works again afterwards."""
    ids = pa.array(np.zeros(30_000_000, np.int32))
    table = pa.table({"input_ids": pa.LargeListArray.from_arrays(np.arange(0, 30_000_001, 100), ids)})
    packer = packing.Packer(4096, how=How(threads=threads))
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) == 1:
            os.kill(os.getpid(), signal.SIGINT)

    def work() -> None:
        if streamed:
            list(packing.PackStream([table] * 3, packer, window_rows=300_000, progress=progress))
        else:
            packer.pack(table, progress=progress)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert told
    assert len(packer.pack(table)) > 0
