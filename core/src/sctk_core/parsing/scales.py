"""The scale of a number in a judge's words: whether the asked one is named beside it, or another one anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sctk_core.parsing.figures import NUMBER, WORDS, plain_value
from sctk_core.parsing.words import any_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """The scale that the judge was asked for."""

    low: float
    high: float


def scale_is(text: str, bounds: Bounds) -> bool | None:
    """Whether a remark ("out of 5", "0-5", "on a scale of 1 to 10") names the asked scale; None where it names no scale."""
    found = re.fullmatch(rf"[\s(\[]*(?:{scale()})(?:\s+scale|\s*{any_of('score.units', 'score.stars')})?[\s)\]]*", text)
    return asked(found, bounds) if found else None


def without_remarks(text: str) -> str:
    """A text whose scales are named without what their ends mean.

    >>> without_remarks("On a scale of 1 (bad) to 5 (good), it is a 3.")
    'On a scale of 1 to 5, it is a 3.'
    """
    meaning = r"\s?\([^\W\d][^()\d]{1,40}\)"
    text = re.sub(rf"\b((?:from|of|between|scale:?) \d+){meaning}( ?(?:to|and|-|–) ?\d+){meaning}", r"\1\2", text)
    said = r"\d+ (?:is|means|=|being) [^,;.:\d\n]{1,40}"
    return re.sub(
        rf"\b((?:from|of|between) \d+ (?:to|and|-|–) \d+),? (?:where|with|in which) {said} and {said}(?=,)", r"\1", text
    )


def foreign(text: str, bounds: Bounds) -> bool:
    """Whether a text says somewhere that its scale ends elsewhere than the asked one ("on a scale of 1 to 10").

    >>> foreign("On a 10-point scale, I'd give it a 4.", Bounds(low=0, high=5)), foreign("Max score: 5", Bounds(low=0, high=5))
    (True, False)
    """
    found = [next(filter(None, match.groups())) for match in re.finditer(_declared(), text.lower())]
    return bool(found) and all(plain_value(high) != bounds.high for high in found)


def asked(found: re.Match[str], bounds: Bounds) -> bool:
    """Whether a scale that was found (`scale`) is the asked one."""
    low, high = found["low"], plain_value(found["high"] or found["to"])
    return high == bounds.high and (low is None or float(low) == bounds.low)


@cache
def scale() -> str:
    """An expression with the groups `high`, or `low` and `to`."""
    most = r"(?:a |the )?(?:possible |maximum (?:of )?|max\.? )?"
    opened = r"(?:on |using |from )?(?:a |the )?(?:scale )?(?:of |from )?"
    between = r"\s*(?:-|–|—|to|bis|à|a|до|~|至|through)\s*"
    ranged = rf"{opened}(?P<low>{NUMBER}){between}(?P<to>{NUMBER})"
    beside = rf"(?:/|{any_of('score.out_of')})\s*{most}|on (?:an?|the|this|your) (?=\d+[- ]point scale)"
    return rf"{ranged}|(?:{beside})(?P<high>\d+(?:\.\d+)?|{WORDS})(?:[- ]point(?= scale))?"


@cache
def _declared() -> str:
    """A sentence's word on the scale, apart from any score; the groups hold where it ends."""
    number = rf"(\d+(?:\.\d+)?|{WORDS})"
    ranged = rf"scales?(?: is| of| from|:|=)*\s*{NUMBER}\s*(?:to|-|–|through)\s*{number}"
    most = rf"(?:max\w*|highest|best)(?: possible)?(?: (?:score|rating|mark|value|points?))?(?: is| of|:| =)\s*{number}(?!\s*[a-z])"
    return rf"{ranged}|{number}[- ]point scale|{most}|(?:^|[.!?]\s)(?:score )?out of {number},"


@cache
def unit() -> str:
    """An expression of what a judge counts in, with the group `star`."""
    return rf"\s*(?:{any_of('score.units')}|(?P<star>{any_of('score.stars')}))"
