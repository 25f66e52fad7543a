"""Rows in, a few thousand at a time: lines of JSONL as the bytes that they are, or a polars frame out of Parquet.

Memory does not grow with the file. Parquet comes through `LazyFrame.collect_batches`, which polars calls unstable: it is the
only reader of polars that walks a file once and hands it out in parts. (Slices of a scan would decode a large row group again
for every slice; `read_parquet` holds the file.)
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from sctk_core import ConfigError

from sctk_data.inputs import Input
from sctk_data.pace import Pace

if TYPE_CHECKING:
    import polars as pl

CHUNK_BYTES = 4 << 20
CHUNK_ROWS = 8192
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Consecutive lines of JSONL, line feeds included; `first` is the number of the first, from 1. Blank lines are no rows."""

    source: Input
    first: int
    lines: list[bytes]

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, index: int) -> str:
        """The place of a row, as a complaint names it."""
        return f"{self.source.name}:{self.first + index}"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Consecutive rows of a Parquet file; `first` is the number of the first, from 1."""

    source: Input
    first: int
    frame: pl.DataFrame

    def __len__(self) -> int:
        return self.frame.height

    def where(self, index: int) -> str:
        """The place of a row, as a complaint names it."""
        return f"{self.source.name}, row {self.first + index}"


Chunk = Lines | Table


def chunks(sources: list[Input], pace: Pace) -> Iterator[Chunk]:
    """All rows of all inputs in order. A Parquet file without rows gives one empty frame, which knows its columns."""
    sizes = [source.size for source in sources]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    before = 0
    for source in sources:
        for chunk, share in _tables(source) if source.form == "parquet" else _lines(source):
            yield chunk
            pace.rows(len(chunk), (before + share * (source.size or 0)) / total if total else None)
        before += source.size or 0


def _lines(source: Input) -> Iterator[tuple[Chunk, float]]:
    with source.opened() as raw:
        packed = source.name.lower().endswith(".gz")
        file: IO[bytes] | gzip.GzipFile = gzip.GzipFile(fileobj=raw) if packed else raw
        first = 1
        while lines := _next_lines(file, source):
            if first == 1:
                lines[0] = lines[0].removeprefix(_BOM)  # a mark of the file, not of its first row
            share = raw.tell() / source.size if source.size else 0.0
            yield Lines(source=source, first=first, lines=lines), share
            first += len(lines)


def _next_lines(file: IO[bytes] | gzip.GzipFile, source: Input) -> list[bytes]:
    try:
        return file.readlines(CHUNK_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConfigError(
            f"{source.name}: got bytes that gzip cannot read ({error})", hint="was it cut short?"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{source.name}: {error.strerror or error} while reading it", hint="check the disk"
        ) from error


def _tables(source: Input) -> Iterator[tuple[Chunk, float]]:
    import polars as pl
    from polars.exceptions import PolarsError

    assert source.path is not None
    try:
        scan = pl.scan_parquet(source.path, glob=False)
        n_rows = int(scan.select(pl.len()).collect().item())
        if not n_rows:
            yield Table(source=source, first=1, frame=scan.collect()), 1.0
        done = 0
        for frame in scan.collect_batches(chunk_size=CHUNK_ROWS, maintain_order=True, lazy=True) if n_rows else ():
            yield Table(source=source, first=done + 1, frame=frame), (done + frame.height) / n_rows
            done += frame.height
    except PolarsError as error:
        first_line = (str(error).splitlines() or [""])[0]
        raise ConfigError(
            f"{source.name}: got a file that is not Parquet ({first_line})", hint="was it written to its end?"
        ) from error
