"""How a record becomes a row and comes back: columns out of the record's own fields, whatever its type.

A field that holds another record is a column `NAME_id`; a conversation is a list of role and content; what has no column type
of its own (meta, answers made elsewhere) is JSON. A table that others read, or that a later pass walks, has more: every prompt
and text that a row refers to as a conversation under its own name, and `parents`, all that is needed to build the record again.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sctk_core.errors import StoreError
from sctk_core.records import Message, Prompt, Sample

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]
Values = list[Any]
PARENTS = "parents"
_PLAIN: Mapping[Any, str] = {str: "text", int: "int", float: "float", bool: "bool"}
_LISTS: Mapping[Any, str] = {str: "texts", int: "ints", float: "floats"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column: its name, its kind, the field it comes from, and of a parent's column the parent's type."""

    name: str
    kind: str
    field: str
    parent: type | None = None


_hints = cache(typing.get_type_hints)


@cache
def columns(record: type) -> tuple[Column, ...]:
    """The columns of a record type; the id comes first."""
    hints = _hints(record)
    found = [_column(field.name, hints[field.name]) for field in dataclasses.fields(record)]
    return tuple(sorted(found, key=lambda column: column.name != "id"))


def _column(name: str, hint: Any) -> Column:
    arms = typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kept = [arm for arm in arms if arm is not type(None)]
        return _column(name, kept[0]) if len(kept) == 1 else Column(name=name, kind="json", field=name)
    if typing.get_origin(hint) is typing.Literal:
        return Column(name=name, kind=_PLAIN[type(arms[0])], field=name)
    if typing.get_origin(hint) is tuple and arms:
        kind = "turns" if arms[0] is Message else _LISTS.get(arms[0], "json")
        return Column(name=name, kind=kind, field=name)
    if is_record(hint):
        return Column(name=f"{name}_id", kind="text", field=name, parent=hint)
    return Column(name=name, kind=_PLAIN.get(hint, "json"), field=name)


def is_record(kind: Any) -> bool:
    """Whether a type is a record: a dataclass that has an id."""
    return dataclasses.is_dataclass(kind) and any(field.name == "id" for field in dataclasses.fields(kind))


@cache
def _getter(record: type) -> Callable[[Any], tuple[Any, ...]]:
    names = [column.field for column in columns(record)]
    found = attrgetter(*names)
    return found if len(names) > 1 else lambda value: (found(value),)


def values_of(record: Any) -> Values:
    """A record as one value for each of its columns, fit for JSON."""
    kind = type(record)
    return [
        value if value is None or (column.kind in _AS_IT_IS and column.parent is None) else _told(column, value)
        for column, value in zip(columns(kind), _getter(kind)(record), strict=True)
    ]


_AS_IT_IS = frozenset(("text", "int", "float", "bool", "texts", "ints", "floats"))
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _told(column: Column, value: Any) -> Any:
    if column.parent is not None:
        return value.id
    if column.kind == "turns":
        return [[turn.role, turn.content] for turn in value]
    return _ENCODER.encode(_plain(value))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, tuple | list) else value


def record_from(kind: type, row: Mapping[str, Any], parents: Mapping[str, Mapping[str, Any]]) -> Any:
    """The record of a row; `parents` are the rows of all records that it refers to, by id. A row that was changed is an error."""
    fields: dict[str, Any] = {}
    hints = _hints(kind)
    for column in columns(kind):
        if column.name == "id":
            continue
        value = row[column.name]
        if value is not None and column.parent is not None:
            fields[column.field] = record_from(column.parent, parents[value], parents)
        else:
            fields[column.field] = _read(column, hints[column.field], value)
    record = kind(**fields)
    if record.id != row["id"]:
        raise StoreError(
            f"the row of {kind.__name__.lower()} {row['id']} holds another record: its content is that of {record.id}",
            hint="the file was changed after it was written: take its directory away and run the same line again",
        )
    return record


