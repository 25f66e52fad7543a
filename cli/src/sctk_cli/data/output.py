"""Rows out: JSONL to standard output or a file, or Parquet; a file appears under its name when it is whole, or not at all.

Lines of JSONL go out as the bytes that came in. polars has no writer that takes Parquet frame by frame, but `sink_parquet`
pulls them from a source written in Python: it runs on a thread of its own behind a short queue, so that Ctrl-C reaches the
command. JSONL that becomes Parquet is put on disk first, because only the last row tells the type of every column.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from sctk_core.errors import ConfigError
from sctk_core.store.failures import writing

from sctk_cli.data.chunks import Chunk, Lines
from sctk_cli.data.columns import listed
from sctk_cli.data.inputs import Form, Input, form_of
from sctk_cli.terminal import clean

if TYPE_CHECKING:
    import polars as pl

ROW_GROUP_ROWS = 65_536
_STDOUT = Path("standard output")


class Output(Protocol):
    """What takes rows, in order."""

    def lines(self, lines: Sequence[bytes]) -> None:
        """Takes lines of JSONL; a line feed is added where one is missing."""

    def frame(self, frame: pl.DataFrame) -> None:
        """Takes a frame; its columns are those of the frames before it."""


def put_rows(output: Output, chunk: Chunk, indices: Sequence[int]) -> None:
    """Gives these rows of the chunk, as they were read."""
    if isinstance(chunk, Lines):
        output.lines([chunk.lines[index] for index in indices])
    else:
        output.frame(chunk.frame if len(indices) == len(chunk) else chunk.frame[list(indices)])


@contextmanager
def output(
    path: Path | None, sources: Sequence[Input], *, force: bool, others: Sequence[Path] = (), also: Sequence[Input] = ()
) -> Iterator[Output]:
    """The place for rows of `sources`, as they were read: standard output where `path` is None.

    What is not finished is removed. Neither a source, nor what is read besides (`also`), nor another output (`others`) is
    ever overwritten.
    """
    if path is None:
        with _stdout() as rows:
            yield rows
        return
    form = refuse(path, [*sources, *also], force=force, others=others)
    _one_form(path, sources)
    with replacing(path) as part:
        if form == "jsonl":
            place = _jsonl(part, path)
        else:
            place = parquet_frames(part, path) if sources[0].form == "parquet" else _parquet_of_lines(part, path)
        with place as rows:
            yield rows


@contextmanager
def made(path: Path | None, sources: Sequence[Input], *, force: bool, group_rows: int) -> Iterator[Output]:
    """The place for frames that the command makes itself; a Parquet file has `group_rows` rows in a row group."""
    if path is None:
        with _stdout() as rows:
            yield rows
        return
    form = refuse(path, sources, force=force)
    with (
        replacing(path) as part,
        parquet_frames(part, path, group_rows) if form == "parquet" else _jsonl(part, path) as rows,
    ):
        yield rows


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to; it becomes `path` when all went well, and is removed when not."""
    part = path.resolve().with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        with writing(path):
            os.replace(part, path.resolve())
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _stdout() -> Iterator[Output]:
    yield _Json(sys.stdout.buffer, _STDOUT, clean_=sys.stdout.isatty())
    with writing(_STDOUT):
        sys.stdout.buffer.flush()


def refuse(path: Path, sources: Sequence[Input], *, force: bool, others: Sequence[Path] = ()) -> Form:
    """The form of a file to write; a ConfigError where it must not be written: an input, another output, a file that is there."""
    if path.name.lower().endswith(".gz"):
        raise ConfigError(f"--out {path}: got the ending '.gz', wanted .jsonl or .parquet", hint="pipe it: ... | gzip")
    form = form_of(path)
    if any(path.resolve() == other.resolve() for other in others):
        raise ConfigError(f"{path}: got the same file for two outputs, wanted two files", hint="rename one of them")
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: got no such directory, wanted one that is there", hint=f"mkdir -p {path.parent}")
    if path.exists():
        if any(source.path is not None and path.samefile(source.path) for source in sources):
            raise ConfigError(f"{path}: got an input as output, wanted another file", hint="write to another name")
        if not path.is_file():
            raise ConfigError(f"{path}: got no regular file, wanted one", hint="leave --out away, and redirect")
        if not force:
            raise ConfigError(f"{path}: the file is there already", hint="another name, or --force to replace it")
    return form


def _one_form(path: Path, sources: Sequence[Input]) -> None:
    """A ConfigError where rows of both forms are to be written as Parquet."""
    if form_of(path) == "parquet" and len({source.form for source in sources}) > 1:
        raise ConfigError(
            f"{path}: got JSONL and Parquet to write as Parquet, wanted one of them: their types differ",
            hint="write .jsonl, or turn the files into one form first",
        )


