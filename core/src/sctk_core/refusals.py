"""What the system says when it gives no more (room on a disk, open files, memory, threads): one place that says what to do.

It is nobody's fault, neither a component's nor ours, wherever it comes up.
"""

from __future__ import annotations

import errno
import os

from sctk_core.errors import StoreError
from sctk_core.shown import shown

_AGAIN = "and run the same line again; what is answered is kept"
HINTS = {
    errno.ENOSPC: f"the disk is full: make room {_AGAIN}",
    errno.EDQUOT: f"the quota is used up: make room {_AGAIN}",
    errno.EROFS: "the file system is read-only: give another directory with --out",
    errno.EFBIG: f"no file may become so large here: lift the limit (ulimit -f) {_AGAIN}",
    errno.EMFILE: f"this process may open no more files: raise the limit (ulimit -n) {_AGAIN}",
    errno.ENFILE: f"the system opens no more files: end what holds them {_AGAIN}",
    errno.ENOMEM: f"the system gives no more memory: lift the limit (ulimit -v), or ask for less at once, {_AGAIN}",
}


def no_room(error: BaseException, where: str = "") -> StoreError | None:
    """The error of a system that refuses a file what it needs; None: the error says something else.

    >>> print(no_room(OSError(errno.ENOSPC, "full", "a.part")))
    the system refuses a.part: No space left on device
    hint: the disk is full: make room and run the same line again; what is answered is kept
    """
    if not isinstance(error, OSError) or error.errno not in HINTS:
        return None
    name = where or str(error.filename or "a file")
    return StoreError(f"the system refuses {name}: {os.strerror(error.errno)}", hint=HINTS[error.errno])


def of_system(error: BaseException) -> StoreError | None:
    """What the system says of a file that it will not open, whatever the reason; None: the error is another."""
    if not isinstance(error, OSError) or not error.errno:
        return None
    name = shown(error.filename) if error.filename else "the system"
    gone = error.errno == errno.ENOENT and not error.filename
    hint = (
        "is the current directory still there? cd to one that is"
        if gone
        else "check the path, and what you may do there"
    )
    return StoreError(f"{name}: {os.strerror(error.errno)}, wanted a file that can be used", hint=hint)


def out_of(error: BaseException) -> StoreError | None:
    """The same, of memory and threads too."""
    if isinstance(error, MemoryError):
        return StoreError("the system refuses memory", hint=HINTS[errno.ENOMEM])
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return StoreError("the system refuses a thread", hint=f"raise the limits (ulimit -u, ulimit -v) {_AGAIN}")
    return no_room(error)
