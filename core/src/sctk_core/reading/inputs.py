"""One file of rows: checked before anything is computed, opened when it is read, and told apart from itself a minute later."""

from __future__ import annotations

import glob
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.reading.forms import TYPED, USUAL_LAYOUT, Form, TextLayout


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input; `path` None: standard input, read as it comes. `size` in bytes, None: not known. `layout` is of CSV and TSV."""

    name: str
    path: Path | None
    form: Form
    size: int | None
    stamp: tuple[int, int] | None = None
    layout: TextLayout = USUAL_LAYOUT

    @classmethod
    def at(cls, path: Path, form: Form, *, name: str = "", layout: TextLayout | None = None) -> Input:
        """The file at `path`, which is there; complaints call it `name`."""
        return cls(
            name=name or str(path),
            path=path,
            form=form,
            size=path.stat().st_size,
            stamp=_stamp(path),
            layout=layout or USUAL_LAYOUT,
        )

    @property
    def typed(self) -> bool:
        """Whether its rows come as frames, whose columns have types."""
        return self.form in TYPED

    def opened(self) -> Any:
        """Its bytes, packed or not, behind a buffer; who opened it leaves it with `with`."""
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
        raise ConfigError(f"{name}: got no such file, wanted a file of {of}", hint=_instead(name)) from error
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from error
    if not os.access(name, os.R_OK):
        raise ConfigError(f"{name}: got no permission to read it", hint="check its permissions")


def _instead(name: str) -> str:
    """What may be meant by a name that is no file's: names are taken as they stand, without patterns and homes."""
    home = os.path.expanduser(name)
    if home != name and os.path.exists(home):
        return f"a name is taken as it stands: write {home}"
    matches = sorted(glob.glob(home))
    if matches:
        return f"a name is no pattern: name the files ({matches[0]}, ...), or the directory that they are in"
    return "check the path"


def _stamp(path: Path) -> tuple[int, int] | None:
    """What tells that a file was written to; None: it is there no more."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime_ns


def _unreadable(name: str, error: Exception) -> ConfigError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ConfigError(f"{name}: {why}, wanted a readable file", hint="check the path")
