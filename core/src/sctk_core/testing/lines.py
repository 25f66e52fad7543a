"""Where in a plugin's own code something happens: the innermost line that is neither ours nor Python's."""

from __future__ import annotations

import inspect
import sysconfig
from pathlib import Path
from types import FrameType
from typing import Any

import sctk_core

_OURS = str(Path(sctk_core.__file__).parent)
_PYTHONS = sysconfig.get_path("stdlib")


def line_of(frame: FrameType | None) -> str:
    """`file.py, line 7` of the innermost frame that is theirs, or "" where none is."""
    while frame is not None:
        if _is_theirs(frame.f_code.co_filename):
            return _told(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return ""


def _is_theirs(file: str) -> bool:
    if file.startswith((_OURS, "<")):
        return False
    return not file.startswith(_PYTHONS) or "site-packages" in file


def start_of(function: Any) -> str:
    """`file.py, line 7` where a function begins, or "" where that is not known."""
    code = getattr(inspect.unwrap(getattr(function, "func", function)), "__code__", None)
    return _told(code.co_filename, code.co_firstlineno) if code is not None else ""


def at(line: str) -> str:
    """The line as the end of a sentence."""
    return f" ({line})" if line else ""


def _told(file: str, line: int) -> str:
    return f"{Path(file).name}, line {line}"
