"""The files that a command reads: found, checked and opened, before anything is computed.

The ending says what a file is. Standard input is JSONL; a command that reads everything twice gets it as a file on disk.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from sctk_core import ConfigError

from sctk_data.disk import to_disk

Form = Literal["jsonl", "parquet"]
STDIN = "-"
ENDINGS: dict[str, Form] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".jsonl.gz": "jsonl",
    ".ndjson.gz": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_COPY_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input; `path` None: standard input, read as it comes. `size` in bytes, None: not known."""

    name: str
    path: Path | None
    form: Form
    size: int | None
    stamp: tuple[int, int] | None = None

    def opened(self) -> IO[bytes]:
        """Its bytes, compressed or not."""
        if self.path is None:
            return sys.stdin.buffer
        try:
            return self.path.open("rb")
        except OSError as error:
            raise _unreadable(self.name, error) from error

    def check_unchanged(self) -> None:
        """A ConfigError where the file is not the one that was read first."""
        if self.path is not None and _stamp(self.path) != self.stamp:
            raise ConfigError(
                f"{self.name}: got other bytes on the second reading, wanted the same file both times",
                hint="something writes to it: wait until that is done, and run the same line again",
            )


@contextmanager
def inputs(names: Sequence[str], *, twice: bool, spill_dir: Path | None = None) -> Iterator[list[Input]]:
    """The inputs in order; standard input is put on disk (below `spill_dir`) while this holds, where it is read twice."""
    if list(names).count(STDIN) > 1:
        raise ConfigError("got standard input twice, wanted it once", hint="name `-` once")
    with (
        tempfile.TemporaryDirectory(prefix="sctk-", dir=spill_dir) if twice and STDIN in names else _nothing() as place
    ):
        yield [_input(name, Path(place) / "stdin.jsonl" if place else None) for name in names]


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


def _input(name: str, spool: Path | None) -> Input:
    if name != STDIN:
        return _file(name)
    if spool is None:
        return Input(name="stdin", path=None, form="jsonl", size=None)
    with to_disk(spool, "--spill-dir (or TMPDIR)"), spool.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file, _COPY_BYTES)
    return Input(name="stdin", path=spool, form="jsonl", size=spool.stat().st_size, stamp=_stamp(spool))


def _file(name: str) -> Input:
    path = Path(name)
    form = form_of(path)
    if not path.exists():
        raise ConfigError(f"{name}: got no such file, wanted a file of rows", hint="check the path")
    if not path.is_file():
        raise ConfigError(f"{name}: got no regular file, wanted one", hint="pipe it in, and name `-`")
    if not os.access(path, os.R_OK):
        raise ConfigError(f"{name}: got no permission to read it", hint="check its permissions")
    return Input(name=name, path=path, form=form, size=path.stat().st_size, stamp=_stamp(path))


def form_of(path: Path) -> Form:
    """What the ending says; a ConfigError where it says nothing."""
    for ending, form in ENDINGS.items():
        if path.name.lower().endswith(ending):
            return form
    raise ConfigError(
        f"{path}: got the ending {path.suffix!r}, wanted one of {', '.join(ENDINGS)}",
        hint="rename the file, or pipe JSONL in and name `-`",
    )


def _stamp(path: Path) -> tuple[int, int] | None:
    """What tells that a file was written to; None: it is there no more."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


def _unreadable(name: str, error: OSError) -> ConfigError:
    return ConfigError(f"{name}: {error.strerror or error}, wanted a readable file", hint="check the path")
