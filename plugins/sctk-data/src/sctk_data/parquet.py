"""Rows out as Parquet. polars has no writer that takes a file frame by frame, but `sink_parquet` pulls frames from a source
written in Python: it runs on a thread of its own behind a short queue, so that Ctrl-C reaches the command.

JSONL that becomes Parquet is put on disk first, because only the last row tells the type of every column.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sctk_core import ConfigError
from sctk_core.reading import listed

from sctk_data.disk import to_disk
from sctk_data.jsonl import Output, jsonl

if TYPE_CHECKING:
    import polars as pl

ROW_GROUP_ROWS = 65_536


@contextmanager
def parquet_of_lines(part: Path, path: Path) -> Iterator[Output]:
    """Lines of JSONL, written as Parquet once the last of them is known."""
    import polars as pl

    lines = part.with_suffix(".jsonl")
    try:
        with jsonl(lines, path) as rows:
            yield rows
        if not lines.stat().st_size:
            raise ConfigError(
                f"{path}: got no row to write, wanted one: only rows tell the columns", hint="write .jsonl"
            )
        with polars_told(path):
            pl.scan_ndjson(lines, infer_schema_length=None).sink_parquet(part, row_group_size=ROW_GROUP_ROWS)
    finally:
        lines.unlink(missing_ok=True)


class _Frames:
    """A queue of frames that `sink_parquet` empties on a thread of its own."""

    def __init__(self, part: Path, path: Path, group_rows: int) -> None:
        self._part, self._path, self._group_rows = part, path, group_rows
        self._queue: queue.Queue[pl.DataFrame | None] = queue.Queue(maxsize=2)
        self._schema: Any = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parquet")
        self._sink: Future[None] | None = None

    def lines(self, lines: Sequence[bytes]) -> None:
        raise NotImplementedError("lines of JSONL go through a file first")

    def frame(self, frame: pl.DataFrame) -> None:
        if self._sink is None:
            self._schema = frame.schema
            self._sink = self._executor.submit(self._run)
        elif frame.schema != self._schema:
            self._refuse(frame)
        self._put(self._sink, frame)

    def _refuse(self, frame: pl.DataFrame) -> None:
        ours = {f"{name} {kind}" for name, kind in self._schema.items()}
        theirs = {f"{name} {kind}" for name, kind in frame.schema.items()}
        differing = sorted(ours ^ theirs) or ["their order"]
        raise ConfigError(
            f"{self._path}: got files whose columns differ ({listed(differing)}), wanted the same in all",
            hint="write .jsonl, or make the columns the same first",
        )

    def _put(self, sink: Future[None], frame: pl.DataFrame | None) -> None:
        while not sink.done():
            with contextlib.suppress(queue.Full):
                self._queue.put(frame, timeout=0.2)
                return
        self._result(sink)

    def _run(self) -> None:
        from polars.io.plugins import register_io_source

        register_io_source(self._frames, schema=self._schema).sink_parquet(self._part, row_group_size=self._group_rows)

    def _frames(self, *_: object) -> Iterator[pl.DataFrame]:
        while (frame := self._queue.get()) is not None:
            yield frame

    def _result(self, sink: Future[None]) -> None:
        with polars_told(self._path):
            sink.result()

    def finish(self) -> None:
        """Waits for the file to be whole."""
        if self._sink is None:
            raise ConfigError(f"{self._path}: got no row to write, wanted one", hint="write .jsonl")
        self._put(self._sink, None)
        self._result(self._sink)

    def give_up(self) -> None:
        """Ends the thread; what it has written is removed by its owner.

        The frames end here as they do in `finish`: a sink whose source fails returns before it opens its file, and polars
        makes that file afterwards, when its owner has gone.
        """
        while self._sink is not None and not self._sink.done():
            with contextlib.suppress(queue.Full, TimeoutError):
                self._queue.put(None, timeout=0.2)
                self._sink.exception(timeout=5)
        self._executor.shutdown()


@contextmanager
def parquet_frames(part: Path, path: Path, group_rows: int = ROW_GROUP_ROWS) -> Iterator[Output]:
    """A Parquet file at `part` that takes frames as they come; complaints name `path`."""
    frames = _Frames(part, path, group_rows)
    try:
        yield frames
        frames.finish()
    finally:
        frames.give_up()


@contextmanager
def polars_told(path: Path) -> Iterator[None]:
    """What polars cannot write becomes an error that names `path`."""
    from polars.exceptions import PolarsError

    try:
        with to_disk(path):
            yield
    except PolarsError as error:
        first = (str(error).splitlines() or [""])[0]
        if "os error" in first:
            with to_disk(path):
                raise OSError(_errno(first), first) from error
        raise ConfigError(f"{path}: cannot be written as Parquet ({first})", hint="write .jsonl") from error


def _errno(message: str) -> int:
    """The number in polars' `(os error 28)`."""
    digits = message.rpartition("os error ")[2].partition(")")[0]
    return int(digits) if digits.isdigit() else 0
