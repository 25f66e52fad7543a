"""Rows out of a file, one by one, by whoever needs every one of them: what cannot be read is an error with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from sctk_core.errors import ConfigError
from sctk_core.reading.chunks import Chunk, chunks_of
from sctk_core.reading.faults import Fault
from sctk_core.reading.forms import WRITTEN
from sctk_core.reading.inputs import Input
from sctk_core.reading.lines import objects
from sctk_core.reading.paths import root_of
from sctk_core.reading.tables import Table

_LINES_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row; `where` is `file:line`, or `file, row N` where there are no lines. `is_text`: its form has no values but text.

    `called` is what the file calls columns that stand here under their usual names.
    """

    where: str
    values: dict[str, Any]
    is_text: bool = False
    called: Mapping[str, str] = field(default_factory=dict)

    def name(self, path: str) -> str:
        """A column, or a path into one, as the file calls it."""
        root = root_of(path, self.values) if self.called else path
        return self.called[root] + path[len(root) :] if root in self.called else path


def rows_of(source: Input) -> Iterator[Row]:
    """All rows of a file in order; at least one, or a ConfigError."""
    n_rows = 0
    for chunk, _ in chunks_of(source, n_bytes=_LINES_BYTES):
        for index, values in _values(chunk):
            n_rows += 1
            yield Row(where=chunk.where(index), values=values, is_text=source.form in WRITTEN)
    if not n_rows:
        raise ConfigError(f"{source.name}: got no row, wanted at least one", hint="was it written to its end?")


def _values(chunk: Chunk) -> Iterator[tuple[int, dict[str, Any]]]:
    return enumerate(chunk.frame.iter_rows(named=True)) if isinstance(chunk, Table) else objects(chunk, _refuse)


def _refuse(fault: Fault) -> NoReturn:
    raise fault.error()
