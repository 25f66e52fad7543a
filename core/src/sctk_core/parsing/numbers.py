"""One number as a judge writes it, with what follows: an end, the asked scale or a reason; anything else makes it something else.

"4", "4/5", "4 out of 5 stars", "4 (good)", "4, because" are scores on a scale to 5. "4/10" is on another scale, "2 of the 3
claims" a count, "3-4" a range, "4 if it had sources" a condition, "4%" a share: none of them is a score.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sctk_core.parsing.words import any_of

NUMBER = r"[-+]?(?:\d+(?:\.\d+)?|\.\d+)"
_IN_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_MINE = r"^\s*(?:from me|in my (?:view|opinion|book)|(?:response|answer|reply)\b)"
_COUNTED = r"(?!before|earlier|first|max|point|possible|total|out|with|if|for|or|and|to|of|stars?\b)[a-z]{3,}"
ANOTHER_SCALE, NOT_PLAIN = "a number on another scale", "no one plain number"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """The scale that the judge was asked for."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """What was read where a number was looked for: its value, or why it is none; `scaled`: the asked scale is named."""

    value: float | None
    wrong: str = ""
    scaled: bool = False
    rest: str = ""


def read_number(text: str, bounds: Bounds, *, sums: bool = False) -> Number | None:
    """The number that `text` begins with, judged by what follows it; None where it begins with none.

    With `sums`, what comes out of "5 - 1 = 4" or "4 -> 3" is the number.

    >>> read_number("4/5, a fair answer", Bounds(low=0, high=5)).value, read_number("4/10", Bounds(low=0, high=5)).wrong
    (4.0, 'a number on another scale')
    """
    opened = re.match(r"[\s\"'(\[{]{0,4}", text)
    text = text[opened.end() :] if opened else text
    if hedged := re.match(rf"(?:[~≈<>≤≥]|{_hedge()}\W)\s*(?:\w+\s+)?{NUMBER}", text):
        return Number(value=None, wrong=NOT_PLAIN, rest=hedged[0])
    found = re.match(rf"(?P<number>{NUMBER}|{_words()})", text)
    if not found:
        return None
    number, end = found["number"], found.end()
    half = re.match(r",(\d{1,2})(?![\d,])", text[end:])
    if half and "." not in number:
        number, end = f"{number}.{half[1]}", end + half.end()
    elif sums and (result := re.match(rf"\s*(?:[-+*/×−][^=→]*(?:=|->|→)|->|→)\s*(?={NUMBER})", text[end:])):
        return read_number(text[end + result.end() :], bounds)
    value = _value(number)
    wrong, scaled = _after(text[end:], bounds)
    return Number(value=None if wrong else value + 0.0, wrong=wrong, scaled=scaled, rest=text[end:])


def scale_is(text: str, bounds: Bounds) -> bool | None:
    """Whether a remark ("out of 5", "0-5", "on a scale of 1 to 10") names the asked scale; None where it names no scale."""
    found = re.fullmatch(
        rf"[\s(\[]*(?:{_scale()})(?:\s+scale|\s*{any_of('score.units', 'score.stars')})?[\s)\]]*", text
    )
    return _asked(found, bounds) if found else None


def foreign(text: str, bounds: Bounds) -> bool:
    """Whether a text says somewhere that its scale ends elsewhere than the asked one ("on a scale of 1 to 10").

    >>> foreign("On a 10-point scale, I'd give it a 4.", Bounds(low=0, high=5)), foreign("Max score: 5", Bounds(low=0, high=5))
    (True, False)
    """
    found = [next(filter(None, match.groups())) for match in re.finditer(_declared(), text.lower())]
    return bool(found) and all(_value(high) != bounds.high for high in found)


def _after(rest: str, bounds: Bounds) -> tuple[str, bool]:
    """What is wrong with what follows a number ("" where nothing is), and whether the asked scale was named."""
    rest, scaled, stars = rest.lstrip("\"'])}>"), False, False
    behind = rf"\s*(?:{_scale()})"
    for pattern in (behind, _unit(), rf"\s*[(\[]\s*(?:{_scale()})", behind, _unit()):
        found = re.match(rf"{pattern}(?:\s+scale)?(?![\w.,/]?\d)", rest)
        if found and not (scaled and pattern == behind):
            groups = found.groupdict()
            if "high" in groups and not _asked(found, bounds):
                return ANOTHER_SCALE, False
            rest, scaled, stars = rest[found.end() :], scaled or "high" in groups, stars or bool(groups.get("star"))
    if stars and not scaled and bounds.high != 5:
        return ANOTHER_SCALE, False
    return _wrong_end(rest, scaled or stars, bounds), scaled or stars


def _wrong_end(rest: str, scaled: bool, bounds: Bounds) -> str:
    """ "" where nothing follows, or a reason: no further number, alternative or condition, and nothing that is counted."""
    rest = re.sub(_MINE, "", rest.lstrip("\"'])}>"))
    if re.match(r"[.,]\d", rest):
        return NOT_PLAIN
    if not re.search(r"[\w%°+×<>=&/~^?-]|candidate's", rest):
        return ""
    opened = re.match(
        rf"\s*[,;，、；]\s+|[，、；]|\s+[-–—]+\s+|\s*[(（]|\s+(?={any_of('score.reasons')})|[.!?。]\s+", rest
    )
    said = rest[opened.end() :] if opened else ""
    if not opened or re.match(
        rf"[-+]?\.?\d(?!\d*\s?%|\d* {_COUNTED})|and\s+\.?\d|{_hedge()}|\W*\(?candidate's word", said
    ):
        return NOT_PLAIN
    most = re.search(rf"{any_of('score.most')}\D{{0,12}}(?:\d+\s*(?:-|–|to)\s*)?(\d+(?:\.\d+)?)", said)
    if most and float(most[1]) != bounds.high:
        return ANOTHER_SCALE
    again = rf"\d\s*(?:/|out of)\s*\d|{any_of('score.labels', 'score.comma_labels')}\W{{1,3}}\d|\)\s*[,;]\s*\d"
    return NOT_PLAIN if re.search(again, said) else ""


def _value(number: str) -> float:
    return float(_IN_WORDS.index(number)) if number in _IN_WORDS else float(number)


def _asked(found: re.Match[str], bounds: Bounds) -> bool:
    low, high = found["low"], _value(found["high"] or found["to"])
    return high == bounds.high and (low is None or float(low) == bounds.low)


@cache
def _scale() -> str:
    """An expression with the groups `high`, or `low` and `to`."""
    most = r"(?:a |the )?(?:possible |maximum (?:of )?|max\.? )?"
    opened = r"(?:on |using |from )?(?:a |the )?(?:scale )?(?:of |from )?"
    between = r"\s*(?:-|–|—|to|bis|à|a|до|~|至|through)\s*"
    ranged = rf"{opened}(?P<low>{NUMBER}){between}(?P<to>{NUMBER})"
    return rf"{ranged}|(?:/|{_out_of()})\s*{most}(?P<high>\d+(?:\.\d+)?|{_words()})"


@cache
def _declared() -> str:
    """A sentence's word on the scale, apart from any score; the groups hold where it ends."""
    number = rf"(\d+(?:\.\d+)?|{_words()})"
    ranged = rf"scales?(?: is| of| from|:|=)*\s*{NUMBER}\s*(?:to|-|–|through)\s*{number}"
    most = rf"(?:max\w*|highest|best)(?: possible)?(?: (?:score|rating|mark|value|points?))?(?: is| of|:| =)\s*{number}(?!\s*[a-z])"
    return rf"{ranged}|{number}[- ]point scale|{most}|(?:^|[.!?]\s)(?:out|score) of {number},"


@cache
def _unit() -> str:
    return rf"\s*(?:{any_of('score.units')}|(?P<star>{any_of('score.stars')}))"


@cache
def _out_of() -> str:
    return any_of("score.out_of")


@cache
def _hedge() -> str:
    return any_of("score.hedges")


@cache
def _words() -> str:
    return "(?:" + "|".join(_IN_WORDS) + r")(?!\w)"
