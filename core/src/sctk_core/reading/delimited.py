"""CSV and TSV, row by row, by Python's own reader: quoted delimiters, quotes and line feeds, any line end.

Every value is text as it stands ("007" keeps its zeros); an empty one is null, for the form cannot tell the two apart. A row that
has not one field for each column is told and never shifted.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.reading.columns import listed
from sctk_core.reading.faults import Fault, encoded_otherwise
from sctk_core.reading.inputs import Input
from sctk_core.reading.lines import Parsed, share_of
from sctk_core.reading.packing import told, unpacked

_SAID = re.compile(r'"?sep=([^"\s\w]|\t)"?[\r\n]*', re.IGNORECASE)
_DELIMITERS = (",", ";", "\t", "|")
_NEVER_CLOSED = "unexpected end of data"
_DOUBLED = """quotes behind a backslash are written twice instead: sed 's/\\\\"/""/g' FILE > NEW_FILE"""


def parsed_rows(source: Input) -> Iterator[tuple[Parsed, float]]:
    """Every row, and the share of the file that was read."""
    csv.field_size_limit(sys.maxsize)  # one setting for the whole process; a document is longer than its default
    with source.opened() as raw:
        text = io.TextIOWrapper(unpacked(raw, source.name), "utf-8-sig", errors="surrogateescape", newline="")
        try:
            yield from ((row, share_of(raw, source)) for row in _rows(source, text))
        finally:
            text.detach()


def _rows(source: Input, text: io.TextIOWrapper) -> Iterator[Parsed]:
    records = _Records(source, text)
    names: list[str] | None = None
    for line, fields in records:
        if isinstance(fields, Fault):
            if names is None:
                raise fields.error()
            yield Parsed(line=line, values=fields, text=b"\n")
        elif names is None and source.layout.header:
            names = _header(fields, f"{source.name}:{line}")
        else:
            names = names or [f"column_{number}" for number in range(1, len(fields) + 1)]
            yield _row(names, fields, line, source.name, of_file=records.of_file)


class _Records:
    """(line, fields or what is wrong with them) of every record; blank lines are none."""

    def __init__(self, source: Input, text: io.TextIOWrapper) -> None:
        self._source, self._lines = source, _Lines(source, text)

    @property
    def of_file(self) -> str:
        """What to do where the record is at fault because its quotes are not written as CSV has them; "": they are."""
        return _DOUBLED if self._lines.escapes else ""

    def __iter__(self) -> Iterator[tuple[int, list[str] | Fault]]:
        first, before = next(self._lines, ""), 0
        said = _SAID.fullmatch(first)
        if said:  # the line that a spreadsheet reads the delimiter from
            first, before = next(self._lines, ""), 1
        quoting: Any = csv.QUOTE_MINIMAL if self._source.layout.quotes else csv.QUOTE_NONE
        reader: Any = csv.reader(
            _after(first, self._lines),
            delimiter=_delimiter(self._source, first, said[1] if said else ""),
            quoting=quoting,
            strict=True,
        )
        while True:
            line = before + reader.line_num + 1
            self._lines.begin()
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, self._fault(line, before + reader.line_num, error)
                continue
            if fields:
                yield line, fields

    def _fault(self, line: int, last: int, error: csv.Error) -> Fault:
        where = f"{self._source.name}:{line}"
        if str(error) == _NEVER_CLOSED:  # all lines to the end of the file: no single row to leave out
            raise ConfigError(
                f"{where}: got a quote that is never closed ({last - line + 1:,} lines to the end of the file)",
                hint="close it, or say that quotes are plain text (source.layout.quotes = false, --no-quotes)",
            ) from error
        return Fault(
            where=where,
            reason="quotes that do not fit",
            detail=str(error),
            hint="write a quote twice inside quotes",
            of_file=self.of_file,
        )


class _Lines:
    """The lines of a file, and whether one of those since `begin` has a quote behind a backslash."""

    def __init__(self, source: Input, text: io.TextIOWrapper) -> None:
        self._source, self._text = source, text
        self.escapes = False

    def begin(self) -> None:
        """Forgets the lines before."""
        self.escapes = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        with told(self._source.name):
            line = next(self._text)
        self.escapes |= '\\"' in line
        return line


def _after(first: str, lines: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from lines


def _delimiter(source: Input, first: str, said: str) -> str:
    """The delimiter that was said, or that the file says, or the ending's, or that of other countries' CSV where the first line has
    no comma."""
    if source.layout.delimiter or said:
        return source.layout.delimiter or said
    if source.form == "tsv":
        return "\t"
    return next((one for one in _DELIMITERS if one in first), ",")


def _header(fields: Sequence[str], where: str) -> list[str]:
    """The names of the columns; one without a name is called by its number."""
    names = [field.strip() or f"column_{number}" for number, field in enumerate(fields, 1)]
    twice = [name for number, name in enumerate(names) if name in names[:number]]
    if twice:
        raise ConfigError(
            f"{where}: got the column {twice[0]!r} twice in the header ({listed(names)}), wanted different names",
            hint="rename one; or, if that line is no header, say so (source.layout.header = false, --no-header)",
        )
    return names


def _row(names: Sequence[str], fields: Sequence[str], line: int, name: str, *, of_file: str) -> Parsed:
    where = f"{name}:{line}"
    if len(fields) != len(names):
        reason = f"{'fewer' if len(fields) < len(names) else 'more'} fields than columns"
        fault = Fault(
            where=where,
            reason=reason,
            detail=f"{len(fields)} for {len(names)}",
            hint="quote what holds delimiters",
            of_file=of_file,
        )
        return Parsed(line=line, values=fault, text=b"\n")
    values = {column: field or None for column, field in zip(names, fields, strict=True)}
    text = json.dumps(values, ensure_ascii=False)
    try:
        return Parsed(line=line, values=values, text=text.encode("utf-8") + b"\n")
    except UnicodeEncodeError as error:
        byte = f"byte 0x{ord(text[error.start]) - 0xDC00:02x}"
        hint = encoded_otherwise(name, text.encode("utf-8", "surrogateescape"))
        fault = Fault(
            where=where, reason="bytes that are not UTF-8", detail=byte, hint="save the file as UTF-8", of_file=hint
        )
        return Parsed(line=line, values=fault, text=b"\n")
