"""Word problems whose answer is an equation (SVAMP, arXiv 2103.07191): two equations are equal where their values are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sctk_core import Failure

from sctk_mirror.arithmetic import LONGEST, leading_equation, same_value, value
from sctk_mirror.statements import NO_ANSWER, TWO_ANSWERS, stated_or_bare, unread

form = "the equation in brackets, of numbers in the question, such as (3 + 4)"
_OPENING, _CLOSING = "\"'`*_$€£¥“‘«{ \t\n", "\"'`*_$”’»}"
_ENDS = re.compile(r"[.!?](?=[\"'`*_)”’»}$]{0,5}(?:\s|$))|[。！？\n]|</s>|<\|")
_EQUALS = re.compile(r"=|,?\s*\bwhich (?:is|equals|gives|makes)\b", re.IGNORECASE)
_TWO = re.compile(r"\s*(?:,?\s*(?:or|and|to)\b|\()|\W.*\d", re.IGNORECASE | re.DOTALL)
_GOES_ON = re.compile(
    r"\w|\s*(?:times|plus|minus|over|%|per ?cent|hundreds?|thousands?|dozens?|[mbtr]+illions?)(?!\w)|\s*[-–—]\s*$|.*[+*/^]",
    re.IGNORECASE | re.DOTALL,
)
"""In the sentence of an equation, behind it: another number; letters that touch it, a word that multiplies, a sign."""
GOES_ON = "an equation that goes on in words"


def show(row: Mapping[str, Any]) -> str:
    """Body and question of a row of SVAMP, or its `input` or `question` as the published files have it."""
    if "Body" in row:
        return f"{row['Body'].strip()}\n{row['Question'].strip()}"
    found: str = row["input"] if "input" in row else row["question"]
    return found


def gold(row: Mapping[str, Any]) -> str | None:
    """The gold equation."""
    found = row.get("Equation", row.get("label"))
    return None if found is None else str(found)


def conclude(text: str) -> str | Failure:
    """The equation behind the last "answer is", as it is written; or all of a text that is an equation.

    >>> conclude("So 84 / 2 = 42. The answer is (84.0 / 2.0)."), conclude("answer is unknown. The answer is (4 + 5).")
    ('(84.0 / 2.0)', '(4 + 5)')
    """
    found = stated_or_bare(text)
    if isinstance(found, Failure):
        return found
    said, stated = found
    read = leading_equation(said.lstrip(_OPENING).partition("\n")[0])  # a list may go on below: "- 3 of them"
    if isinstance(read, Failure):
        return read if stated else unread(NO_ANSWER, text)
    equation, rest = read[0], read[1].lstrip(_CLOSING)
    if not stated and rest.strip(" .") and not rest.lstrip().startswith("="):
        return unread(NO_ANSWER, text)
    rest = _EQUALS.split(_ENDS.split(rest[:LONGEST], maxsplit=1)[0], maxsplit=1)[0]
    for pattern, reason in ((_TWO, TWO_ANSWERS), (_GOES_ON, GOES_ON)):
        if pattern.match(rest):
            return unread(reason, text)
    return equation


def equal(one: str, other: str) -> bool:
    """Whether both have a value and the values are one, to a relative 1e-9 (`sctk_mirror.arithmetic.TOLERANCE`).

    >>> equal("(10 - (3 + 6))", "( 10.0 - 3.0 - 6.0 )"), equal("1 / 0", "2 / 0")
    (True, False)
    """
    first, second = value(one), value(other)
    return not isinstance(first, Failure) and not isinstance(second, Failure) and same_value(first, second)
