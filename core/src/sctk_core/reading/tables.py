"""Parquet, some thousand rows at a time, as polars frames.

It comes through `LazyFrame.collect_batches`, which polars calls unstable: it is the only reader of polars that walks a file once
and hands it out in parts. (Slices of a scan would decode a large row group again for every slice; `read_parquet` holds the file.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sctk_core.errors import ConfigError
from sctk_core.reading.inputs import Input

if TYPE_CHECKING:
    import polars as pl

CHUNK_ROWS = 8192


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


def tables_of(source: Input) -> Iterator[tuple[Table, float]]:
    """Some rows at a time, and the share of the file that was read. A file without rows gives one empty frame with its columns."""
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
