"""The files that a command reads: found and checked before anything is computed.

The ending says what a file is. Standard input is JSONL; a command that reads everything twice gets it as a file on disk.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sctk_core import ConfigError
from sctk_core.reading import Form, Input, check_readable
from sctk_core.reading import form_of as known_form

from sctk_data.disk import to_disk

STDIN = "-"
ENDINGS = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz", ".parquet", ".pq")
_COPY_BYTES = 1 << 20


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
    return Input.at(spool, "jsonl", name="stdin")


def _file(name: str) -> Input:
    path = Path(name)
    form = form_of(path)
    check_readable(name)
    if not path.is_file():
        raise ConfigError(f"{name}: got no regular file, wanted one", hint="pipe it in, and name `-`")
    return Input.at(path, form, name=name)


def form_of(path: Path) -> Form:
    """What the ending says; a ConfigError where it says nothing."""
    form = known_form(path.name, ENDINGS)
    if form is None:
        raise ConfigError(
            f"{path}: got the ending {path.suffix!r}, wanted one of {', '.join(ENDINGS)}",
            hint="rename the file, or pipe JSONL in and name `-`",
        )
    return form
