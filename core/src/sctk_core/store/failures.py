"""What the disk says when it will not: one place that turns it into a `StoreError` with a hint."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sctk_core.errors import StoreError

_HINTS = {
    errno.ENOSPC: "the disk is full: make room and run the same line again; what is answered is kept",
    errno.EDQUOT: "the quota is used up: make room and run the same line again; what is answered is kept",
    errno.EROFS: "the file system is read-only: give another directory with --out",
    errno.EACCES: "no permission to write there: give another directory with --out",
}
_SQLITE = {
    sqlite3.SQLITE_FULL: _HINTS[errno.ENOSPC],
    sqlite3.SQLITE_READONLY: _HINTS[errno.EACCES],
    sqlite3.SQLITE_CANTOPEN: _HINTS[errno.EACCES],
    sqlite3.SQLITE_BUSY: "another process writes there: wait for it, or give another directory with --out",
    sqlite3.SQLITE_IOERR: _HINTS[errno.ENOSPC],
    sqlite3.SQLITE_CORRUPT: "the file is damaged: move it away; what the other files hold is kept",
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
        hint = _HINTS.get(error.errno or 0, "check that the path exists and can be written")
        raise StoreError(f"cannot write {path}: {error.strerror or error}", hint=hint) from error
