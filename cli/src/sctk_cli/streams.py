"""The standard streams of the process, which may be closed, full, or read by somebody who goes away.

What is said on standard error is worth less than the run that says it: where nobody takes it, the run goes on without. Data on
standard output is what a command is for: where it cannot be written, the command ends with an error, and quietly where its reader
has had enough (`sctk show RUN | head`).
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from collections.abc import Callable

GONE = {errno.EPIPE, errno.EIO, errno.EBADF}
"""What is said of a stream that will never take anything again."""


class ReaderGone(BrokenPipeError):
    """Whoever read standard output went away."""


class Refused(OSError):
    """Standard output takes no more: the disk is full, or it is closed."""


class Said(io.FileIO):
    """Standard error: what it refuses is lost, and nobody hears of it but `lost`, the last refusal."""

    lost: OSError | None = None

    def write(self, data: object) -> int:
        """As if all were written."""
        try:
            return _all_of(data, super().write, self.fileno())
        except OSError as error:
            self.lost = error
            if error.errno in GONE:
                _point_at_nothing(self.fileno())  # engines and their children write there too
        return memoryview(data).nbytes  # type: ignore[arg-type]


class Data(io.FileIO):
    """Standard output: the first refusal is an error, and what comes after it goes nowhere."""

    lost: OSError | None = None

    def write(self, data: object) -> int:
        """Writes, or raises ReaderGone or Refused, once."""
        if self.lost is None:
            try:
                return _all_of(data, super().write, self.fileno())
            except OSError as error:
                self.lost = error
                if error.errno == errno.EPIPE:
                    raise ReaderGone("nobody reads standard output any more") from error
                why = "it is closed" if error.errno == errno.EBADF else error.strerror
                raise Refused(f"cannot write standard output: {why}") from error
        return memoryview(data).nbytes  # type: ignore[arg-type]


def _all_of(data: object, write: Callable[[memoryview], int | None], number: int) -> int:
    """Writes all of it; a descriptor that somebody made non-blocking (a terminal's other user) is waited for."""
    rest = memoryview(data).cast("B")  # type: ignore[arg-type]
    whole = rest.nbytes
    while rest.nbytes:
        taken = write(rest)
        if taken is None:
            select.select([], [number], [])
        rest = rest[taken or 0 :]
    return whole


def install() -> None:
    """Puts these streams in the place of Python's, and something in the place of what is closed: a file that is opened next would
    get its number, and what is printed would go into that file."""
    global _said
    closed = [number for number in (0, 1, 2) if not _is_open(number)]
    for number in closed:  # standard output can be read only, so that data is refused, as by what is closed
        _point_at_nothing(number, os.O_RDWR if number == 2 else os.O_RDONLY)
    if 0 in closed:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    data, _said = Data(1, "w", closefd=False), Said(2, "w", closefd=False)
    _said.lost = OSError(errno.EBADF, "it is closed") if 2 in closed else None
    sys.stderr = _text(_said, sys.stderr, line_buffering=True)
    sys.stdout = _text(data, sys.stdout, line_buffering=data.isatty())


_said: Said | None = None


def unheard() -> str:
    """Why what was said on standard error reached nobody, or ""."""
    return "" if _said is None or _said.lost is None else _said.lost.strerror or "it takes nothing"


def _text(raw: Said | Data, before: object, *, line_buffering: bool) -> io.TextIOWrapper:
    """A stream of text; what its encoding has not is spelled out."""
    encoding = getattr(before, "encoding", None) or "utf-8"
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors="backslashreplace", line_buffering=line_buffering
    )


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _point_at_nothing(number: int, how: int = os.O_RDWR) -> None:
    nothing = os.open(os.devnull, how)
    if nothing != number:
        os.dup2(nothing, number)
        os.close(nothing)
