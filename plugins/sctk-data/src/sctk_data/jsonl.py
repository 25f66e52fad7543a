"""Rows out as JSONL: lines as the bytes that came in, frames as polars writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from sctk_cli.terminal import clean, in_json
from sctk_core import ConfigError

from sctk_data.disk import to_disk

if TYPE_CHECKING:
    import polars as pl


class Output(Protocol):
    """What takes rows, in order."""

    def lines(self, lines: Sequence[bytes]) -> None:
        """Takes lines of JSONL; a line feed is added where one is missing."""

    def frame(self, frame: pl.DataFrame) -> None:
        """Takes a frame; its columns are those of the frames before it."""


class Json:
    """JSONL into an open file."""

    def __init__(self, file: IO[bytes], path: Path, *, clean_: bool = False) -> None:
        self._file, self._path, self._clean = file, path, clean_

    def lines(self, lines: Sequence[bytes]) -> None:
        data = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)
        self._write(data)

    def frame(self, frame: pl.DataFrame) -> None:
        if frame.height:
            self._write(as_lines(frame, str(self._path)))

    def _write(self, data: bytes) -> None:
        if self._clean:  # a person's terminal: JSON may hold C1 controls and direction marks
            data = clean(in_json(data.decode("utf-8", "replace"))).encode("utf-8")
        with to_disk(self._path):
            self._file.write(data)


def as_lines(frame: pl.DataFrame, path: str) -> bytes:
    """The frame as JSONL; a ConfigError for a column of bytes, which JSON has not (polars panics at it). NaN becomes null."""
    for name, kind in frame.schema.items():
        if _no_json(kind):
            raise ConfigError(
                f"{path}: column {name!r}: got {kind}, wanted what JSON can hold",
                hint="write the rows to --out FILE.parquet, without --removed",
            )
    return frame.write_ndjson().encode("utf-8")


def _no_json(kind: object) -> bool:
    """Whether values of that type are, or hold, what JSON has not."""
    import polars as pl

    if isinstance(kind, pl.Struct):
        return any(_no_json(field.dtype) for field in kind.fields)
    if isinstance(kind, (pl.List, pl.Array)):
        return _no_json(kind.inner)
    return kind in (pl.Binary, pl.Object)


@contextmanager
def jsonl(part: Path, path: Path) -> Iterator[Output]:
    with to_disk(path):
        file = part.open("xb")
    with file:
        yield Json(file, path)
        with to_disk(path):
            file.flush()
