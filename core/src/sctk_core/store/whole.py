"""Files that appear whole or not at all, and never through a link that somebody left in their place; and how they are read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sctk_core.store.failures import writing


def through_no_link(path: str, flags: int) -> int:
    """An `opener` for files that are written in place."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o644)


def bytes_of(path: Path) -> bytes:
    """What a regular file holds; an OSError where it is another thing: a pipe would be waited for, a device has no end."""
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        with open(number, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(number)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; afterwards it is there under its name, and on disk. What fails leaves the old one."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)


def write_whole(path: Path, text: str) -> None:
    """A text file, whole or not at all."""
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")
