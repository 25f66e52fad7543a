"""What the fields of a plan hold: looked at before anything is made of them, for a plan is a stranger's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sctk_core.plan import Arm, Evaluate, Fit, Generate, Length, Step, Train
from sctk_core.reals import finite
from sctk_core.shown import shown

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return type(value) is str


def _are_texts(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes) and all(map(_is_text, value))


def _is_step(value: Any) -> bool:
    if not isinstance(value, Step):
        return _is_text(value)
    counts = (value.times, 0 if value.most is None else value.most)
    return _is_text(value.name) and _is_text(value.of) and all(type(n) is int and n >= 0 for n in counts)


def _are_steps(value: Any) -> bool:
    return callable(value) or (
        isinstance(value, Sequence) and not isinstance(value, str | bytes) and all(map(_is_step, value))
    )


def _is_cast(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_is_text(each) for pair in value.items() for each in pair)


def _are_tables(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_is_text(name) and isinstance(kind, type) for name, kind in value.items())


def _are_shares(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_is_text(name) and _are_texts(steps) for name, steps in value.items())


def _are_settings(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is_text, value))


def _is_length(value: Any) -> bool:
    if not isinstance(value, Length):
        return value is None
    return _is_text(value.of) and _is_text(value.setting) and (finite(value.passes) or 0.0) > 0


def _is_crew(value: Any) -> bool:
    return value is None or (isinstance(value, type) and dataclasses.is_dataclass(value))


def _are_pairs(value: Any) -> bool:
    return isinstance(value, Sequence) and all(_are_texts(pair) and len(pair) == 2 for pair in value)


def _are_arms(value: Any) -> bool:
    return all(isinstance(arm, Arm) for arm in value)


_WALKED: dict[str, tuple[Check, str]] = {
    "steps": (_are_steps, "steps, or a function that gives them"),
    "crew": (_is_crew, "a dataclass or None"),
    "cast": (_is_cast, "a mapping of role to arm"),
    "settings": (lambda value: value is None or _are_texts(value), "names of settings or None"),
    "fit": (_is_text, "the name of a fit"),
    "backend": (_are_settings, "settings of the backend"),
}
_NAME = (_is_text, "a name")
FIELDS: dict[type, dict[str, tuple[Check, str]]] = {
    Generate: {
        "name": _NAME, "walk": (callable, "an async function"), "over": _NAME, "student": _NAME,
        "makes": (_are_tables, "a mapping of table to record type"), **_WALKED,
        "rests_on": (_are_shares, "a mapping of table to names of steps"),
    },
    Fit: {"name": _NAME, "on": _NAME, "by": (callable, "a function"), "settings": _WALKED["settings"]},
    Train: {
        "arm": _NAME, "start": _NAME, "section": _NAME,
        "on": (lambda value: _is_text(value) or (_is_cast(value) and len(value) > 0), "a table, or tables by name"),
        "changes": (_are_settings, "a mapping of settings"),
        "length": (_is_length, "a Length, of a table and more than 0 passes, or None"),
        "may_be_empty": (_are_texts, "names of tables"),
    },
    Arm: {
        "name": _NAME, "model": _NAME, "walk": (lambda value: value is None or callable(value), "an async function or None"),
        **_WALKED,
    },
    Evaluate: {
        "name": _NAME, "over": _NAME, "arms": (_are_arms, "one Arm or more"), "differences": (_are_pairs, "pairs of arms"),
    },
}  # fmt: skip


def shape_of(one: Any) -> Iterator[str]:
    """What of a pass, a training, an evaluation or an arm is not of its type, in one line each."""
    label = getattr(one, "name", getattr(one, "arm", ""))
    who = f"{label}: " if _is_text(label) and label else ""
    for name, (fits, wanted) in FIELDS[type(one)].items():
        if not fits(getattr(one, name)):
            yield f"{who}{type(one).__name__}.{name}: got {shown(getattr(one, name))}, wanted {wanted}"
            return
    for arm in one.arms if isinstance(one, Evaluate) else ():
        yield from shape_of(arm)
