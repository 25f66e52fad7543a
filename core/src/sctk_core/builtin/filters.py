"""Which rows of a file are prompts at all: patterns over columns, by name or by a path into a column.

A row stays where every pattern of `keep` is found in its column and none of `drop` is. What is searched is the text of the value;
a number is searched as it is written, a list or an object as JSON, and what is not there is an empty text. The patterns are
RE2's, whose time is linear in the text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.patterns import Pattern, linear_pattern
from sctk_core.reading import NoSuchPath, Row, no_column, value_at
from sctk_core.shown import shown


class Filter:
    """The rows that stay, and how many did in the reading at hand."""

    def __init__(self, keep: Mapping[str, Any] | None, drop: Mapping[str, Any] | None) -> None:
        self._keep = dict(_patterns(keep or {}, "keep"))
        self._drop = dict(_patterns(drop or {}, "drop"))

    def __bool__(self) -> bool:
        return bool(self._keep or self._drop)

    def stays(self, row: Row) -> bool:
        """Whether the row is a prompt."""
        values = row.values
        kept = all(pattern.found_in(_text(values, path)) for path, pattern in self._keep.items())
        return kept and not any(pattern.found_in(_text(values, path)) for path, pattern in self._drop.items())

    def through(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that stay."""
        return filter(self.stays, rows) if self else iter(rows)

    @property
    def paths(self) -> tuple[str, ...]:
        """The columns that are looked at."""
        return tuple(dict.fromkeys((*self._keep, *self._drop)))


class Counted:
    """The rows of one reading, counted before and behind a filter; a column that no row has is an error."""

    def __init__(self, rows: Filter, name: str) -> None:
        self._filter, self._name = rows, name
        self._n, self._n_kept, self._there = 0, 0, Counter[str]()
        self._columns: dict[str, None] = {}

    def through(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that stay, all of them counted."""
        return self._counting(rows) if self._filter else iter(rows)

    def _counting(self, rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            self._n += 1
            self._columns |= dict.fromkeys(row.values)
            self._there.update(path for path in self._filter.paths if _has(row.values, path))
            if self._filter.stays(row):
                self._n_kept += 1
                yield row

    def notes(self) -> tuple[str, ...]:
        """What the user should know; a ConfigError where a column is nowhere, or no row stays."""
        for path in self._filter.paths if self._n else ():
            if not self._there[path]:
                raise no_column(self._name, path, self._columns, wanted="source.rows.keep or drop")
        if self._n and not self._n_kept:
            raise ConfigError(
                f"{self._name}: got {self._n:,} rows, and none that source.rows.keep and drop let stay, wanted at least one",
                hint=f"look at what stands in {', '.join(self._filter.paths)}; patterns are regular expressions",
            )
        by = ", ".join(self._filter.paths)
        return (f"{self._name}: {self._n_kept:,} of {self._n:,} rows kept, by {by}",) if self._n else ()


def _patterns(given: Mapping[str, Any], what: str, above: str = "") -> Iterator[tuple[str, Pattern]]:
    """(path, pattern) of a table of patterns; tables inside it are steps of the path."""
    for name, value in given.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping):
            yield from _patterns(value, what, f"{path}.")
            continue
        where = f"[source.rows] {what}.{path}"
        if not isinstance(value, str):
            raise ConfigError(
                f"{where}: got {shown(value)}, wanted a regular expression in quotes",
                hint=f'for example [source.rows.{what}] "{path}" = "^arguments$"',
            )
        yield path, linear_pattern(value, where=where)


def _has(values: Mapping[str, Any], path: str) -> bool:
    try:
        value_at(values, path)
    except NoSuchPath:
        return False
    return True


def _text(values: Mapping[str, Any], path: str) -> str:
    try:
        value = value_at(values, path)
    except NoSuchPath:
        return ""
    if isinstance(value, str) or value is None:
        return value or ""
    return json.dumps(value, ensure_ascii=False, default=str)
