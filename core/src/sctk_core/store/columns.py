"""What columns the tables of a run have, by the type of their rows, and what of a file or a row is not so.

A run's directory may be a stranger's, all of its digests right: who reads it finds columns of the kinds that we write, or a word
that tells which are not. A table of an older sctk may lack what has a default; a type that a plugin made has an id, and no more
is known of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from sctk_core.records import Critique, Decision, Failure, Measure, Pair, Prompt, Sample, Score, Value, Weighted
from sctk_core.shown import shown
from sctk_core.store.rows import ITEM, PARENTS, TURN, may_be_none, needed, schema

if TYPE_CHECKING:
    import polars as pl

LINE: Mapping[str, str] = {
    "number": "int", "stage": "text", "id": "text", "of": "text", "rank": "int", "outcome": "text", "record": "text",
    "reason": "text", "role": "text", "requests": "int", "tokens_read": "int", "tokens_written": "int",
}  # fmt: skip
"""The columns of the ledger and the kind of their values; `number` tells two items apart whose records are equal."""
DECLINED: Mapping[str, str] = {
    "row": "text", "stage": "text", "reason": "text", "because": "text", "similarity": "float", "detail": "text",
}  # fmt: skip
"""What was left out, and why: of a pass, a row is an item that made none, or a text that was refused; of a curation, a record."""
NOTES: Mapping[str, str] = {"stage": "text", "text": "text"}
"""What is to be told of a table that was read or curated."""
NUMBERS: Mapping[str, str] = {"name": "text", "value": "float"}
"""What a fit came to."""
_OWN: Mapping[str, Mapping[str, str]] = {"Line": LINE, "Declined": DECLINED, "str": NOTES, "Number": NUMBERS}
_RECORDS: Mapping[str, type] = {
    kind.__name__: kind for kind in (Prompt, Sample, Critique, Score, Decision, Pair, Weighted, Failure, Value, Measure)
}
_LAID_BESIDE = frozenset((PARENTS, ITEM, "prompt", "completion", "chosen", "rejected"))
"""What only a table that others read has."""
_INFINITE = frozenset(("log_alpha", "log_gain"))
"""The numbers that may be infinite."""


def type_named(kind: type) -> str:
    """What a manifest calls a type of rows: ours by its name alone, a plugin's with its module before it."""
    return kind.__name__ if _RECORDS.get(kind.__name__) is kind else f"{kind.__module__}.{kind.__qualname__}"


@cache
def _known(kind: str) -> tuple[Mapping[str, str], frozenset[str], frozenset[str]]:
    """Of a type of rows its columns, those that a file must have, and those that may hold nothing."""
    if kind in _OWN:
        return _OWN[kind], frozenset(_OWN[kind]), frozenset(("similarity",))
    if kind in _RECORDS:
        return schema(_RECORDS[kind], full=True), needed(_RECORDS[kind]), may_be_none(_RECORDS[kind])
    return {"id": "text", PARENTS: "text", ITEM: "text"}, frozenset(("id",)), frozenset()


def unlike(found: Mapping[str, pl.DataType], kind: str) -> str:
    """What of a file's columns is not as rows of that type have them, or ""."""
    columns, wanted, _ = _known(kind)
    for name in sorted(wanted - found.keys()):
        return f"no column {name!r}"
    known = kind in _OWN or kind in _RECORDS
    for name, dtype in found.items():
        if known and name not in columns:
            return f"a column {shown(name)} that no such table has"
        fits = dtype in _dtypes().get(columns.get(name, ""), ()) or (name not in columns and _is_ours(dtype))
        if not fits:
            return f"a column {shown(name)} of another type"
    return ""


def hollow(row: Mapping[str, Any], kind: str) -> str:
    """The first column of a row that holds nothing, or what is no such value, where rows of that type have one; or ""."""
    columns, _, empty = _known(kind)
    for name, value in row.items():
        if value is None and name in columns and name not in empty:
            return f"nothing in the column {name!r}"
        if value is not None and (complaint := _amiss(name, columns.get(name, ""), value)):
            return f"{complaint} in the column {name!r}"
    return ""


def _amiss(name: str, kind: str, value: Any) -> str:
    """What of a value is not as the values of its column's kind are."""
    if kind == "turns" and not _is_conversation(value):
        return "no conversation"
    if kind == "float" and not math.isfinite(value) and (name not in _INFINITE or math.isnan(value)):
        return "a number that is not finite"
    if name == PARENTS:
        found = _parsed(value)
        return "" if isinstance(found, dict) and all(isinstance(one, dict) for one in found.values()) else "no records"
    return "no JSON" if kind == "json" and _parsed(value) is None and value != "null" else ""


def _parsed(text: str) -> Any:
    """What a text of JSON holds, None where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_conversation(turns: list[Mapping[str, Any] | None]) -> bool:
    return bool(turns) and all(turn and None not in (turn["role"], turn["content"]) for turn in turns)


def _is_ours(dtype: pl.DataType) -> bool:
    return any(dtype in kinds for kinds in _dtypes().values())


@cache
def _dtypes() -> Mapping[str, tuple[pl.DataType, ...]]:
    import polars as pl

    text = pl.String()
    turns = tuple(pl.List(pl.Struct(dict.fromkeys(TURN[:n], text))) for n in (2, 3))
    lists = {"texts": pl.List(text), "ints": pl.List(pl.Int64()), "floats": pl.List(pl.Float64())}
    plain = {"text": text, "json": text, "int": pl.Int64(), "float": pl.Float64(), "bool": pl.Boolean()}
    return {"turns": turns} | {kind: (dtype,) for kind, dtype in (plain | lists).items()}
