"""Rows out as Parquet. polars has no writer that takes a file frame by frame, but `sink_parquet` pulls frames from a source
written in Python: it runs on a thread of its own behind a short queue, so that Ctrl-C reaches the command.

JSONL that becomes Parquet is put on disk first, because only the last row tells the type of every column.
"""

from __future__ import annotations

import contextlib
import json
import queue
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sctk_core import ConfigError
from sctk_core.reading import listed, whole

from sctk_data.disk import to_disk
from sctk_data.inputs import say_note
from sctk_data.jsonl import Output, jsonl
from sctk_data.kinds import Kind, frame_of, portable, typed

if TYPE_CHECKING:
    import polars as pl

ROW_GROUP_ROWS = 65_536
_CHUNK_BYTES = 4 << 20
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")  # or a whole one: looked at more closely


@contextmanager
def parquet_of_lines(part: Path, path: Path) -> Iterator[Output]:
    """Lines of JSONL, written as Parquet once the last of them is known."""
    lines = part.with_suffix(".jsonl")
    try:
        with jsonl(lines, path) as file:
            rows = _Lines(file, path)
            yield rows
        with parquet_frames(part, path) as frames:
            for frame in rows.frames(lines):
                frames.frame(frame)
    finally:
        lines.unlink(missing_ok=True)


class _Lines:
    """Takes lines, puts them on disk and keeps what their values are: which types the columns get."""

    def __init__(self, file: Output, path: Path) -> None:
        self._file, self._path, self._seen, self._n_rows = file, path, Kind(), 0

    def lines(self, lines: Sequence[bytes]) -> None:
        for line in lines:
            self._n_rows += 1
            row = json.loads(line)
            if _HALF_PAIR.search(line):
                self._refuse_half_pairs(row)
            self._seen.see(row)
        self._file.lines(lines)

    def _refuse_half_pairs(self, row: dict[str, Any]) -> None:
        for name, value in row.items():
            if not whole(json.dumps([name, value], ensure_ascii=False)):
                raise ConfigError(
                    f"{self._path}: row {self._n_rows:,}, column {name!r}: got half a surrogate pair, wanted whole characters",
                    hint="write .jsonl, or mend the row",
                )

    def frame(self, frame: pl.DataFrame) -> None:
        raise NotImplementedError("frames have types: they need no look at all rows")

    def frames(self, lines: Path) -> Iterator[pl.DataFrame]:
        """The same rows as frames with the types that hold them all."""
        if not self._seen.fields:
            what = "column" if self._n_rows else "row"
            raise ConfigError(
                f"{self._path}: got no {what} to write, wanted one: only rows tell the columns", hint="write .jsonl"
            )
        columns = {name: typed(kind, name, say_note) for name, kind in self._seen.fields.items()}
        with lines.open("rb") as file:
            while found := file.readlines(_CHUNK_BYTES):
                yield frame_of([json.loads(line) for line in found], columns)


class _Frames:
    """A queue of frames that `sink_parquet` empties on a thread of its own."""

    def __init__(self, part: Path, path: Path, group_rows: int) -> None:
        self._part, self._path, self._group_rows = part, path, group_rows
        self._queue: queue.Queue[pl.DataFrame | None] = queue.Queue(maxsize=2)
        self._schema: Any = None
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="parquet")
        self._sink: Future[None] | None = None
        self._noted: set[str] = set()

    def _note(self, text: str) -> None:
        """Tells a thing once, not with every frame."""
        if text not in self._noted:
            self._noted.add(text)
            say_note(text)

    def lines(self, lines: Sequence[bytes]) -> None:
        raise NotImplementedError("lines of JSONL go through a file first")

    def frame(self, frame: pl.DataFrame) -> None:
        frame = portable(frame, str(self._path), self._note)
        if self._sink is None:
            self._schema = frame.schema
            self._sink = self._executor.submit(self._run)
        elif frame.schema != self._schema:
            frame = self._with_types(frame)
        self._put(self._sink, frame)

    def _with_types(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with the types of the first one where it has none: columns in which everything is null."""
        import polars as pl

        bare = {name: kind for name, kind in self._schema.items() if frame.schema.get(name) == pl.Null}
        frame = frame.cast(bare)
        if frame.schema != self._schema:
            self._refuse(frame)
        return frame

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
