"""Where rows go: standard output or a file, which appears under its name when it is whole, or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from sctk_core import ConfigError
from sctk_core.reading import Chunk, Form, Input, Lines

from sctk_data.disk import to_disk
from sctk_data.inputs import form_to_write
from sctk_data.jsonl import Json, Output, jsonl
from sctk_data.parquet import parquet_frames, parquet_of_lines

_STDOUT = Path("standard output")


def put_rows(output: Output, chunk: Chunk, indices: Sequence[int]) -> None:
    """Gives these rows of the chunk, as they were read."""
    if isinstance(chunk, Lines):
        output.lines([chunk.lines[index] for index in indices])
    else:
        output.frame(chunk.frame if len(indices) == len(chunk) else chunk.frame[list(indices)])


@contextmanager
def output(
    path: Path | None, sources: Sequence[Input], *, force: bool, renames: Renames | None = None
) -> Iterator[Output]:
    """The place for rows of `sources`, as they were read: standard output where `path` is None.

    With `renames` the file gets its name when those of that command do; its owner has checked it with `refuse`.
    """
    if path is None:
        with _stdout() as rows:
            yield rows
        return
    form = form_to_write(path) if renames else refuse(path, sources, force=force)
    _one_form(path, sources)
    with nullcontext(renames) if renames else Renames() as names:
        part = names.part(path)
        if form == "jsonl":
            place = jsonl(part, path)
        else:
            place = parquet_frames(part, path) if sources[0].typed else parquet_of_lines(part, path)
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
    with Renames() as names:
        part = names.part(path)
        with parquet_frames(part, path, group_rows) if form == "parquet" else jsonl(part, path) as rows:
            yield rows


class Renames:
    """Files under other names until all of them are whole: on leaving they get their own, or are removed if anything failed."""

    def __init__(self) -> None:
        self._parts: dict[Path, Path] = {}

    def part(self, path: Path) -> Path:
        """The name beside `path` to write to."""
        path = path.resolve()
        self._parts[path] = path.with_name(f".{path.name}.{os.getpid()}.part")
        return self._parts[path]

    def __enter__(self) -> Renames:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        try:
            for path, part in self._parts.items() if error is None else ():
                with to_disk(path):
                    os.replace(part, path)
        finally:
            for part in self._parts.values():
                part.unlink(missing_ok=True)


@contextmanager
def _stdout() -> Iterator[Output]:
    yield Json(sys.stdout.buffer, _STDOUT, clean_=sys.stdout.isatty())
    with to_disk(_STDOUT):
        sys.stdout.buffer.flush()


def refuse(path: Path, sources: Sequence[Input], *, force: bool, others: Sequence[Path] = ()) -> Form:
    """The form of a file to write; a ConfigError where it must not be written: an input, another output, a file that is there."""
    form = form_to_write(path)
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
    """A ConfigError where rows with types and rows without are to be written as Parquet."""
    if form_to_write(path) == "parquet" and len({source.typed for source in sources}) > 1:
        forms = " and ".join(dict.fromkeys(source.form for source in sources))
        raise ConfigError(
            f"{path}: got {forms} to write as Parquet, wanted columns that all have types, or none: they differ",
            hint="write .jsonl, or turn the files into one form first",
        )
