"""Rows in, some thousand at a time: lines of JSONL as the bytes that they are, or a frame out of Parquet.

Memory does not grow with the file. Who keeps rows as they were read, or computes on whole columns, reads chunks; who wants one row
after the other reads `rows.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sctk_core.reading.inputs import Input
from sctk_core.reading.lines import Lines, lines_of
from sctk_core.reading.tables import Table, tables_of

CHUNK_BYTES = 4 << 20
Chunk = Lines | Table


def chunks_of(source: Input, *, n_bytes: int = CHUNK_BYTES) -> Iterator[tuple[Chunk, float]]:
    """All rows of one input in order, `n_bytes` of lines at a time, each time with the share of it that was read."""
    if source.form == "json":
        raise NotImplementedError(f"{source.name}: an array comes row by row, out of rows_of")
    yield from tables_of(source) if source.form == "parquet" else lines_of(source, n_bytes)
