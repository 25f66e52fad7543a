"""Sealed shards: Parquet (zstd), in input order, immutable; the same rows give the same bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sctk_core.identity import file_digest
from sctk_core.refusals import no_room
from sctk_core.shown import name_of
from sctk_core.store.failures import damaged
from sctk_core.store.rows import Values, frame
from sctk_core.store.whole import whole_file

if TYPE_CHECKING:
    import polars as pl

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
        rows = table_at(path, columns)
        if chosen is not None:
            rows = rows.filter(pl.col("id").is_in(list(chosen)))
        yield from rows.iter_rows(named=True)


def n_rows(paths: Sequence[Path]) -> int:
    """How many rows some shards have, read off their footers."""
    import polars as pl

    total = 0
    for path in paths:
        with readable(path):
            total += int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    return total


def table_at(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """One shard, or some of its columns; a StoreError names one that cannot be read."""
    import polars as pl

    with readable(path):
        return pl.read_parquet(path, columns=list(columns) if columns else None, glob=False)


def columns_at(path: Path) -> Mapping[str, pl.DataType]:
    """The columns of one shard, read off its footer."""
    import polars as pl

    with readable(path):
        return pl.scan_parquet(path, glob=False).collect_schema()  # read_parquet_schema takes a name for a pattern


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """What polars says of a file that is no table, or not of the columns that are asked for, becomes a StoreError that names it."""
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise no_room(error, str(path)) or damaged(
            path, f"no table that can be read ({name_of(type(error))})"
        ) from error
