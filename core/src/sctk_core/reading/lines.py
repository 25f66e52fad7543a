"""JSONL, some lines at a time: the bytes that they are, and the object in each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sctk_core.reading.faults import Fault, no_json, no_object, no_utf8
from sctk_core.reading.inputs import Input
from sctk_core.reading.packing import BOM, told, unpacked


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Consecutive lines of JSONL, line feeds included; `first` is the number of the first, from 1. Blank lines are no rows.

    `start` is the position of the first line among the bytes of the file, unpacked.
    """

    source: Input
    first: int
    lines: list[bytes]
    start: int = 0

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, index: int) -> str:
        """The place of a row, as a complaint names it."""
        return f"{self.source.name}:{self.first + index}"


def lines_of(source: Input, n_bytes: int) -> Iterator[tuple[Lines, float]]:
    """About `n_bytes` of lines at a time, and the share of the file that was read (0.0 where nobody knows its size)."""
    with source.opened() as raw:
        file = unpacked(raw, source.name)
        first, start = 1, 0
        while lines := _next(file, source, n_bytes):
            if first == 1 and lines[0].startswith(BOM):
                lines[0], start = lines[0].removeprefix(BOM), len(BOM)
            share = raw.tell() / source.size if source.size else 0.0
            yield Lines(source=source, first=first, lines=lines, start=start), share
            first, start = first + len(lines), start + sum(map(len, lines))


def _next(file: Any, source: Input, n_bytes: int) -> list[bytes]:
    with told(source.name):
        found: list[bytes] = file.readlines(n_bytes)
    return found


def objects(chunk: Lines, bad: Callable[[Fault], object]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The index and the values of every row that is an object; of any other row `bad` is told. Blank lines are no rows."""
    for index, line in enumerate(chunk.lines):
        try:
            value = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            if line.strip():
                bad(_fault(chunk, index, error))
            continue
        if isinstance(value, dict):
            yield index, value
        else:
            bad(no_object(chunk.where(index), value))


def _fault(chunk: Lines, index: int, error: Exception) -> Fault:
    number = chunk.first + index
    if isinstance(error, UnicodeDecodeError):
        return no_utf8(chunk.source.name, number, error, chunk.start + sum(map(len, chunk.lines[:index])))
    return no_json(chunk.source.name, number, error)
