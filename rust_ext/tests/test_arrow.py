"""The door: what comes in arrives unchanged, what goes out shares memory, what is malformed names its row."""

from __future__ import annotations

import gc
import os
import signal
import struct
import sys
import threading
import time

import polars as pl
import pyarrow as pa
import pytest
import sctk_rs
from hypothesis import given
from hypothesis import strategies as st
from sctk_rs import _native as native

TEXTS = ["", "abc", "twelve bytes", "thirteen byte", "é" * 40, "日本語のテキスト", "a\x00b", "x" * 5000]
TEXT_LISTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=30)


def utf8(texts: list[str]) -> list[bytes]:
    return [text.encode() for text in texts]


@pytest.mark.parametrize("kind", [pa.utf8(), pa.large_utf8(), pa.string_view()], ids=str)
def test_every_string_layout_arrives_unchanged(kind: pa.DataType) -> None:
    assert native._selftest_texts(pa.array(TEXTS, kind)) == utf8(TEXTS)
    assert native._selftest_texts(pa.array(TEXTS * 3, kind)[3:17]) == utf8((TEXTS * 3)[3:17])
    assert native._selftest_texts(pa.chunked_array([[], TEXTS[:2], [], TEXTS[2:]], kind)) == utf8(TEXTS)
    assert native._selftest_texts(pa.array([], kind)) == []


def test_polars_and_tables_of_one_column_arrive_unchanged() -> None:
    assert native._selftest_texts(pl.Series(TEXTS)) == utf8(TEXTS)
    assert native._selftest_texts(pl.Series(TEXTS * 2)[2:9]) == utf8((TEXTS * 2)[2:9])
    assert native._selftest_texts(pl.DataFrame({"text": TEXTS})) == utf8(TEXTS)
    assert native._selftest_texts(pa.table({"text": TEXTS})[1:5]) == utf8(TEXTS[1:5])


@given(TEXT_LISTS)
def test_lists_of_str_and_arrow_agree(texts: list[str]) -> None:
    assert native._selftest_texts(texts) == native._selftest_texts(tuple(texts)) == utf8(texts)
    assert native._selftest_texts(pa.array(texts, pa.string_view())) == utf8(texts)


@given(st.lists(TEXT_LISTS, max_size=8), st.integers(0, 3))
def test_groups_of_texts_agree_in_every_form(groups: list[list[str]], skip: int) -> None:
    want = native._selftest_groups(groups[skip:])
    assert want[1] == utf8([text for group in groups[skip:] for text in group])
    for kind in (pa.list_(pa.utf8()), pa.large_list(pa.large_utf8())):
        assert native._selftest_groups(pa.array(groups, kind)[skip:]) == want


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        (["a", "\ud800"], ValueError, "row 1: a lone surrogate"),
        (["a", None], TypeError, "row 1: got NoneType"),
        (["a", b"b"], TypeError, "row 1: got bytes"),
        ("abc", TypeError, "got str, wanted a list of str"),
        (3, TypeError, "got int"),
        (pa.array(["a", None, "b"]), ValueError, "row 1 is null"),
        (pa.chunked_array([["a"], ["b", None]]), ValueError, "row 2 is null"),
        (pa.array([1, 2]), TypeError, "got int64, wanted utf8"),
        (pa.array(["a"]).dictionary_encode(), TypeError, "dictionary"),
        (pa.table({"a": ["x"], "b": ["y"]}), ValueError, "2 columns, wanted one"),
    ],
)
def test_what_is_no_text_is_refused_with_its_row(texts: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        native._selftest_texts(texts)
    assert "\nhint: " in str(caught.value)


def lists_through(column: object) -> list[list[int]]:
    return [row for batch in native._selftest_lists(column) for row in pa.table(batch).column(0).to_pylist()]


@given(st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=9), max_size=9), st.integers(0, 4))
def test_lists_come_back_equal(rows: list[list[int]], skip: int) -> None:
    for kind in (pa.list_(pa.int32()), pa.large_list(pa.int64()), pa.list_(pa.int64())):
        assert lists_through(pa.array(rows, kind)[skip:]) == rows[skip:]
        assert lists_through(pa.chunked_array([rows, rows[skip:]], kind)) == rows + rows[skip:]


def test_lists_of_polars_and_of_fixed_size_come_back_equal() -> None:
    rows = [[1, 2], [3, 4], [5, 6]]
    assert lists_through(pl.Series(rows)) == rows
    assert lists_through(pa.array(rows, pa.list_(pa.int32(), 2))[1:]) == rows[1:]


