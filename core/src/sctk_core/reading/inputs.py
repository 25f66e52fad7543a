"""One file of rows: checked before anything is computed, opened when it is read, and told apart from itself a minute later."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sctk_core.errors import ConfigError
from sctk_core.reading.forms import Form


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input; `path` None: standard input, read as it comes. `size` in bytes, None: not known."""

    name: str
    path: Path | None
    form: Form
    size: int | None
    stamp: tuple[int, int] | None = None

    @classmethod
    def at(cls, path: Path, form: Form, *, name: str = "") -> Input:
        """The file at `path`, which is there; complaints call it `name`."""
        return cls(name=name or str(path), path=path, form=form, size=path.stat().st_size, stamp=_stamp(path))

    def opened(self) -> IO[bytes]:
        """Its bytes, packed or not."""
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


def check_readable(name: str, *, of: str = "rows") -> None:
    """A ConfigError where there is no such file, or it may not be read; `of` says what is wanted in it."""
    try:
        os.stat(name)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ConfigError(f"{name}: got no such file, wanted a file of {of}", hint="check the path") from error
    except OSError as error:
        raise _unreadable(name, error) from error
    if not os.access(name, os.R_OK):
        raise ConfigError(f"{name}: got no permission to read it", hint="check its permissions")


def _stamp(path: Path) -> tuple[int, int] | None:
    """What tells that a file was written to; None: it is there no more."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


def _unreadable(name: str, error: OSError) -> ConfigError:
    return ConfigError(f"{name}: {error.strerror or error}, wanted a readable file", hint="check the path")
