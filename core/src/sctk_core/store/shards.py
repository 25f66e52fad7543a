"""Sealed shards: Parquet (zstd), in input order, immutable; the same rows give the same bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sctk_core.identity import file_digest
from sctk_core.store.rows import Values, frame
from sctk_core.store.whole import whole_file

ROW_GROUP = 100_000


def write_shard(path: Path, kinds: Mapping[str, str], rows: Sequence[Values]) -> str:
    """Writes one shard and gives its digest; the file appears whole or not at all."""
    table = frame(kinds, rows)
    with whole_file(path) as part:
        table.write_parquet(part, compression="zstd", statistics=True)
        return file_digest(part)


def read_shards(
    paths: Sequence[Path], columns: Sequence[str] | None = None, chosen: Collection[str] | None = None
) -> Iterator[dict[str, Any]]:
    """All rows of some shards, or those of the `chosen` ids, in order, one shard in memory at a time."""
    import polars as pl

    for path in paths:
        rows = pl.read_parquet(path, columns=list(columns) if columns else None, glob=False)
        if chosen is not None:
            rows = rows.filter(pl.col("id").is_in(list(chosen)))
        yield from rows.iter_rows(named=True)


def n_rows(paths: Sequence[Path]) -> int:
    """How many rows some shards have, read off their footers."""
    import polars as pl

    return sum(int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()) for path in paths)
