"""Records of any type, made by hand: what a pass over a table is rehearsed with where the pass before it made no row."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any

from sctk_core.testing.examples import (
    example_critiques,
    example_pairs,
    example_prompts,
    example_samples,
    example_scores,
)

_EXAMPLES: Mapping[str, Any] = {
    "Prompt": example_prompts, "Sample": example_samples, "Pair": example_pairs, "Critique": example_critiques,
    "Score": example_scores,
}  # fmt: skip
_PLAIN: Mapping[Any, Any] = {int: 1, float: 0.5, bool: True}


def made_by_hand(kind: type, number: int) -> Any:
    """The `number`-th example of a record type, its fields filled by their types; equal numbers make equal records.

    >>> from sctk_core.records import Value
    >>> made_by_hand(Value, 0).metric
    'A text, number 0.'
    """
    return _value(kind, number)


def _value(hint: Any, number: int) -> Any:
    arms = [arm for arm in typing.get_args(hint) if arm is not type(None)]
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _value(arms[0], number)
    if origin is typing.Literal:
        return arms[number % len(arms)]
    if origin in (tuple, list):
        return origin([_value(arms[0], number)] if arms else [])
    if hint in _PLAIN:
        return _PLAIN[hint]
    if getattr(hint, "__name__", "") in _EXAMPLES:
        examples = _EXAMPLES[hint.__name__]()
        return examples[number % len(examples)]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _filled(hint, number)
    return f"A text, number {number}." if hint is str else {}


def _filled(kind: type, number: int) -> Any:
    """A dataclass whose fields without a default are filled."""
    hints = typing.get_type_hints(kind)
    missing = dataclasses.MISSING
    owed = [one.name for one in dataclasses.fields(kind) if one.init and one.default is missing is one.default_factory]
    return kind(**{name: _value(hints[name], number) for name in owed})
