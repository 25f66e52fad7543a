"""How a record becomes a row and comes back: columns out of the record's own fields, whatever its type.

A field that holds another record is a column `NAME_id`, one that holds several `NAME_ids`; a conversation is a list of role and
content (and, in a table of prompts that has some, of what it has to do with tools, as JSON); what has no column type of its own
(meta, answers made elsewhere) is JSON. A table that others read, or that a later pass walks, has more: every prompt and text that
a row refers to as a conversation under its own name, calls as text, `parents`, all that is needed to build the record again, and
`item`, the item whose walk made it.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sctk_core.errors import ContractError, StoreError
from sctk_core.identity import encoder
from sctk_core.records import Message, Prompt, Sample, Weighted
from sctk_core.shown import name_of, shown
from sctk_core.store.failures import FOREIGN

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]
Values = list[Any]
PARENTS, ITEM = "parents", "item"
TURN = ("role", "content", "tools")
"""The fields of a turn; the last is there where a turn of the column has to do with tools."""
_PLAIN: Mapping[Any, str] = {str: "text", int: "int", float: "float", bool: "bool"}
_LISTS: Mapping[Any, str] = {str: "texts", int: "ints", float: "floats"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column: its name, its kind, its field; of a parent's column the parent's type, and whether it holds many."""

    name: str
    kind: str
    field: str
    parent: type | None = None
    many: bool = False


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
    if typing.get_origin(hint) is tuple and arms and is_record(arms[0]):
        return Column(name=f"{name}_ids", kind="texts", field=name, parent=arms[0], many=True)
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
    kind: Any = type(record)
    values = list(_getter(kind)(record))
    for place, column in _told_otherwise(kind):
        if values[place] is not None:
            values[place] = _told(column, values[place])
    return values


@cache
def _told_otherwise(record: type) -> tuple[tuple[int, Column], ...]:
    """The columns whose values are not those of the record, with their places."""
    found = enumerate(columns(record))
    return tuple((place, one) for place, one in found if one.kind not in _AS_IT_IS or one.parent is not None)


@cache
def _names(record: type) -> tuple[str, ...]:
    return tuple(column.name for column in columns(record))


@cache
def _parents(record: type) -> tuple[Column, ...]:
    return tuple(column for column in columns(record) if column.parent is not None)


_AS_IT_IS = frozenset(("text", "int", "float", "bool", "texts", "ints", "floats"))
_encoded = encoder(sort_keys=True)


def _told(column: Column, value: Any) -> Any:
    if column.parent is not None:
        return [one.id for one in value] if column.many else value.id
    if column.kind == "turns":
        return [turn.values for turn in value]
    return _encoded(_plain(value))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    return [_plain(member) for member in value] if isinstance(value, tuple | list) else value


def record_from(kind: type, row: Mapping[str, Any], parents: Mapping[str, Mapping[str, Any]]) -> Any:
    """The record of a row; `parents` are the rows of all records that it refers to, by id. A row that was changed is an error.

    A column that a table of an older sctk lacks is as the record's field has it by default.
    """
    try:
        return _record_from(kind, row, parents)
    except StoreError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        ContractError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise _strange(row, f"holds no such record ({name_of(type(error))})", kind) from error


def _record_from(kind: type, row: Mapping[str, Any], parents: Mapping[str, Mapping[str, Any]]) -> Any:
    fields: dict[str, Any] = {}
    hints = _hints(kind)
    for column in columns(kind):
        if column.name == "id" or column.name not in row:
            continue
        value = row[column.name]
        if value is not None and column.parent is not None:
            found = tuple(
                record_from(column.parent, parents[one], parents) for one in (value if column.many else [value])
            )
            fields[column.field] = found if column.many else found[0]
        else:
            fields[column.field] = _read(column, hints[column.field], value)
    record = kind(**fields)
    if record.id != row["id"]:
        raise _strange(row, f"holds another record: its content is that of {record.id}", kind)
    return record


def _strange(row: Mapping[str, Any], what: str, kind: type | None = None) -> StoreError:
    """What is said of a row that sctk did not write."""
    of = f" of {kind.__name__.lower()}" if kind else ""
    return StoreError(f"the row{of} {shown(row.get('id'))} {what}", hint=FOREIGN)


@cache
def needed(record: type) -> frozenset[str]:
    """The columns without which there is no such record: its id, and those of fields that have no default."""
    missing = dataclasses.MISSING
    fields = (f.name for f in dataclasses.fields(record) if f.default is f.default_factory is missing)
    known = {column.field: column.name for column in columns(record)}
    return frozenset(known[name] for name in fields)


@cache
def may_be_none(record: type) -> frozenset[str]:
    """The columns that hold nothing where the field is None, or where what they show is."""
    hints = _hints(record)
    found = [one for one in columns(record) if type(None) in typing.get_args(hints[one.field])]
    return frozenset(name for column in found for name in (column.name, column.field))


