"""Gold answers as files have them (a text, a number, true or false, a list of any of them), as the texts that a prompt holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.reals import real, whole


def references_of(value: object) -> tuple[str, ...]:
    """Every answer that counts as right, each once and in order; nothing for null. The members of a list are answers by choice.

    `Prompt(reference=texts[0], other_references=texts[1:])`. A ConfigError (got, wanted) for what is no answer.

    >>> references_of("Paris"), references_of(42), references_of(42.5), references_of(True), references_of(None)
    (('Paris',), ('42',), ('42.5',), ('true',), ())
    >>> references_of(["Paris", "paris", "Paris", 7])
    ('Paris', 'paris', '7')
    """
    members: Any = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(_text(member) for member in members if member is not None))


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    number = whole(value) if whole(value) is not None else real(value)
    if number is None or not -math.inf < number < math.inf or isinstance(value, Mapping):
        raise ConfigError(
            f"got a gold answer that is {type(value).__name__} {str(value)[:60]!r}, wanted text, a number, true, false "
            "or a list of these",
            hint='name the column, or the path into it, that holds the answer: [source.columns] reference = "..."',
        )
    return str(number)
