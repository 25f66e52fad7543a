"""Rows out of a file, one by one, by whoever needs every one of them: what cannot be read is an error with file and line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from sctk_core.errors import ConfigError
from sctk_core.reading.arrays import array_text, members
from sctk_core.reading.chunks import Chunk, chunks_of
from sctk_core.reading.faults import Fault, no_object
from sctk_core.reading.inputs import Input
from sctk_core.reading.lines import objects
from sctk_core.reading.tables import Table

_LINES_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row; `where` is `file:line`, or `file, row N` where there are no lines."""

    where: str
    values: dict[str, Any]


def rows_of(source: Input) -> Iterator[Row]:
    """All rows of a file in order; at least one, or a ConfigError."""
    n_rows = 0
    for row in _array(source) if source.form == "json" else _streamed(source):
        n_rows += 1
        yield row
    if not n_rows:
        raise ConfigError(f"{source.name}: got no row, wanted at least one", hint="was it written to its end?")


def _streamed(source: Input) -> Iterator[Row]:
    for chunk, _ in chunks_of(source, n_bytes=_LINES_BYTES):
        for index, values in _values(chunk):
            yield Row(where=chunk.where(index), values=values)


def _values(chunk: Chunk) -> Iterator[tuple[int, dict[str, Any]]]:
    return enumerate(chunk.frame.iter_rows(named=True)) if isinstance(chunk, Table) else objects(chunk, _refuse)


def _array(source: Input) -> Iterator[Row]:
    """The members of an array; a file that is no array but holds one object per line is read as JSONL."""
    text = array_text(source)
    if text is None:
        yield from _streamed(replace(source, form="jsonl"))
        return
    for line, value in members(text, source.name):
        where = f"{source.name}:{line}"
        if not isinstance(value, dict):
            _refuse(no_object(where, value))
        yield Row(where=where, values=value)


def _refuse(fault: Fault) -> NoReturn:
    raise fault.error()