def _read(column: Column, hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if column.kind == "turns":
        return tuple(Message.of(*(turn.values() if isinstance(turn, Mapping) else turn)) for turn in value)
    if column.kind in ("texts", "ints", "floats"):
        return tuple(value)
    return _built(hint, json.loads(value)) if column.kind == "json" else value


def _built(hint: Any, value: Any) -> Any:
    """A plain value as the type of its field: dataclasses and tuples are made again, all else is as JSON has it.

    A TypeError where it is of another type.
    """
    arms = [arm for arm in typing.get_args(hint) if arm is not type(None)]
    if typing.get_origin(hint) in (typing.Union, types.UnionType) and len(arms) == 1:
        return None if value is None else _built(arms[0], value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        return hint(**{name: _built(hints[name], member) for name, member in value.items()})
    origin = typing.get_origin(hint)
    if (origin is tuple and not isinstance(value, list)) or (origin is Mapping and not isinstance(value, dict)):
        raise TypeError(f"got {type(value).__name__}")
    return tuple(value) if origin is tuple else value


def whole(record: Any, item: str = "") -> Values:
    """A record's values, its prompts and texts as conversations, its parents, and the item that made it: what a table for others
    holds."""
    known: dict[str, Any] = {}
    _gather(record, known)
    bag = {name: _named(one) for name, one in known.items()}
    return [*values_of(record), *(turns for _, turns in _shown(record)), _encoded(bag), item]


def _named(record: Any) -> Row:
    kind: Any = type(record)
    return dict(zip(_names(kind), values_of(record), strict=True))


def _gather(record: Any, known: dict[str, Any]) -> None:
    kind: Any = type(record)
    for column in _parents(kind):
        value = getattr(record, column.field)
        for parent in value if column.many else [value]:
            if parent is not None and parent.id not in known:
                known[parent.id] = parent
                _gather(parent, known)


def _shown(record: Any) -> list[tuple[str, list[list[str]] | None]]:
    """The prompts and texts of a record as conversations, by name: `completion` is its own text, or that it weighs."""
    if isinstance(record, Weighted):
        return _shown(record.sample)
    kind: Any = type(record)
    parents = [one for one in _parents(kind) if one.parent and not one.many]
    shown = [one.field for one in parents if issubclass(one.parent or object, Prompt | Sample)]
    found = [(name, _turns(getattr(record, name))) for name in shown]
    return [*found, ("completion", _turns(record))] if isinstance(record, Sample) else found


def _turns(record: Prompt | Sample | None) -> list[list[str]] | None:
    if record is None:
        return None
    if isinstance(record, Sample):
        return [["assistant", record.text]]
    return [[turn.role, turn.text] for turn in record.messages]


@cache
def schema(record: type, *, full: bool = False) -> Mapping[str, str]:
    """Column -> kind of a record's table; `full`: of a table that others read."""
    found = {column.name: column.kind for column in columns(record)}
    if full and issubclass(record, Weighted):
        found |= {"prompt": "turns", "completion": "turns", PARENTS: "text", ITEM: "text"}
    elif full:
        parents = [
            c.field for c in _parents(record) if c.parent and not c.many and issubclass(c.parent, Prompt | Sample)
        ]
        found |= dict.fromkeys([*parents, *(["completion"] if issubclass(record, Sample) else [])], "turns")
        found |= {PARENTS: "text", ITEM: "text"}
    return found


def parents_of(row: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The rows of a row's parents, by id; a StoreError where the column holds something else."""
    found = object_in(row, PARENTS)
    if not all(isinstance(one, dict) for one in found.values()):
        raise _strange(row, f"holds no records in the column {PARENTS!r}")
    return found


def object_in(row: Mapping[str, Any], column: str) -> Mapping[str, Any]:
    """The JSON object in a column of a row, which may be a stranger's; a StoreError where the column holds none."""
    try:
        found = json.loads(row[column])
    except (LookupError, RecursionError, TypeError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise _strange(row, f"holds no JSON object in the column {column!r}")
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
    by_column: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(kinds)
    for (name, kind), values in zip(kinds.items(), by_column, strict=True):
        if kind == "float":
            values = [None if v is None else float(v) for v in values]
        if kind == "turns" or kind in _LISTED:
            data[name] = _lists(name, kind, values)
        else:
            data[name] = pl.Series(name, values, dtype=known[kind], strict=True)
    return pl.DataFrame(data)


_LISTED = frozenset(_LISTS.values())


def _lists(name: str, kind: str, values: Sequence[Any]) -> pl.Series:
    """Lists as a column: all members as one flat column, which is then cut; list by list it would take up to 25 times as long."""
    import polars as pl

    lengths = [len(value) if value else 0 for value in values]
    flat = [member for value in values if value for member in value]
    if kind == "turns":
        fields = TURN[: max(map(len, flat), default=2)]
        parts = {field: [turn[n] if n < len(turn) else None for turn in flat] for n, field in enumerate(fields)}
        members = pl.DataFrame(parts, schema=dict.fromkeys(fields, pl.String())).to_struct(name)
    else:
        plain: Any = {"texts": pl.String(), "ints": pl.Int64(), "floats": pl.Float64()}[kind]
        members = pl.Series(
            name, [float(each) for each in flat] if kind == "floats" else flat, dtype=plain, strict=True
        )
    of = (
        pl.Series("of", range(len(values)), dtype=pl.UInt32)
        .repeat_by(pl.Series(lengths, dtype=pl.UInt32))
        .explode()
        .drop_nulls()
    )
    cut = pl.DataFrame([of, members]).group_by("of", maintain_order=True).agg(name)[name]
    if 0 not in lengths:
        return cut
    places = itertools.count()
    some = cut.gather(pl.Series([next(places) if length else None for length in lengths], dtype=pl.UInt32))
    empty = pl.Series([value is not None and not value for value in values], dtype=pl.Boolean)
    nothing = pl.Series(name, [[]], dtype=cut.dtype).new_from_index(0, len(values))
    return some.zip_with(~empty, nothing)
