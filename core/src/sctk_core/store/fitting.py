"""Whether a row's values fit the columns of its table: asked before a row is kept, not when a thousand of them are sealed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sctk_core.shown import kind_of, shown

MOST = 1 << 63
LONGEST = 100_000_000
"""Characters of one text of a table at most."""


def unfit(kinds: Mapping[str, str], values: Sequence[Any]) -> str:
    """What is wrong with the first value that its column cannot hold, `COLUMN: got ..., wanted ...`, or ""."""
    if _is_plain(kinds, values):
        return ""
    for (name, kind), value in zip(kinds.items(), values, strict=True):
        if value is None:
            continue
        fits, wanted = _FITS[kind]
        if not fits(value):
            return (
                f"{name}: got {shown(value) if type(value) in (int, float, bool) else kind_of(value)}, wanted {wanted}"
            )
    return ""


def _is_plain(kinds: Mapping[str, str], values: Sequence[Any]) -> bool:
    """Whether all is as in nearly every row: ASCII, turns of texts, small numbers; looked at together."""
    texts: list[Any] = []
    for kind, value in zip(kinds.values(), values, strict=True):
        known = type(value)
        if known is str and kind in ("text", "json"):
            texts.append(value)
        elif kind == "turns" and known is list:
            for turn in value:
                texts += turn
        elif kind == "ints" and known is tuple:
            if set(map(type, value)) - {int} or (value and max(max(value), -min(value)) >= MOST):
                return False
        elif not (value is None or _is_number(kind, value)):
            return False
    try:
        together = "".join(texts)
    except TypeError:
        return False
    return together.isascii() and len(together) <= LONGEST


def _is_number(kind: str, value: Any) -> bool:
    if type(value) is int:
        return kind in ("int", "float") and -MOST <= value < MOST
    if type(value) is bool:
        return kind == "bool"
    return type(value) is float and kind == "float" and value == value  # a NaN is unlike itself


def is_text(value: Any) -> bool:
    """A text of Unicode that a table can hold."""
    if type(value) is not str or len(value) > LONGEST:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_int(value: Any) -> bool:
    return type(value) is int and -MOST <= value < MOST


def _is_float(value: Any) -> bool:
    if type(value) is int:
        return abs(value) < MOST
    return type(value) is float and value == value  # a NaN is unlike itself


def _all(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: type(value) in (tuple, list) and all(map(fits, value))


def _is_turn(value: Any) -> bool:
    return type(value) in (tuple, list) and len(value) in (2, 3) and all(map(is_text, value))


_FITS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "text": (is_text, "a text of Unicode"),
    "json": (is_text, "what can be told in Unicode"),
    "int": (_is_int, "a whole number of 64 bits"),
    "float": (_is_float, "a number"),
    "bool": (lambda value: type(value) is bool, "True or False"),
    "texts": (_all(is_text), "texts of Unicode"),
    "ints": (_all(_is_int), "whole numbers of 64 bits"),
    "floats": (_all(_is_float), "numbers"),
    "turns": (_all(_is_turn), "turns of role and text"),
}
