"""What Python can hand over that is not what it seems: odd NumPy arrays, odd strings, numbers beyond any machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sctk_rs import consistency, dedup, packing

NUMBERS = np.arange(12)


def odd_arrays(dtype: str) -> dict[str, Any]:
    """Arrays of the same twelve numbers, in forms that a buffer of `dtype` does not have."""
    plain = NUMBERS.astype(dtype)
    return {
        "big endian": plain.astype(np.dtype(dtype).newbyteorder(">")),
        "strided": np.repeat(plain, 2)[::2],
        "backwards": plain[::-1],
        "objects": plain.astype(object),
        "0-d": plain[3].reshape(()),
        "text": plain.astype(str),
        "dates": plain.astype("i8").astype("M8[s]"),
        "complex": plain.astype(complex),
        "records": np.zeros(12, [("a", dtype)]),
        "misaligned": np.frombuffer(b"\0" + plain.tobytes(), "u1")[1:].view(dtype),
    }


@pytest.mark.parametrize("name", odd_arrays("i8"))
@pytest.mark.parametrize(
    ("dtype", "read"),
    [
        ("i8", lambda x: packing.plan(x, 64)),
        ("f4", lambda x: consistency.clusters(x, 2, above=0.5)),
        ("i4", lambda x: consistency.semantic_entropy(x, 4)),
        ("i8", lambda x: consistency.rouge_l(["a"] * 11, x)),
        ("u8", lambda x: dedup.sketch(x, np.array([0, 12]))),
        ("i8", lambda x: dedup.sketch(np.arange(11, dtype="u8"), x)),
        ("f8", lambda x: consistency.semantic_entropy([0] * 12, 12, log_likelihoods=x, estimator="likelihood")),
    ],
    ids=["lengths", "matrix", "labels", "offsets", "hashes", "hash offsets", "log-likelihoods"],
)
def test_odd_arrays_are_refused_or_read_right(dtype: str, read: Callable[[Any], Any], name: str) -> None:
    """Refused in words, or the same result as for the plain array of the same numbers."""
    odd = odd_arrays(dtype)[name]
    try:
        got = read(odd)
    except (TypeError, ValueError) as refused:
        if name == "misaligned":
            return
        assert re.search(r"got|wanted|no groups of 3", str(refused)), refused  # noqa: PT017
        assert "\nhint: " in str(refused)  # noqa: PT017
        return
    assert name in ("big endian", "strided", "backwards", "objects", "misaligned"), "it was taken for numbers"
    same = read(np.ascontiguousarray(odd, dtype))
    first, second = (getattr(found, "order", found) for found in (got, same))
    first, second = (
        getattr(found, "values", found) if found.type.endswith("list") else found for found in (first, second)
    )
    assert bytes(memoryview(first)) == bytes(memoryview(second))


def test_arrays_that_cannot_be_written_are_read() -> None:
    lengths = np.array([3, 4, 5])
    lengths.flags.writeable = False
    assert len(packing.plan(lengths, 8)) == 2
    matrix = np.eye(3)[None]
    matrix.flags.writeable = False
    assert np.asarray(consistency.clusters(matrix, above=0.5)).tolist() == [0, 1, 2]


class Word(str):
    __slots__ = ()

    def __len__(self) -> int:
        return 10**9


LISTS = (dedup.exact, dedup.near, lambda texts: consistency.rouge_l(texts, 1), lambda texts: consistency.vote(texts, 1))


@pytest.mark.parametrize("read", LISTS)
@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(st.text(), st.text(st.characters(categories=["Cs", "Ll"]), max_size=4)), max_size=6))
def test_any_str_is_read_or_named(read: Callable[[Any], Any], texts: list[str]) -> None:
    """With lone surrogates anywhere: the first row that has one is named, and nothing else is refused."""
    broken = [i for i, text in enumerate(texts) if any("\ud800" <= c <= "\udfff" for c in text)]
    if broken:
        with pytest.raises(ValueError, match=rf"row {broken[0]}: a lone surrogate.*\nhint: "):
            read(texts)
    else:
        read(texts)


@pytest.mark.parametrize("read", LISTS)
@pytest.mark.parametrize("odd", [None, 3, b"bytes", ["nested"], np.str_, object()], ids=lambda odd: type(odd).__name__)
def test_what_is_no_str_is_named(read: Callable[[Any], Any], odd: object) -> None:
    with pytest.raises(TypeError, match=r"row 1: got .*, wanted str\nhint: "):
        read(["fine", odd, "fine"])


def test_subclasses_of_str_and_list_are_what_they_are() -> None:
    class Texts(list[str]):
        def __len__(self) -> int:
            return 10**9

        def __getitem__(self, at: Any) -> Any:
            raise AssertionError("nobody asks")

    assert len(dedup.exact(Texts(["a", Word("b"), np.str_("a")]))) == 3
    assert np.asarray(dedup.exact([Word("b"), "b"])).tolist() == [0, 0]


def test_memory_that_is_refused_is_an_exception() -> None:
    """Four thousand million pieces: either the machine has the memory, or the process lives on without a plan."""
    limit = pytest.importorskip("resource")
    before = limit.getrlimit(limit.RLIMIT_AS)
    limit.setrlimit(limit.RLIMIT_AS, (64 << 30, before[1]))
    try:
        for strategy in ("best-fit", "wrapped"):
            with pytest.raises(MemoryError, match=r"4[0-9]{9} pieces.*\nhint: "):
                packing.plan([4_000_000_000], 1, strategy, overflow="split")
    finally:
        limit.setrlimit(limit.RLIMIT_AS, before)


@pytest.mark.parametrize("strategy", ["best-fit", "wrapped"])
def test_two_to_the_31_tokens_are_planned(strategy: str) -> None:
    plan = packing.plan([2**31, 1, 2**31 + 5], 4096, strategy, overflow="split")
    assert plan.loss.tokens_kept == 2**32 + 6
    assert len(plan) == 2**20 + 1


@pytest.mark.parametrize("lengths", [[-1], [2**41], [2**63 - 1], np.array([2**64 - 1], "u8")], ids=repr)
def test_lengths_that_no_row_has_are_refused(lengths: object) -> None:
    with pytest.raises(ValueError, match="row 0: its length is negative or above"):
        packing.plan(lengths, 4096, overflow="truncate")


def test_empty_columns_of_the_wrong_type_are_refused() -> None:
    assert len(dedup.exact(pa.array([]))) == 0
    with pytest.raises(TypeError, match="got int64, wanted utf8"):
        dedup.exact(pa.array([], pa.int64()))
