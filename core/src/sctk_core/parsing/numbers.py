"""One number as a judge writes it, with what follows: an end, the asked scale or a reason; anything else makes it something else.

"4", "4/5", "4 out of 5 stars", "4 (good)", "4, because" are scores on a scale to 5. "4/10" is on another scale, "2 of the 3
claims" a count, "3-4" a range, "4 if it had sources" a condition, "4%" a share: none of them is a score.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sctk_core.parsing.figures import NUMBER, WORDS, figure
from sctk_core.parsing.phrases import ABOUT, PART, THIS
from sctk_core.parsing.scales import Bounds, asked, scale, unit
from sctk_core.parsing.words import any_of

_MINE = (
    r"^\s*(?:from me(?:,? sorry)?|by me\b|"
    r"in my (?:view|opinion|book)|for me\b|overall\b|in total|altogether|(?:response|answer|reply)\b|"
    rf"here\b|(?:for|to) {THIS}\b|(?:after a second look|on reflection|on second thought)\b)"
)
_IN_BRACKETS = (
    r"^\s*[(\[](?:(?:it )?(?:would(?: have)?|could have) (?:be|been|get|earn)|"
    r"(?:down|up|reduced|raised|rounded) (?:(?:up|down) )?from|"
    rf"{NUMBER} (?:if|with|without)\b|(?:my )?confidence\b|"
    r"(?:the )?(?:previous|earlier|first|initial|last) (?:draft|version|score|rating|response)\b) ?"
    r"[^()\[\]]{1,80}[)\]]"
)
"""What the number might have been, was before, or how sure of it the judge is: in brackets it changes nothing."""
_NO_OTHER = rf"^\s*(?:[,(] ?(?:and |but )?not|rather than) (?:(?:an? )?{NUMBER}|higher|lower|more|less)\)?(?=\W|$)"
_COUNTED = (
    r"(?!when|rounded|before|earlier|first|max|point|possible|total|out|with|if|for|or|and|to|of|stars?\b)[a-z]{3,}"
)
_ROUGHLY = rf"(?:{ABOUT}\s?(?:an? )?|[~≈]\s?)(?=[-+]?[\d.]|{WORDS})"
_AVERAGE = r"^\s*[(\[–—-]\s?(?:well |slightly |just |far )?(?:above|below)[ -]average\b"
_OPEN = r"(?:would|could|should|might|may)(?:n't| not| have| also)? |no (?!wait|way|more|less|longer|idea)[a-z]"
"""Opens what else could be said of the reply, where no number and no comparison follows ("3, could be shorter")."""
_SCALE_ENDS = r"(?:\s+scale|\s+possible(?= (?:points|marks)))?"
_ROUNDED = (
    rf"(?:\s?/\s?\d+| out of \d+)?\s*[,;(–—-]{{0,2}}\s*(?:(?:which|it|i|i'd|i'll|i would|is|and|then) ){{0,3}}"
    rf"round(?:ed|s|ing)?(?: (?:it|this|that))?(?: (?:up|down|off))? to (?:an? )?(?={NUMBER})|\s*≈\s*(?={NUMBER})"
)
"""Between what was worked out and what it is rounded to."""
_PER_CENT = r"\s?(?:%|per ?cent\b)"
ANOTHER_SCALE, NOT_PLAIN = "a number on another scale", "no one plain number"


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
    text = re.sub(rf"^{_ROUGHLY}", "", text)
    if hedged := re.match(rf"(?!minus )(?:[~≈<>≤≥]|{_hedge()}\W)\s*(?:\w+\s+)?{NUMBER}", text):
        return Number(value=None, wrong=NOT_PLAIN, rest=hedged[0])
    whole = re.match(rf"(\d+)\s*(?:{any_of('score.units')}\s*)?{any_of('score.full_marks')}\s*(?={NUMBER})", text)
    if whole and float(whole[1]) != bounds.high:
        return Number(value=None, wrong=ANOTHER_SCALE, rest=text)
    text = text[whole.end() :] if whole else text
    found = figure(text)
    if found is None:
        return None
    value, end = found
    if (bounds.low, bounds.high) == (0.0, 1.0) and value > 1 and (share := re.match(_PER_CENT, text[end:])):
        value, end = value / 100, end + share.end()
    if bounds.high <= 1 and re.fullmatch(r"0\.", text):
        return Number(value=None, wrong=NOT_PLAIN, rest=text)  # cut off before its decimals, as it may be
    if sums and (result := re.match(rf"\s*(?:[-+*/×−][^=→]*(?:=|->|→)|->|→)\s*(?={NUMBER})", text[end:])):
        return read_number(text[end + result.end() :], bounds)
    if rounded := re.match(_ROUNDED, text[end:]):
        return read_number(text[end + rounded.end() :], bounds)
    wrong, scaled = _after(text[end:], bounds)
    wrong = wrong or (NOT_PLAIN if _goes_on(text[end:], value) else "")
    named = scaled or whole is not None
    return Number(value=None if wrong else value + 0.0, wrong=wrong, scaled=named, rest=text[end:])


def _goes_on(rest: str, value: float) -> bool:
    """Whether a number is only the way to another one, or to be rounded nobody says where to ("3.5, rounded up", "3.67, so 4")."""
    rest = re.sub(_IN_BRACKETS, "", rest)
    leads = r"\b(?:round\w*|so|i\.e\.|that is|call it|makes?|giving|equals|hence|thus)(?!\w)"
    other = re.search(rf"{leads}[^\d]{{0,20}}?({NUMBER})(?=[^\w%]*$)", rest)
    rounded = re.search(r"\bround(?!\w* (?:up |down |off )?from\b)|\bi\.e\.$", rest) is not None
    return (value % 1 != 0 and rounded) or (other is not None and float(other[1]) != value)


def of_a_part(rest: str) -> bool:
    """Whether what follows a number says that it is of a part ("4/5 for clarity")."""
    whole = rf"(?! my| me\b| total| {THIS}\b)"
    named = rf"as (?:the|its|an?) (?:(?:score|rating|grade|mark) (?:for|of|on) (?:the |its )?)?{PART}"
    about = rf"(?:(?:for|on|in)\b{whole}|{named})"
    return re.match(rf"\s*(?:(?:{scale()}){_SCALE_ENDS}\s*|{unit()}\s*){{0,2}}+{about}", rest) is not None


def counted(rest: str) -> bool:
    """Whether the unit of a score follows a number ("4 points")."""
    return re.match(unit(), rest) is not None


def _after(rest: str, bounds: Bounds) -> tuple[str, bool]:
    """What is wrong with what follows a number ("" where nothing is), and whether the asked scale was named."""
    rest, scaled, stars = rest.lstrip("\"'])}>"), False, False
    if bounds.low in (0.0, 1.0) and bounds.high == 100.0:
        rest = re.sub(rf"^{_PER_CENT}", "", rest)
    behind = rf"\s*(?:{scale()})"
    for pattern in (behind, unit(), rf"\s*[(\[]\s*(?:{scale()})", behind, unit()):
        found = re.match(rf"{pattern}{_SCALE_ENDS}(?![\w.,/]?\d)", rest)
        if found and not (scaled and pattern == behind):
            groups = found.groupdict()
            if "high" in groups and not asked(found, bounds):
                return ANOTHER_SCALE, False
            rest, scaled, stars = rest[found.end() :], scaled or "high" in groups, stars or bool(groups.get("star"))
    if stars and not scaled and bounds.high != 5:
        return ANOTHER_SCALE, False
    return _wrong_end(rest, scaled or stars, bounds), scaled or stars


def _wrong_end(rest: str, scaled: bool, bounds: Bounds) -> str:
    """ "" where nothing follows, or a reason: no further number, alternative or condition, and nothing that is counted."""
    rest = re.sub(_MINE, "", re.sub(_ending(), "", rest.lstrip("\"'])}>")))
    rest = re.sub(_NO_OTHER, "", re.sub(_IN_BRACKETS, "", re.sub(_AVERAGE, "", rest)))
    if re.match(r"[.,]\d", rest):
        return NOT_PLAIN
    if not re.search(r"[\w%°+×<>=&/~^?-]|candidate's", rest):
        return ""
    opened = re.match(rf"\s*[,;、|]\s+|、|\s+[-–—]+\s+|\s*[(（]|\s+(?={any_of('score.reasons')})|[.!?。]\s+", rest)
    said = rest[opened.end() :] if opened else ""
    remark = re.match(_OPEN, said) is not None and not re.search(rf"\d|\b{WORDS}|\b{_compared()}", said)
    if not opened or re.match(
        rf"[-+]?\.?\d(?!\d*\s?%|\d* {_COUNTED})|and\s+\.?\d|{'(?!)' if remark else _hedge()}|\W*\(?candidate's word",
        said,
    ):
        return NOT_PLAIN
    most = re.search(rf"{any_of('score.most')}\D{{0,12}}(?:\d+\s*(?:-|–|to)\s*)?(\d+(?:\.\d+)?)", said)
    if most and float(most[1]) != bounds.high:
        return ANOTHER_SCALE
    labels = any_of("score.labels", "score.comma_labels", "score.overall", "score.final")
    other = r"^(?:sorry|i mean|or rather|make that|er|oops)\b\D{0,10}\d|\b(?:but|though|although|yet|and|or) (?:\w+ ){0,2}an? \.?\d"
    again = rf"{other}|{_instead()}|\d\s*(?:/|out of)\s*\d|{labels}\W{{1,3}}\d|\)\s*[,;]\s*\d"
    return NOT_PLAIN if re.search(again, said) else ""


@cache
def _ending() -> str:
    """What ends a sentence behind a number and adds nothing: "4点とします", "4 von 5 Punkten geben"."""
    return rf"^\s*{any_of('score.endings')}(?=\s*(?:[。।.!,;]|$))"


def _compared() -> str:
    return r"(?:higher|lower|less|score|scored|rating|rated|if|unless|or)\b"


@cache
def _instead() -> str:
    """What behind a number, in its sentence, says that another one holds, or what else it is the number of."""
    moves = r"\b(?:reduc|lower|drop|rais|bring|mak|cut|bump|go|went|mov|pull|push|dock)\w*"
    moves += r"(?: (?:it|this|that|me))?(?: (?:down|up))?(?: (?:to|at))?"
    doubted = rf"^\W*\?|^well\b\W*{NUMBER}|^(?:{WORDS}|{PART})\W?\)|\)\s*[-+/×*|]\s*\d"
    beside = rf"\b(?:but|though|although|yet|however),? (?:an? )?{NUMBER} (?:is|would|could|might|may|seems|feels)\b"
    return rf"{doubted}|{moves} (?:an? )?{NUMBER}(?![\w%])(?! {_COUNTED})|{beside}|\bfor \w+,? an? {NUMBER}(?!\w)"


@cache
def _hedge() -> str:
    return any_of("score.hedges")
