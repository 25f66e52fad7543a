"""Whether what was read from JSON has the shape of a type, all the way down: a file may be a stranger's, or of another program.

A type is what a dataclass or a TypedDict says of its fields: texts, numbers, truth values, None, lists, mappings of texts, and
such dataclasses again. What a TypedDict does not name may be anything.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Iterable
from functools import cache
from typing import Any

from sctk_core.shown import shown

_hints = cache(typing.get_type_hints)


def misfit(value: Any, wanted: Any, at: str = "") -> str:
    """What does not fit first, `PLACE: got ..., wanted ...`, or "" where all does.

    >>> misfit({"a": [1, 2.5]}, dict[str, list[int]])
    'a.1: got 2.5, wanted int'
    >>> misfit({"a": 1}, dict[str, int | None])
    ''
    """
    if wanted is Any:
        return ""
    origin, arms = typing.get_origin(wanted) or wanted, typing.get_args(wanted)
    if origin in (types.UnionType, typing.Union):
        found = [misfit(value, arm, at) for arm in arms]
        return "" if "" in found else found[0]
    if dataclasses.is_dataclass(origin) or typing.is_typeddict(origin):
        return _of_fields(value, origin, at)
    if origin is dict:
        return (
            _first(misfit(value[name], arms[1], _below(at, name)) for name in value)
            if _is(value, dict)
            else (_got(value, "a mapping", at))
        )
    if origin in (list, tuple):
        return (
            _first(misfit(one, arms[0], _below(at, n)) for n, one in enumerate(value))
            if _is(value, list)
            else (_got(value, "a list", at))
        )
    return "" if _is(value, origin) else _got(value, getattr(origin, "__name__", "another"), at)


def _of_fields(value: Any, wanted: Any, at: str) -> str:
    """The same of a mapping that stands for a dataclass, which has no other fields, or a TypedDict, which may."""
    if not _is(value, dict):
        return _got(value, "a mapping", at)
    hints = _hints(wanted)
    if dataclasses.is_dataclass(wanted):
        needed = {f.name for f in dataclasses.fields(wanted) if f.default is f.default_factory is dataclasses.MISSING}
        strangers = value.keys() - hints.keys()
    else:
        needed, strangers = set(wanted.__required_keys__), set[str]()
    for name in sorted(needed - value.keys()):
        return f"{_below(at, name)}: got nothing, wanted it"
    for name in sorted(strangers):
        return f"{_below(at, name)}: got a field that nobody knows, wanted none"
    return _first(misfit(value[name], hints[name], _below(at, name)) for name in value if name in hints)


def _is(value: Any, kind: Any) -> bool:
    if kind is float:
        return type(value) in (int, float) and _is_finite(value)
    if kind is str:
        return type(value) is str and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return type(value) is (types.NoneType if kind is None else kind)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _got(value: Any, wanted: str, at: str) -> str:
    return f"{at or 'the whole'}: got {shown(value)}, wanted {wanted}"


def _below(at: str, name: object) -> str:
    said = name if isinstance(name, int) else shown(name)[1:-1]
    return f"{at}.{said}" if at else str(said)


def _first(complaints: Iterable[str]) -> str:
    return next(filter(None, complaints), "")
