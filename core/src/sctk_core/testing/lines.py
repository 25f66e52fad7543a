"""Where in a plugin's own code something happens: the innermost line that is neither ours nor asyncio's."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from pathlib import Path
from types import FrameType
from typing import Any

import sctk_core

_OURS = (str(Path(sctk_core.__file__).parent), str(Path(asyncio.__file__).parent), contextlib.__file__)


def line_of(frame: FrameType | None) -> str:
    """`file.py, line 7` of the innermost frame that is theirs, or "" where none is."""
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_OURS):
            return _told(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return ""


def start_of(function: Any) -> str:
    """`file.py, line 7` where a function begins, or "" where that is not known."""
    code = getattr(inspect.unwrap(getattr(function, "func", function)), "__code__", None)
    return _told(code.co_filename, code.co_firstlineno) if code is not None else ""


def at(line: str) -> str:
    """The line as the end of a sentence."""
    return f" ({line})" if line else ""


def _told(file: str, line: int) -> str:
    return f"{Path(file).name}, line {line}"
