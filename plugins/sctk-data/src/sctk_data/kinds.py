"""Which type a column of Parquet gets: from values out of JSON, and from types that only polars knows.

A type is chosen that holds every value as it is and that others read. Where there is none (numbers and text in one column, whole
numbers beyond 64 bits, objects without a field or with a field without a name), the column becomes text: text as it is, anything
else as JSON; and that is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sctk_core import ConfigError

if TYPE_CHECKING:
    import polars as pl

MOST_FIELDS = 1000
_EXACT = 1 << 53
_INT64, _UINT64 = (-(1 << 63), (1 << 63) - 1), (0, (1 << 64) - 1)
_TEXT_NOTE = "written as text, what is no text as JSON"


@dataclass
class Kind:
    """What was seen in one place of all rows: types of plain values, the range of whole numbers, fields, members of lists."""

    plain: set[type] = field(default_factory=set)
    low: int = 0
    high: int = 0
    fields: dict[str, Kind] | None = None
    members: Kind | None = None

    def see(self, value: Any) -> None:
        """Takes in one value."""
        kind = type(value)
        if kind is dict:
            self._see_fields(value)
        elif kind is list:
            self._see_members(value)
        elif value is not None:
            self.plain.add(kind)
            if kind is int:
                self._see_range(value, value)

    def _see_fields(self, value: dict[str, Any]) -> None:
        if self.fields is None:
            self.fields = {}
        for name, member in value.items():
            if name not in self.fields:
                self.fields[name] = Kind()
            self.fields[name].see(member)

    def _see_members(self, values: list[Any]) -> None:
        if self.members is None:
            self.members = Kind()
        kinds = set(map(type, values))
        if dict in kinds or list in kinds:
            for value in values:
                self.members.see(value)
            return
        self.members.plain |= kinds - {type(None)}
        if int in kinds:
            numbers = values if kinds == {int} else [value for value in values if type(value) is int]
            self.members._see_range(min(numbers), max(numbers))

    def _see_range(self, low: int, high: int) -> None:
        self.low, self.high = min(self.low, low), max(self.high, high)


Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class Typed:
    """A polars type, and what turns a value into one of it (None: it is one)."""

    dtype: pl.DataType
    convert: Convert | None = None


def typed(kind: Kind, name: str, note: Callable[[str], object]) -> Typed:
    """The type for what was seen in the place `name`; `note` is told of every place that becomes text."""
    import polars as pl

    why = _why_text(kind)
    if why:
        note(f"column {name!r}: got {why}: {_TEXT_NOTE}")
        return Typed(pl.String(), _as_text)
    if kind.members is not None:
        inner = typed(kind.members, f"{name}[]", note)
        return Typed(pl.List(inner.dtype), inner.convert and _each(inner.convert))
    if kind.fields is not None:
        found = {field: typed(one, f"{name}.{field}", note) for field, one in kind.fields.items()}
        converts = {field: one.convert for field, one in found.items() if one.convert}
        return Typed(
            pl.Struct({field: one.dtype for field, one in found.items()}), _by_field(converts) if converts else None
        )
    return _plain(kind)


def _plain(kind: Kind) -> Typed:
    import polars as pl

    if kind.plain == {bool}:
        return Typed(pl.Boolean())
    if kind.plain == {int}:
        return Typed(pl.Int64() if _INT64[0] <= kind.low and kind.high <= _INT64[1] else pl.UInt64())
    if kind.plain == {float}:
        return Typed(pl.Float64())
    return Typed(pl.Float64(), float) if kind.plain == {int, float} else Typed(pl.String())


def _why_text(kind: Kind) -> str:
    """Why no type but text holds all that was seen, or nothing."""
    seen = sorted(_WORDS[one] for one in kind.plain)
    seen += ["objects"] * (kind.fields is not None) + ["lists"] * (kind.members is not None)
    numbers = kind.plain <= {int, float} and len(seen) == len(kind.plain)
    if len(seen) > 1 and not numbers:
        return " and ".join(seen)
    if kind.fields is not None and not kind.fields:
        return "objects without a field"
    if kind.fields is not None and "" in kind.fields:
        return "objects with a field without a name"
    if kind.fields is not None and len(kind.fields) > MOST_FIELDS:
        return f"objects with {len(kind.fields):,} different fields"
    if int in kind.plain and float in kind.plain and max(-kind.low, kind.high) > _EXACT:
        return "fractions, and whole numbers that no fraction holds"
    fits = any(low <= kind.low and kind.high <= high for low, high in (_INT64, _UINT64))
    return "" if fits else "whole numbers beyond 64 bits"


_WORDS: dict[type, str] = {str: "text", int: "whole numbers", float: "fractions", bool: "true or false"}


def _as_text(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _each(convert: Convert) -> Convert:
    return lambda values: None if values is None else [None if one is None else convert(one) for one in values]


def _by_field(converts: dict[str, Convert]) -> Convert:
    def convert(value: Any) -> Any:
        if value is None:
            return None
        changed = {name: one(value[name]) for name, one in converts.items() if value.get(name) is not None}
        return value | changed

    return convert


def frame_of(rows: Sequence[dict[str, Any]], columns: dict[str, Typed]) -> pl.DataFrame:
    """The rows as a frame; what has no such column in its row is null."""
    import polars as pl

    made = []
    for name, one in columns.items():
        values: Iterable[Any] = (row.get(name) for row in rows)
        if one.convert is not None:
            convert = one.convert
            values = (None if value is None else convert(value) for value in values)
        made.append(pl.Series(name, list(values), dtype=one.dtype, strict=True))
    return pl.DataFrame(made)


def portable(frame: pl.DataFrame, where: str, note: Callable[[str], object]) -> pl.DataFrame:
    """The frame with types that others read: whole numbers of 128 bits as text, maps as lists of key and value. A ConfigError where
    there is no such type.
    """
    import polars as pl

    changes = {}
    for name, kind in frame.schema.items():
        nearest = _nearest(kind)
        if nearest is None:
            raise ConfigError(
                f"{where}: column {name!r}: got {kind} with objects without a field, wanted what Parquet can hold",
                hint="write .jsonl",
            )
        if nearest != kind:
            changes[name] = nearest
            note(f"column {name!r}: got {kind}, which not everybody reads: written as {nearest}")
    return frame.with_columns(pl.col(name).cast(kind) for name, kind in changes.items()) if changes else frame


def _nearest(kind: Any) -> Any:
    """The same type without 128 bits and maps; None: there is none."""
    import polars as pl

    if isinstance(kind, pl.Struct):
        inner = {one.name: _nearest(one.dtype) for one in kind.fields}
        return pl.Struct(inner) if inner and None not in inner.values() else None
    if isinstance(kind, pl.List):
        inner_kind = _nearest(kind.inner)
        return None if inner_kind is None else pl.List(inner_kind)
    if isinstance(kind, pl.Array):
        inner_kind = _nearest(kind.inner)
        return None if inner_kind is None else pl.Array(inner_kind, kind.size)
    if isinstance(kind, pl.Map):
        return _nearest(pl.List(pl.Struct({"key": kind.key, "value": kind.value})))
    return pl.String() if kind in _wide() else kind


def _wide() -> list[Any]:
    import polars as pl

    return [getattr(pl, name) for name in ("Int128", "UInt128") if hasattr(pl, name)]
