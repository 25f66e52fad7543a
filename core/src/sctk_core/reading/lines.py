"""Rows as lines of JSONL, some at a time: the bytes that they are, and the object in each.

Other forms without types (arrays, CSV) come as such lines too, which were then made of their rows.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.reading.decoding import DECODER
from sctk_core.reading.faults import Fault, no_json, no_object, no_utf8
from sctk_core.reading.inputs import Input
from sctk_core.reading.packing import BOM, told, unpacked

Values = dict[str, Any]
LONGEST_LINE = 1 << 26
"""Bytes of a line at most: what has no line feeds at all (`cat /dev/zero | ...`) would fill the memory."""


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A row that its reader has parsed: the line of the file it begins on, its values or what is wrong, and it as one line."""

    line: int
    values: Values | Fault
    text: bytes


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Consecutive lines of JSONL, line feeds included; `first` is the number of the first, from 1. Blank lines are no rows.

    `start` is the position of the first line among the bytes of the file, unpacked. `parsed` are the same rows where the file
    holds them otherwise: then `first` counts rows.
    """

    source: Input
    first: int
    lines: list[bytes]
    start: int = 0
    parsed: Sequence[Parsed] | None = None

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, index: int) -> str:
        """The place of a row, as a complaint names it."""
        number = self.parsed[index].line if self.parsed is not None else self.first + index
        return f"{self.source.name}:{number}"


def lines_of(source: Input, n_bytes: int) -> Iterator[tuple[Lines, float]]:
    """About `n_bytes` of lines at a time, and the share of the file that was read (0.0 where nobody knows its size)."""
    with source.opened() as raw:
        file = unpacked(raw, source.name)
        first, start = 1, 0
        while lines := _next(file, source, n_bytes):
            if first == 1 and lines[0].startswith(BOM):
                lines[0], start = lines[0].removeprefix(BOM), len(BOM)
            yield Lines(source=source, first=first, lines=lines, start=start), share_of(raw, source)
            first, start = first + len(lines), start + sum(map(len, lines))


def share_of(raw: Any, source: Input) -> float:
    """How much of a file was read."""
    return raw.tell() / source.size if source.size else 0.0


def _next(file: Any, source: Input, n_bytes: int) -> list[bytes]:
    with told(source.name):
        data: bytes = file.read(n_bytes)
        if data and not data.endswith(b"\n"):
            rest = file.readline(LONGEST_LINE)
            if len(rest) == LONGEST_LINE:
                raise ConfigError(
                    f"{source.name}: got a line of more than {LONGEST_LINE >> 20} MB, wanted one object on each line",
                    hint="is it JSONL? other forms have endings of their own, and --format says which standard input has",
                )
            data += rest
    return io.BytesIO(data).readlines()


def in_chunks(source: Input, rows: Iterable[tuple[Parsed, float]], n_bytes: int) -> Iterator[tuple[Lines, float]]:
    """Rows that were parsed, each with the share of the file that was read, as chunks of about `n_bytes`."""
    held: list[Parsed] = []
    first, size, share = 1, 0, 0.0
    for row, share in rows:
        held.append(row)
        size += len(row.text)
        if size >= n_bytes:
            yield _chunk(source, first, held), share
            first, size, held = first + len(held), 0, []
    if held:
        yield _chunk(source, first, held), share


def _chunk(source: Input, first: int, rows: list[Parsed]) -> Lines:
    return Lines(source=source, first=first, lines=[row.text for row in rows], parsed=rows)


def objects(chunk: Lines, bad: Callable[[Fault], object]) -> Iterator[tuple[int, Values]]:
    """The index and the values of every row that is an object; of any other row `bad` is told. Blank lines are no rows."""
    for index, value in _parsed(chunk) if chunk.parsed is not None else _decoded(chunk):
        if isinstance(value, Fault):
            bad(value)
        else:
            yield index, value


def _parsed(chunk: Lines) -> Iterator[tuple[int, Values | Fault]]:
    return enumerate(row.values for row in chunk.parsed or ())


def _decoded(chunk: Lines) -> Iterator[tuple[int, Values | Fault]]:
    for index, line in enumerate(chunk.lines):
        try:
            value = DECODER.decode(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            if line.strip():
                yield index, _fault(chunk, index, error)
            continue
        yield index, value if isinstance(value, dict) else no_object(chunk.where(index), value)


def _fault(chunk: Lines, index: int, error: Exception) -> Fault:
    number = chunk.first + index
    if isinstance(error, UnicodeDecodeError):
        return no_utf8(chunk.source.name, number, error, chunk.start + sum(map(len, chunk.lines[:index])))
    return no_json(chunk.source.name, number, error)
