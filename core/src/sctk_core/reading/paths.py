"""Paths into nested columns: `prompt[0].content`, `base.question`, `completions[*].response`.

A column whose own name has dots or brackets is taken as it stands. A step into text that holds JSON, as exports to CSV leave it,
goes into what the JSON holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sctk_core.reading.decoding import loads

_PATH = re.compile(r"[^.\[\]]+(?:\.[^.\[\]]+|\[(?:-?\d{1,9}|\*)\])*")
_STEP = re.compile(r"[^.\[\]]+")


class NoSuchPath(LookupError):
    """The row has not what the path names; the message is the part of the path that is missing."""


def value_at(row: Mapping[str, Any], path: str) -> Any:
    """What a row holds at a path; NoSuchPath where it holds nothing there.

    >>> row = {"base": {"question": "Why?"}, "turns": [{"text": "a"}, {"text": "b"}], "a.b": 1, "packed": '{"x": 2}'}
    >>> [value_at(row, path) for path in ("base.question", "turns[-1].text", "turns[*].text", "a.b", "packed.x")]
    ['Why?', 'b', ['a', 'b'], 1, 2]
    """
    if path in row:
        return row[path]
    if not _PATH.fullmatch(path):
        raise NoSuchPath(path)
    return _inside(row, _STEP.findall(path), path)


def root_of(path: str, names: Mapping[str, Any]) -> str:
    """The column that a path begins at: the path itself where a column is called that.

    >>> root_of("turns[0].text", {"turns": 1}), root_of("a.b", {"a.b": 1})
    ('turns', 'a.b')
    """
    steps = _STEP.findall(path)
    return path if path in names or not steps else steps[0]


def _inside(value: Any, steps: list[str], path: str) -> Any:
    for at, step in enumerate(steps):
        value = _unpacked(value)
        if step == "*" and isinstance(value, list):
            return [_inside(each, steps[at + 1 :], path) for each in value]
        value = _member(value, step, path)
    return value


def _member(value: Any, step: str, path: str) -> Any:
    if isinstance(value, dict) and step in value:
        return value[step]
    number = int(step) if step.lstrip("-").isdecimal() else None
    if isinstance(value, list) and number is not None and -len(value) <= number < len(value):
        return value[number]
    raise NoSuchPath(path)


def _unpacked(value: Any) -> Any:
    """A list or an object that is written as JSON text, as such."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return loads(value)
        except (ValueError, RecursionError):
            return value
    return value