def _read(column: Column, hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if column.kind == "turns":
        return tuple(Message(role=_of(turn, "role", 0), content=_of(turn, "content", 1)) for turn in value)
    if column.kind in ("texts", "ints", "floats"):
        return tuple(value)
    return _built(hint, json.loads(value)) if column.kind == "json" else value


def _of(turn: Any, name: str, place: int) -> Any:
    return turn[name] if isinstance(turn, Mapping) else turn[place]


def _built(hint: Any, value: Any) -> Any:
    """A plain value as the type of its field: dataclasses and tuples are made again, all else is as JSON has it."""
    arms = [arm for arm in typing.get_args(hint) if arm is not type(None)]
    if typing.get_origin(hint) in (typing.Union, types.UnionType) and len(arms) == 1:
        return None if value is None else _built(arms[0], value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        return hint(**{name: _built(hints[name], member) for name, member in value.items()})
    return tuple(value) if typing.get_origin(hint) is tuple else value


def whole(record: Any) -> Values:
    """A record's values, its prompts and texts as conversations, and its parents: what a table for others holds."""
    known: dict[str, Any] = {}
    _gather(record, known)
    bag = {
        name: dict(zip((c.name for c in columns(type(one))), values_of(one), strict=True))
        for name, one in known.items()
    }
    return [*values_of(record), *(turns for _, turns in _shown(record)), _ENCODER.encode(bag)]


def _gather(record: Any, known: dict[str, Any]) -> None:
    for column in columns(type(record)):
        parent = getattr(record, column.field) if column.parent is not None else None
        if parent is not None and parent.id not in known:
            known[parent.id] = parent
            _gather(parent, known)


def _shown(record: Any) -> list[tuple[str, list[list[str]] | None]]:
    """The prompts and texts of a record as conversations, by name: `completion` is the text of the record itself."""
    found = [
        (column.field, _turns(getattr(record, column.field)))
        for column in columns(type(record))
        if column.parent is not None and issubclass(column.parent, Prompt | Sample)
    ]
    return [*found, ("completion", _turns(record))] if isinstance(record, Sample) else found


def _turns(record: Prompt | Sample | None) -> list[list[str]] | None:
    if record is None:
        return None
    if isinstance(record, Sample):
        return [["assistant", record.text]]
    return [[turn.role, turn.content] for turn in record.messages]


@cache
def schema(record: type, *, full: bool = False) -> Mapping[str, str]:
    """Column -> kind of a record's table; `full`: of a table that others read."""
    found = {column.name: column.kind for column in columns(record)}
    if full:
        parents = [c.field for c in columns(record) if c.parent is not None and issubclass(c.parent, Prompt | Sample)]
        found |= dict.fromkeys([*parents, *(["completion"] if issubclass(record, Sample) else [])], "turns")
        found[PARENTS] = "text"
    return found


def parents_of(row: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The rows of a row's parents, by id."""
    found: Mapping[str, Mapping[str, Any]] = json.loads(row[PARENTS])
    return found


def frame(kinds: Mapping[str, str], rows: Sequence[Values]) -> pl.DataFrame:
    """Rows of plain values as a table."""
    import polars as pl

    turn = pl.Struct({"role": pl.String(), "content": pl.String()})
    known: dict[str, Any] = {
        "text": pl.String(), "json": pl.String(), "int": pl.Int64(), "float": pl.Float64(), "bool": pl.Boolean(),
        "texts": pl.List(pl.String), "ints": pl.List(pl.Int64), "floats": pl.List(pl.Float64), "turns": pl.List(turn),
    }  # fmt: skip
    data: dict[str, pl.Series] = {}
    for place, (name, kind) in enumerate(kinds.items()):
        values = [row[place] for row in rows]
        if kind == "turns":
            values = [None if v is None else [{"role": role, "content": text} for role, text in v] for v in values]
        elif kind == "float":
            values = [None if v is None else float(v) for v in values]
        data[name] = pl.Series(name, values, dtype=known[kind], strict=True)
    return pl.DataFrame(data)
