"""Arrow data that lies, made by hand: each lie is an error that names it or a right answer, and the process lives on."""

from __future__ import annotations

import importlib.util
import struct
import sys
from collections.abc import Callable
from itertools import pairwise, repeat
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sctk_rs import _native as native
from sctk_rs import consistency, dedup, packing


def _beside(name: str) -> ModuleType:
    """A module that lies beside this file (test directories are no packages)."""
    spec = importlib.util.spec_from_file_location(f"rust_ext_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


hand = _beside("arrow_by_hand")
Column: Any = hand.Column
Producer: Any = hand.Producer
Stream: Any = hand.Stream


def i32(*numbers: int) -> bytes:
    return struct.pack(f"={len(numbers)}i", *numbers)


def i64(*numbers: int) -> bytes:
    return struct.pack(f"={len(numbers)}q", *numbers)


def utf8(data: bytes | None = b"abcdef", offsets: bytes | None = i32(0, 2, 6), length: int = 2, **more: Any) -> Any:
    return Column(format=b"u", length=length, buffers=[None, offsets, data], **more)


def large(data: bytes = b"abcdef", offsets: bytes = i64(0, 2, 6), length: int = 2) -> Any:
    return Column(format=b"U", length=length, buffers=[None, offsets, data])


def numbers(*values: int, **more: Any) -> Any:
    return Column(format=b"i", length=more.pop("length", len(values)), buffers=[None, i32(*values)], **more)


def lists(offsets: bytes | None = i32(0, 1, 3), length: int = 2, child: Any = None, **more: Any) -> Any:
    child = numbers(7, 8, 9) if child is None else child
    return Column(format=b"+l", length=length, buffers=[None, offsets], children=[child], **more)


def view(*entries: tuple[int, bytes] | tuple[int, bytes, int, int]) -> bytes:
    """Entries of a view: the length with up to 12 bytes, or with a prefix, a buffer and a place in it."""
    raw = b""
    for entry in entries:
        head = struct.pack("=i", entry[0])
        raw += head + (entry[1].ljust(12, b"\0") if len(entry) == 2 else entry[1] + struct.pack("=ii", *entry[2:]))
    return raw


def views(entries: bytes, data: list[bytes | None], sizes: bytes, length: int = 1, **more: Any) -> Any:
    return Column(format=b"vu", length=length, buffers=[None, entries, *data, sizes], **more)


LONG = b"a text of more than twelve bytes"
FINE_VIEW = view((len(LONG), LONG[:4], 0, 0))


BROKEN_TEXTS = {
    "offsets out of order": (utf8(offsets=i32(0, 5, 3)), "row 1: offsets out of order: from 5 to 3"),
    "negative offset": (utf8(offsets=i32(-4, 2, 6)), "row 0: offsets out of order: from -4"),
    "negative last offset": (utf8(offsets=i32(0, 2, -1)), "row 1: offsets out of order: from 2 to -1"),
    "large offset beyond any memory": (large(offsets=i64(0, 2, 2**62)), "row 1: offsets out of order"),
    "large negative": (large(offsets=i64(-(2**63), 0, 0)), "row 0: offsets out of order"),
    "no offsets": (utf8(offsets=None), "buffer is missing"),
    "no data": (utf8(data=None), "no data buffer"),
    "negative length": (utf8(length=-1), "length or offset is negative"),
    "negative array offset": (utf8(offset=-1), "length or offset is negative"),
    "length beyond any memory": (utf8(length=2**62), "rows from 0 on, wanted up to"),
    "length and offset overflow": (utf8(length=2**62, offset=2**62), "wanted up to"),
    "two buffers": (utf8(n_buffers=2), "it has 2 buffers, wanted 3"),
    "minus one buffers": (utf8(n_buffers=-1), "it has -1 buffers, wanted 3"),
    "no buffer list": (utf8(missing=("buffers",)), "it has 3 buffers"),
    "nulls without a bitmap": (utf8(null_count=1), "it counts nulls and marks none"),
    "a null by bitmap": (
        Column(format=b"u", length=2, buffers=[b"\x01", i32(0, 2, 6), b"abcdef"], null_count=1),
        "row 1 is null",
    ),
    "a null that is not counted": (
        Column(format=b"u", length=2, buffers=[b"\x02", i32(0, 2, 6), b"abcdef"], null_count=0),
        "row 0 is null",
    ),
    "a null with an unknown count, behind an offset": (
        Column(format=b"u", length=1, offset=9, buffers=[b"\xff\x01", i32(*([0] * 11)), b""], null_count=-1),
        "row 0 is null",
    ),
    "already given back": (utf8(released=True), "was used before"),
    "children of a text": (utf8(children=[numbers(1)]), None),
    "a dictionary": (numbers(0, 0, dictionary=utf8()), "dictionary"),
    "no format": (utf8(length=0).__class__(format=None, length=0, buffers=[]), "wanted utf8"),
    "a format nobody knows": (Column(format=b"\xff?", length=1, buffers=[None]), "wanted utf8"),
    "view: buffer beyond the last": (views(view((32, LONG[:4], 1, 0)), [LONG], i64(32)), "points out of bounds"),
    "view: negative buffer": (views(view((32, LONG[:4], -1, 0)), [LONG], i64(32)), "points out of bounds"),
    "view: past the end": (views(view((32, LONG[:4], 0, 1)), [LONG], i64(32)), "points out of bounds"),
    "view: negative place": (views(view((32, LONG[:4], 0, -1)), [LONG], i64(32)), "points out of bounds"),
    "view: negative length": (views(view((-5, LONG[:4], 0, 0)), [LONG], i64(32)), "points out of bounds"),
    "view: no such buffer": (views(FINE_VIEW, [], b""), "points out of bounds"),
    "view: null buffer": (views(FINE_VIEW, [None], i64(32)), "points out of bounds"),
    "view: negative size": (views(FINE_VIEW, [LONG], i64(-1)), "points out of bounds"),
    "view: no sizes": (
        Column(format=b"vu", length=1, buffers=[None, FINE_VIEW, LONG, None]),
        "buffer is missing",
    ),
    "view: two buffers": (Column(format=b"vu", length=1, buffers=[None, FINE_VIEW], n_buffers=2), "wanted 3"),
    "view: no views": (views(None, [LONG], i64(32)), "buffer is missing"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", BROKEN_TEXTS)
@pytest.mark.parametrize(
    "read", [native._selftest_texts, dedup.exact, dedup.near, lambda texts: consistency.rouge_l(texts, 1)]
)
def test_broken_texts_are_named(name: str, read: Callable[[object], object]) -> None:
    column, message = BROKEN_TEXTS[name]
    producer = Producer(column)
    if message is None:
        read(producer)
    else:
        with pytest.raises((ValueError, TypeError), match=message) as caught:
            read(producer)
        assert "\nhint: " in str(caught.value)
    assert producer.made.n_released == (1 if column.released else 2), "schema and array are given back once each"


BROKEN_LISTS = {
    "offsets out of order": (lists(i32(0, 3, 2)), "row 1: offsets out of order: from 3 to 2"),
    "negative": (lists(i32(-1, 1, 3)), "row 0: offsets out of order"),
    "past the end": (lists(i32(0, 1, 4)), "its lists end at 4, its values at 3"),
    "no offsets": (lists(None), "buffer is missing"),
    "one buffer": (lists(n_buffers=1), "it has 1 buffers, wanted 2"),
    "child with an offset past its end": (lists(child=numbers(7, 8, 9, length=2, offset=1)), "values at 2"),
    "child counts nulls without a bitmap": (lists(child=numbers(7, 8, 9, null_count=2)), "marks none"),
    "child is null in a list": (
        lists(child=Column(format=b"i", length=3, buffers=[b"\x05", i32(7, 8, 9)], null_count=1)),
        "row 1 is null or holds a null",
    ),
    "no child list": (lists(missing=("array children",)), "it has 1 children, wanted 1"),
    "a null pointer for a child": (lists(missing=("array child",)), "child 0 is a null pointer"),
    "a child that was given back": (lists(child=numbers(7, 8, 9, released=True)), "given back before it was read"),
    "no schema children": (lists(missing=("schema children",)), "children of its type"),
    "a null schema child": (lists(missing=("schema child",)), "children of its type"),
    "minus one children": (lists(n_children=-1), "got -1 children"),
    "more children than any memory": (lists(n_children=2**61), "children of its type"),
    "no children at all": (Column(format=b"+l", length=1, buffers=[None, i32(0, 1)]), "0 children, wanted 1"),
    "texts as values": (lists(child=utf8(length=2)), None),
    "fixed size past the end": (
        Column(format=b"+w:2", length=2, buffers=[None], children=[numbers(7, 8, 9)]),
        "its lists end at 4, its values at 3",
    ),
    "fixed size that overflows": (
        Column(format=b"+w:4611686018427387904", length=4, buffers=[None], children=[numbers(7, 8, 9)]),
        "impossible number of values",
    ),
    "fixed size with an offset that overflows": (
        Column(format=b"+w:4611686018427387904", length=0, offset=4, buffers=[None], children=[numbers(7)]),
        "impossible number of values",
    ),
    "negative fixed size": (Column(format=b"+w:-2", length=1, buffers=[None], children=[numbers(7)]), "arrow format"),
}


@pytest.mark.parametrize("name", BROKEN_LISTS)
def test_broken_lists_are_named(name: str) -> None:
    column, message = BROKEN_LISTS[name]
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        native._selftest_lists(Producer(column))
    assert "\nhint: " in str(caught.value)
    table = Column(format=b"+s", length=column.length, buffers=[None], children=[column])
    producer = Producer(table)
    with pytest.raises((ValueError, TypeError)):
        packing.pack(producer, 8)
    assert producer.made.n_released == 2


def test_a_table_whose_columns_are_shorter_is_refused() -> None:
    short = Column(format=b"+s", length=3, buffers=[None], children=[lists()])
    with pytest.raises(ValueError, match="shorter than its table"):
        packing.pack(Producer(short), 8)
    beyond = Column(format=b"+s", length=1, offset=2, buffers=[None], children=[lists()])
    with pytest.raises(ValueError, match="shorter than its table"):
        packing.pack(Producer(beyond), 8)


def test_types_nested_without_end_are_refused() -> None:
    deep = numbers(1)
    for _ in range(40):
        deep = Column(format=b"+s", length=1, buffers=[None], children=[deep])
    with pytest.raises(ValueError, match="nested deeper"):
        native._selftest_texts(Producer(deep))


@pytest.mark.parametrize("kind", ["ok", "again", "wrong"])
def test_what_is_no_pair_of_capsules_is_refused(kind: str) -> None:
    made = Producer(utf8())
    schema, array = made.__arrow_c_array__()
    for answer in (None, 3, (), (schema,), (schema, 3), (array, schema), [schema, array], (schema, schema)):

        class Odd:
            def __arrow_c_array__(self, requested_schema: object = None, answer: object = answer) -> object:
                return answer

        class OddStream:
            def __arrow_c_stream__(self, requested_schema: object = None, answer: object = answer) -> object:
                return answer

        for odd in (Odd(), OddStream()):
            with pytest.raises((TypeError, ValueError), match="hint: "):
                native._selftest_texts(odd)


def test_a_protocol_that_raises_is_heard() -> None:
    class Raises:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise LookupError("no such file")

    with pytest.raises(LookupError, match="no such file"):
        native._selftest_texts(Raises())


def test_streams_that_fail_give_everything_back() -> None:
    stream = Stream(utf8(), repeat(utf8(), 3), lambda: 5)
    with pytest.raises(ValueError, match="code 5: the disk is gone"):
        native._selftest_texts(stream)
    assert stream.n_released == 1
    assert [made.n_released for made in stream.made] == [1, 1, 1, 1]


def test_a_good_stream_arrives_and_is_given_back() -> None:
    stream = Stream(utf8(), repeat(utf8(), 3))
    assert native._selftest_texts(stream) == [b"ab", b"cdef"] * 3
    assert (stream.n_released, [made.n_released for made in stream.made]) == (1, [1, 1, 1, 1])


def test_a_chunk_of_another_type_is_refused() -> None:
    stream = Stream(utf8(), iter([utf8(), numbers(1, 2)]))
    with pytest.raises(ValueError, match="it has 2 buffers, wanted 3"):
        native._selftest_texts(stream)
    with pytest.raises(ValueError, match="1 children, wanted 0"):
        native._selftest_texts(Stream(utf8(), iter([lists(n_buffers=3)])))


def test_text_that_is_no_utf8_is_named_by_row_or_read_as_bytes() -> None:
    """The column says utf8 and holds 0xFF: whoever reads letters refuses it, whoever compares bytes may go on."""
    column = utf8(data=b"ab\xffdef")
    assert native._selftest_texts(Producer(column)) == [b"ab", b"\xffdef"]
    for read in (
        consistency.rouge_l, consistency.rouge_n, consistency.jaccard, consistency.word_edit,
        consistency.char_edit, consistency.selfcheck, consistency.vote,
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"row 1: not UTF-8 from byte 0 on\nhint"):
            read(Producer(column), 1)
    for find in (dedup.near, lambda texts: dedup.exact(texts, normalised=True)):
        with pytest.raises(ValueError, match="row 1"):
            find(Producer(column))
    with pytest.raises(ValueError, match="row 1"):
        dedup.decontaminate(Producer(column), ["one two three"], n=2)
    with pytest.raises(ValueError, match=r"row 1|held-out"):
        dedup.decontaminate(["one two three"], Producer(column), n=2)


def test_what_looks_odd_but_is_allowed_is_read_right() -> None:
    read = native._selftest_texts
    assert read(Producer(utf8(length=0, offsets=None, data=None))) == []
    assert read(Producer(utf8(data=None, offsets=i32(0, 0, 0)))) == [b"", b""]
    assert read(Producer(utf8(length=1, offset=1))) == [b"cdef"]
    assert read(Producer(utf8(offsets=i32(2, 3, 6)))) == [b"c", b"def"]
    bitmap = Column(format=b"u", length=1, offset=1, buffers=[b"\x02", i32(0, 2, 6), b"abcdef"], null_count=-1)
    assert read(Producer(bitmap)) == [b"cdef"]
    assert read(Producer(views(view((3, b"abc")), [], b""))) == [b"abc"]
    assert read(Producer(views(FINE_VIEW, [LONG], i64(32)))) == [LONG]
    found = native._selftest_lists(Producer(lists(i32(1, 1, 3))))
    assert pa.table(found[0]).column(0).to_pylist() == [[], [8, 9]]


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.integers(-3, 9), min_size=1, max_size=7),
    st.integers(0, 3),
    st.integers(-2, 3),
    st.binary(min_size=2, max_size=2),
    st.booleans(),
    st.booleans(),
)
def test_random_lists_are_right_or_refused(
    offsets: list[int], start: int, null_count: int, bitmap: bytes, has_bitmap: bool, wide: bool
) -> None:
    """Any offsets, any slice, any validity, against the specification read plainly."""
    start = min(start, len(offsets) - 1)
    length = len(offsets) - 1 - start
    raw = (i64 if wide else i32)(*offsets)
    column = Column(
        format=b"+L" if wide else b"+l",
        length=length,
        offset=start,
        buffers=[bitmap if has_bitmap else None, raw],
        children=[numbers(*range(8))],
        null_count=null_count,
    )
    used = offsets[start:]
    bits = int.from_bytes(bitmap, "little")
    wrong = any(a < 0 or b < a for a, b in pairwise(used)) or (length > 0 and used[-1] > 8)
    if length > 0 and has_bitmap:
        wrong = wrong or any(not bits >> (start + i) & 1 for i in range(length))
    elif length > 0:
        wrong = wrong or null_count > 0
    if wrong:
        with pytest.raises(ValueError, match="\nhint: "):
            native._selftest_lists(Producer(column))
    else:
        [batch] = native._selftest_lists(Producer(column))
        assert pa.table(batch).column(0).to_pylist() == [list(range(a, b)) for a, b in pairwise(used)]


ENTRY = st.one_of(
    st.binary(max_size=12).map(lambda text: (len(text), text)),
    st.tuples(st.integers(-2, 30), st.binary(min_size=4, max_size=4), st.integers(-1, 3), st.integers(-2, 30)),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(ENTRY, max_size=5), st.lists(st.binary(max_size=40), max_size=3), st.integers(0, 2))
def test_random_views_are_right_or_refused(entries: list[Any], data: list[bytes], start: int) -> None:
    start = min(start, len(entries))
    column = views(view(*entries), list(data), i64(*map(len, data)), length=len(entries) - start, offset=start)
    wanted: list[bytes] | None = []
    for entry in entries[start:]:
        if len(entry) == 2 or 0 <= entry[0] <= 12:
            inline = entry[1] if len(entry) == 2 else entry[1] + struct.pack("=ii", *entry[2:])
            found: bytes | None = inline[: entry[0]]
        else:
            n, _, which, at = entry
            fits = n >= 0 and 0 <= which < len(data) and at >= 0 and at + n <= len(data[which])
            found = data[which][at : at + n] if fits else None
        wanted = None if found is None or wanted is None else [*wanted, found]
    if wanted is None:
        with pytest.raises(ValueError, match="points out of bounds"):
            native._selftest_texts(Producer(column))
    else:
        assert native._selftest_texts(Producer(column)) == wanted


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(-3, 12), min_size=1, max_size=8), st.booleans(), st.binary(min_size=12, max_size=12))
def test_random_text_offsets_are_right_or_refused(offsets: list[int], wide: bool, data: bytes) -> None:
    make = i64 if wide else i32
    column = Column(format=b"U" if wide else b"u", length=len(offsets) - 1, buffers=[None, make(*offsets), data])
    pairs = list(pairwise(offsets))
    if any(a < 0 or b < a for a, b in pairs):
        with pytest.raises(ValueError, match="offsets out of order"):
            native._selftest_texts(Producer(column))
    else:
        assert native._selftest_texts(Producer(column)) == [data[a:b] for a, b in pairs]
