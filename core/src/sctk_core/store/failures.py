"""What the disk says when it will not, and what is damaged on it: one place that makes it a `StoreError` with a hint."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sctk_core.errors import StoreError
from sctk_core.refusals import HINTS

_HINTS = HINTS | {errno.EACCES: "no permission to write there: give another directory with --out"}
_OS_ERROR = re.compile(r"os error (\d+)")
AGAIN = "run the same line again: it is made anew, and what was answered is not asked again"
FOREIGN = "somebody else wrote it, for its digest is right: take its directory away and run the same line again"
_SQLITE = {
    sqlite3.SQLITE_FULL: _HINTS[errno.ENOSPC],
    sqlite3.SQLITE_READONLY: _HINTS[errno.EACCES],
    sqlite3.SQLITE_CANTOPEN: "may you write there, and may this process open more files (ulimit -n)?",
    sqlite3.SQLITE_BUSY: "another process writes there: wait for it, or give another directory with --out",
    sqlite3.SQLITE_IOERR: "is the disk full, or no file larger here (ulimit -f)? Make room and run the same line again; "
    "what is answered is kept",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: move it away and run the same line again; what the other files hold is kept",
    sqlite3.SQLITE_NOTADB: "the file is no database: move it away and run the same line again",
}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Runs a write; what the disk refuses becomes a StoreError that names `path`."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise StoreError(f"cannot write {path}: {error}", hint=_SQLITE.get(code, "see the message above")) from error
    except OSError as error:
        raise _refused(path, error.errno or 0, error) from error
    except Exception as error:
        if not type(error).__module__.startswith("polars"):
            raise
        # polars has errors of its own for what the disk says, and not always its number
        number = _OS_ERROR.search(str(error))
        raise _refused(path, int(number[1]) if number else 0, error) from error


def _refused(path: Path, number: int, error: Exception) -> StoreError:
    told = os.strerror(number) if number else error
    hint = _HINTS.get(number, "is there room on the disk, and may you write there? Then run the same line again")
    return StoreError(f"cannot write {path}: {told}", hint=hint)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Runs a query; what is damaged becomes a StoreError that names `path`. Text that is no text counts as damage."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise StoreError(
            f"cannot read {path}: {error}", hint=_SQLITE.get(code, _SQLITE[sqlite3.SQLITE_CORRUPT])
        ) from error


def damaged(path: Path, got: str, hint: str = AGAIN) -> StoreError:
    """What is said of a file that does not hold what was written."""
    return StoreError(f"{path}: got {got}, wanted the file as it was written", hint=hint)