def broken_list(offsets: list[int], values: list[int | None]) -> pa.Array:
    """pyarrow refuses such an array when it is made, so its offsets are spoiled afterwards."""
    raw = bytearray(4 * len(offsets))
    buffers = [None, pa.py_buffer(raw)]
    children = [pa.array(values, pa.int32())]
    column = pa.ListArray.from_buffers(pa.list_(pa.int32()), len(offsets) - 1, buffers, children=children)
    raw[:] = struct.pack(f"{len(offsets)}i", *offsets)
    return column


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (broken_list([0, 3, 2, 4], [1, 2, 3, 4]), "row 1: offsets out of order: from 3 to 2"),
        (broken_list([-1, 3, 4], [1, 2, 3, 4]), "row 0: offsets out of order: from -1 to 3"),
        (broken_list([0, 2, 9], [1, 2, 3, 4]), "its lists end at 9, its values at 4"),
        (broken_list([0, 2, 4], [1, 2, 3, None]), "row 1 is null or holds a null"),
        (pa.array([[1], None]), "row 1 is null"),
        (pa.chunked_array([[[1]], [[2], None]]), "row 2 is null"),
    ],
)
def test_malformed_lists_are_refused_with_their_row(column: pa.Array, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        native._selftest_lists(column)


def test_a_null_outside_the_slice_is_no_fault() -> None:
    assert lists_through(pa.array([None, [1], [2, 3]])[1:]) == [[1], [2, 3]]
    assert native._selftest_texts(pa.array([None, "a"])[1:]) == [b"a"]


def test_results_outlive_everything_and_share_memory() -> None:
    """int64 values are not copied, so the producer's memory must live until the last consumer is gone."""
    rows = [list(range(1000)), list(range(5))]
    column = pa.array(rows, pa.large_list(pa.int64()))
    at = column.values.buffers()[1].address
    [batch] = native._selftest_lists(column)
    del column
    gc.collect()
    table = pa.table(batch)
    frame = pl.DataFrame(batch)
    assert table.column(0).chunk(0).values.buffers()[1].address == at
    values = batch[batch.column_names[0]].values
    del batch
    gc.collect()
    assert table.column(0).to_pylist() == frame.to_series().to_list() == rows
    assert memoryview(values).tolist() == rows[0] + rows[1]
    assert memoryview(values).readonly


def test_a_capsule_that_nobody_took_frees_its_memory() -> None:
    [batch] = native._selftest_lists(pa.array([[1, 2]], pa.list_(pa.int32())))
    values = batch["" if "" in batch.column_names else batch.column_names[0]].values
    before = sys.getrefcount(values)
    capsules = [batch.__arrow_c_stream__(), batch.__arrow_c_array__(), batch.__arrow_c_schema__()]
    del batch, capsules
    gc.collect()
    assert memoryview(values).tolist() == [1, 2]
    assert sys.getrefcount(values) == before


def test_a_capsule_serves_once() -> None:
    class Twice:
        capsule = pa.chunked_array([["a"]]).__arrow_c_stream__()

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return self.capsule

    assert native._selftest_texts(Twice()) == [b"a"]
    with pytest.raises(ValueError, match="was used before"):
        native._selftest_texts(Twice())


def test_a_stream_that_fails_says_why() -> None:
    def batches() -> object:
        yield pa.record_batch({"text": ["a"]})
        raise OSError("disk gone")

    reader = pa.RecordBatchReader.from_batches(pa.schema({"text": pa.utf8()}), batches())
    with pytest.raises((ValueError, OSError), match="disk gone"):
        native._selftest_texts(reader)


def test_a_panic_is_an_exception() -> None:
    with pytest.raises(sctk_rs.DefectError, match="panicked: asked to") as caught:
        native._selftest_panic()
    assert isinstance(caught.value, Exception)


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_long_work(threads: int, ctrl_c: None) -> None:
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        timer.start()
        native._selftest_spin(3000, threads=threads)
    assert time.perf_counter() - began < 30  # 3000 steps of 10 ms


def test_progress_is_told_and_may_stop_the_work() -> None:
    seen: list[tuple[int, int]] = []
    native._selftest_spin(20, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (20, 20)
    assert seen == sorted(seen)
    with pytest.raises(ZeroDivisionError):
        native._selftest_spin(1000, threads=2, progress=lambda done, total: 1 / 0)


def test_the_gil_is_released() -> None:
    count = 0
    stop = threading.Event()

    def spin() -> None:
        nonlocal count
        while not stop.is_set():
            count += 1
            time.sleep(0.001)

    thread = threading.Thread(target=spin)
    thread.start()
    native._selftest_spin(30)
    stop.set()
    thread.join()
    assert count > 50  # 300 ms of work: held, the other thread would have run at its ends only


@pytest.mark.parametrize("threads", [0, 5000])
def test_an_impossible_number_of_threads_is_refused(threads: int) -> None:
    with pytest.raises(ValueError, match="wanted 1 to 1024"):
        native._selftest_spin(1, threads=threads)


def test_nothing_leaks() -> None:
    """A thousand imports and exports of one column leave its reference count as it was."""
    rows = ["a" * 1000] * 10
    before = sys.getrefcount(rows[0])
    for _ in range(1000):
        native._selftest_texts(rows)
        native._selftest_groups([rows])
        native._selftest_lists(pa.array([[1, 2]], pa.list_(pa.int32())))
    after = sys.getrefcount(rows[0])
    assert after == before
    assert pa.total_allocated_bytes() < 1 << 30
