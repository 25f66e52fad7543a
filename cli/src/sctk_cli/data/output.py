"""Where rows go: standard output or a file, which appears under its name when it is whole, or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sctk_core.errors import ConfigError

from sctk_cli.data.chunks import Chunk, Lines
from sctk_cli.data.disk import to_disk
from sctk_cli.data.inputs import Form, Input, form_of
from sctk_cli.data.jsonl import Json, Output, jsonl
from sctk_cli.data.parquet import parquet_frames, parquet_of_lines

_STDOUT = Path("standard output")


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
            place = jsonl(part, path)
        else:
            place = parquet_frames(part, path) if sources[0].form == "parquet" else parquet_of_lines(part, path)
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
        parquet_frames(part, path, group_rows) if form == "parquet" else jsonl(part, path) as rows,
    ):
        yield rows


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to; it becomes `path` when all went well, and is removed when not."""
    part = path.resolve().with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        with to_disk(path):
            os.replace(part, path.resolve())
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _stdout() -> Iterator[Output]:
    yield Json(sys.stdout.buffer, _STDOUT, clean_=sys.stdout.isatty())
    with to_disk(_STDOUT):
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