class _Json:
    """JSONL into an open file."""

    def __init__(self, file: IO[bytes], path: Path, *, clean_: bool = False) -> None:
        self._file, self._path, self._clean = file, path, clean_

    def lines(self, lines: Sequence[bytes]) -> None:
        data = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)
        self._write(data)

    def frame(self, frame: pl.DataFrame) -> None:
        if frame.height:
            self._write(frame.write_ndjson().encode("utf-8"))

    def _write(self, data: bytes) -> None:
        if self._clean:  # a person's terminal: JSON may hold C1 controls and direction marks
            data = clean(data.decode("utf-8", "replace")).encode("utf-8")
        try:
            with writing(self._path):
                self._file.write(data)
        except BaseException as error:
            if isinstance(error.__cause__, BrokenPipeError):
                raise error.__cause__ from None
            raise


@contextmanager
def _jsonl(part: Path, path: Path) -> Iterator[Output]:
    with writing(path):
        file = part.open("xb")
    with file:
        yield _Json(file, path)
        with writing(path):
            file.flush()


@contextmanager
def _parquet_of_lines(part: Path, path: Path) -> Iterator[Output]:
    """Lines of JSONL, written as Parquet once the last of them is known."""
    import polars as pl

    lines = part.with_suffix(".jsonl")
    try:
        with _jsonl(lines, path) as rows:
            yield rows
        if not lines.stat().st_size:
            raise ConfigError(
                f"{path}: got no row to write, wanted one: only rows tell the columns", hint="write .jsonl"
            )
        with polars_told(path):
            pl.scan_ndjson(lines, infer_schema_length=None).sink_parquet(part, row_group_size=ROW_GROUP_ROWS)
    finally:
        lines.unlink(missing_ok=True)


@contextmanager
def polars_told(path: Path) -> Iterator[None]:
    """What polars cannot write becomes an error that names `path`."""
    from polars.exceptions import PolarsError

    try:
        with writing(path):
            yield
    except PolarsError as error:
        first = (str(error).splitlines() or [""])[0]
        if "os error" in first:
            with writing(path):
                raise OSError(_errno(first), first) from error
        raise ConfigError(f"{path}: cannot be written as Parquet ({first})", hint="write .jsonl") from error


def _errno(message: str) -> int:
    """The number in polars' `(os error 28)`."""
    digits = message.rpartition("os error ")[2].partition(")")[0]
    return int(digits) if digits.isdigit() else 0


class _Frames:
    """A queue of frames that `sink_parquet` empties on a thread of its own."""

    def __init__(self, part: Path, path: Path, group_rows: int) -> None:
        self._part, self._path, self._group_rows = part, path, group_rows
        self._queue: queue.Queue[pl.DataFrame | None] = queue.Queue(maxsize=2)
        self._schema: Any = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._error: BaseException | None = None
        self._given_up = False

    def lines(self, lines: Sequence[bytes]) -> None:
        raise NotImplementedError("lines of JSONL go through a file first")

    def frame(self, frame: pl.DataFrame) -> None:
        if self._schema is None:
            self._schema = frame.schema
            self._thread.start()
        elif frame.schema != self._schema:
            self._refuse(frame)
        self._put(frame)

    def _refuse(self, frame: pl.DataFrame) -> None:
        ours = {f"{name} {kind}" for name, kind in self._schema.items()}
        theirs = {f"{name} {kind}" for name, kind in frame.schema.items()}
        differing = sorted(ours ^ theirs) or ["their order"]
        raise ConfigError(
            f"{self._path}: got files whose columns differ ({listed(differing)}), wanted the same in all",
            hint="write .jsonl, or make the columns the same first",
        )

    def _put(self, frame: pl.DataFrame | None) -> None:
        while self._error is None:
            with contextlib.suppress(queue.Full):
                self._queue.put(frame, timeout=0.2)
                return
        self._raise()

    def _run(self) -> None:
        from polars.io.plugins import register_io_source

        try:
            register_io_source(self._frames, schema=self._schema).sink_parquet(
                self._part, row_group_size=self._group_rows
            )
        except BaseException as error:  # noqa: BLE001 - carried to the thread that gives the frames, and raised there
            self._error = error

    def _frames(self, *_: object) -> Iterator[pl.DataFrame]:
        while (frame := self._queue.get()) is not None:
            yield frame
        if self._given_up:
            raise InterruptedError("given up")

    def finish(self) -> None:
        """Waits for the file to be whole."""
        if self._schema is None:
            raise ConfigError(f"{self._path}: got no row to write, wanted one", hint="write .jsonl")
        self._put(None)
        self._thread.join()
        if self._error is not None:
            self._raise()

    def give_up(self) -> None:
        """Ends the thread; what it has written is removed by its owner."""
        self._given_up = True
        while self._thread.is_alive():
            with contextlib.suppress(queue.Full):
                self._queue.put(None, timeout=0.2)
                self._thread.join(timeout=5)

    def _raise(self) -> None:
        assert self._error is not None
        with polars_told(self._path):
            raise self._error


@contextmanager
def parquet_frames(part: Path, path: Path, group_rows: int = ROW_GROUP_ROWS) -> Iterator[Output]:
    """A Parquet file at `part` that takes frames as they come; complaints name `path`."""
    frames = _Frames(part, path, group_rows)
    try:
        yield frames
        frames.finish()
    finally:
        frames.give_up()
