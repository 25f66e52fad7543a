"""Values out of a row by name or path, or the error that names file, line and column."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.reading import (
    NUMBER,
    OPTIONS,
    Misfit,
    NoSuchPath,
    Row,
    answers_of,
    context_of,
    half_pair,
    labelled,
    no_column,
    root_of,
    shown,
    value_at,
    written,
)

_LARGEST = sys.float_info.max


def named(row: Row, name: str, role: str) -> Any:
    """What the row holds there; a ConfigError where it has no such column, or nothing at that path in it."""
    try:
        return value_at(row.values, name)
    except NoSuchPath:
        pass
    if root_of(name, row.values) in row.values:
        root = root_of(name, row.values)
        raise ConfigError(
            f"{row.where}: {root}: got {shown(row.values[root])}, wanted {name} in it for source.columns.{role}",
            hint="a path is like base.question, turns[0].text, turns[-1].text or answers[*].text",
        )
    raise no_column(row.where, name, row.values, wanted=f"source.columns.{role}")


def as_lists(row: Row, names: Collection[str]) -> Row:
    """A row of a table of text, with the lists and objects that are written in those columns as such.

    An object that is no answer, no context and no options in any shape is the text that it is written as.
    """
    values: dict[str, Any] = {}
    for name in names:
        text = row.values.get(name)
        try:
            value = written(text) if isinstance(text, str) else None
        except Misfit as error:
            raise misfit(row, name, error) from error
        if isinstance(value, list) or (value is not None and _has_shape(name, value)):
            values[name] = value
    return replace(row, values=row.values | values) if values else row


def _has_shape(name: str, value: object) -> bool:
    """Whether a value is what its column is called after."""
    if name in OPTIONS:
        return labelled(value) is not None
    for read in (answers_of, context_of):
        try:
            read(value)
        except Misfit:
            continue
        return True
    return False


def text_in(row: Row, name: str, value: object) -> str:
    """The value, which is a text."""
    if not isinstance(value, str):
        hint = "mend the row, or name another column" + ", or a path into this one" * isinstance(value, dict)
        raise ConfigError(f"{row.where}: {row.name(name)}: got {shown(value)}, wanted text", hint=hint)
    half = half_pair(value)
    if half is not None:
        raise ConfigError(
            f"{row.where}: {row.name(name)}: got half a surrogate pair at character {half}, wanted whole characters",
            hint="the file escapes half of a character (\\ud83d, say) without its other half",
        )
    return value


def number_in(row: Row, name: str, value: object) -> float:
    """The value, which is a finite number; CSV has only text, so a number may be written in one."""
    number = as_number(value)
    if number is None:
        raise ConfigError(
            f"{row.where}: {row.name(name)}: got {shown(value)}, wanted a finite number", hint="mend the row"
        )
    return number


def as_number(value: object) -> float | None:
    """A finite number, or one that is written as text; None where it is neither.

    >>> as_number(2), as_number("-2.5e1"), as_number("1_0"), as_number(True), as_number("nan")
    (2.0, -25.0, None, None, None)
    """
    if isinstance(value, str):
        return float(value) if NUMBER.fullmatch(value) and abs(float(value)) <= _LARGEST else None
    good = isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST
    return float(value) if good else None  # type: ignore[arg-type]


def misfit(row: Row, name: str, error: Misfit) -> ConfigError:
    """The same of a value that is not what its column was taken for."""
    return ConfigError(f"{row.where}: {row.name(name)}{error.at}: {error}", hint=error.hint)
