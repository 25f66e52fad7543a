"""Parquet and Arrow, some thousand rows at a time, as polars frames.

Parquet comes through `LazyFrame.collect_batches`, which polars calls unstable: it is the only reader of polars that walks a file
once and hands it out in parts. (Slices of a scan would decode a large row group again for every slice; `read_parquet` holds the
file.) Arrow comes memory-mapped, batch by batch, through pyarrow: polars reads no stream in parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sctk_core.errors import ConfigError
from sctk_core.reading.inputs import Input
from sctk_core.reading.packing import unpacked_file
from sctk_core.reading.pages import check_pages

if TYPE_CHECKING:
    import polars as pl

CHUNK_ROWS = 8192
_ARROW_FILE = b"ARROW1"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Consecutive rows of a file whose columns have types; `first` is the number of the first, from 1."""

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
    assert source.path is not None
    source.opened().close()  # a file that is gone is told as such
    with unpacked_file(source.path, source.name) as path:
        frames, done = _parquet(path) if source.form == "parquet" else _arrow(path, source.name), 0
        while True:
            with _told(source):
                frame, share = next(frames, (None, 1.0))
            if frame is None:
                return
            yield Table(source=source, first=done + 1, frame=frame), share
            done += frame.height


def _parquet(path: Path) -> Iterator[tuple[pl.DataFrame, float]]:
    import polars as pl

    check_pages(path)
    scan = pl.scan_parquet(path, glob=False)
    n_rows = int(scan.select(pl.len()).collect().item())
    if not n_rows:
        yield scan.collect(), 1.0
        return
    done = 0
    for frame in scan.collect_batches(chunk_size=CHUNK_ROWS, maintain_order=True, lazy=True):
        done += frame.height
        yield frame, done / n_rows
    if done != n_rows:  # polars ends so where a thread of its own panicked
        raise ValueError(f"{done} of {n_rows} rows can be read")


def _arrow(path: Path, name: str) -> Iterator[tuple[pl.DataFrame, float]]:
    import polars as pl

    pa = _pyarrow(name)
    size = path.stat().st_size
    with pa.memory_map(str(path)) as file:
        if file.read(len(_ARROW_FILE)) == _ARROW_FILE:
            whole = pa.ipc.open_file(file)
            schema, batches = whole.schema, map(whole.get_batch, range(whole.num_record_batches))
        else:
            file.seek(0)
            batches = pa.ipc.open_stream(file)
            schema = batches.schema
        _check_names(schema)
        n_rows = 0
        for batch in batches:
            for start in range(0, batch.num_rows, CHUNK_ROWS):
                part = batch.slice(start, CHUNK_ROWS)
                part.validate(full=True)  # lengths of a damaged file would be followed to anywhere
                n_rows += part.num_rows
                yield pl.DataFrame(pl.from_arrow(part)), file.tell() / size
        if not n_rows:
            yield pl.DataFrame(pl.from_arrow(schema.empty_table())), 1.0


def _check_names(fields: Any) -> None:
    """A UnicodeDecodeError where a field at any depth has a name that is no UTF-8, at which polars would panic."""
    for field in fields:
        str(field.name)
        _check_names([field.type.field(number) for number in range(field.type.num_fields)])


def _pyarrow(name: str) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.ipc
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{name}: got an Arrow file, which pyarrow reads, and it is not installed", hint="pip install pyarrow"
        ) from error
    return pa


@contextmanager
def _told(source: Input) -> Iterator[None]:
    """What polars and pyarrow say of a damaged file becomes an error that names it."""
    from polars.exceptions import PanicException, PolarsError

    form = "Parquet" if source.form == "parquet" else "Arrow"
    try:
        yield
    except ConfigError:
        raise
    except (PolarsError, PanicException, OSError, ValueError, TypeError, KeyError, NotImplementedError) as error:
        first_line = (str(error).splitlines() or [""])[0]
        raise ConfigError(
            f"{source.name}: got a file that is not {form}, or is damaged ({first_line})",
            hint="was it written to its end?",
        ) from error
