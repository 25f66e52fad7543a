"""What comes once, as a stream: standard input, and the pipes of a shell (`<(zcat rows.gz)`). Read twice, it is spooled."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.reading.finding import STDIN
from sctk_core.reading.forms import Form, TextLayout
from sctk_core.reading.inputs import Input

_COPY_BYTES = 1 << 20
_OF_SHELLS = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")


def is_stream(name: str) -> bool:
    """Whether a name is standard input's, or that of a pipe which the shell made. One in a folder may have nobody who writes."""
    try:
        return name == STDIN or (name.startswith(_OF_SHELLS) and stat.S_ISFIFO(os.stat(name).st_mode))
    except (OSError, ValueError):
        return False


def check_ends() -> None:
    """A ConfigError where standard input is a device that never ends (`< /dev/zero`); a terminal and /dev/null do."""
    try:
        found = os.fstat(sys.stdin.fileno())
    except (OSError, ValueError, AttributeError):  # it is none of the system's
        return
    if stat.S_ISCHR(found.st_mode) and not sys.stdin.isatty() and found.st_rdev != os.stat(os.devnull).st_rdev:
        raise ConfigError("stdin: got a device, wanted rows that come to an end", hint="pipe in a file")


def spooled(place: Path, form: Form, layout: TextLayout, name: str = STDIN) -> Input:
    """A stream as the file at `place`, which it is written to; what the disk refuses is an OSError."""
    with _opened(name) as stream, place.open("wb") as file:
        shutil.copyfileobj(stream, file, _COPY_BYTES)
    return Input.at(place, form, name="stdin" if name == STDIN else name, layout=layout)


@contextmanager
def _opened(name: str) -> Iterator[Any]:
    if name == STDIN:
        check_ends()
        yield sys.stdin.buffer
        return
    with open(name, "rb") as stream:
        yield stream
