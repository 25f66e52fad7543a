"""What the disk refuses, in the words of these commands."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sctk_core import StoreError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def to_disk(path: Path | str, option: str = "--out") -> Iterator[None]:
    """Runs a write; what the disk refuses becomes a StoreError. A reader that went away (`| head`) is no fault of the disk."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        what = "make room" if error.errno in _FULL else "check that it can be written"
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}", hint=f"{what}, or name another place with {option}"
        ) from error
