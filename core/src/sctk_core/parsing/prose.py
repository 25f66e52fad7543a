"""Scores in plain prose: "I'd give it a 4", "it deserves 4/5", "a fair answer, 4/5", or a line that is a number and nothing else.

Such a sentence counts only where the judge itself speaks, of this reply, as a fact: a condition, a denial, an example or
somebody else's word in it makes it none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from sctk_core.parsing.answer import QUOTED
from sctk_core.parsing.figures import NUMBER, WORDS
from sctk_core.parsing.numbers import ANOTHER_SCALE, Number, counted, of_a_part, read_number
from sctk_core.parsing.phrases import (
    ABOUT,
    CALLS,
    DEDUCTS,
    EARNED,
    EARNS,
    FEELS,
    FIGURE,
    FITS,
    FITTING,
    GIVES,
    IS,
    LEAVES,
    MEETS,
    MOVES,
    WOULD,
)
from sctk_core.parsing.scales import Bounds, scale_is
from sctk_core.parsing.words import any_of

SAID = 0
_IF = r"\b(?:if|unless|provided|assuming|would have|could have|otherwise)\b"
_MENDED = r"\bafter (?:the|an?|some|these|any|its) (?:\w+ )?(?:fix|fixes|revisions?|edits?|changes?|corrections?|rewrite|update)\b"
"""A number behind this is of a reply that is not there."""
_ELSEWHERE = r"\b(?:hypothetically|theoretically|potentially|ideally|possibly|perhaps|maybe|according|itself|own|candidate|puts?)\b"
_LOOKS = (
    r"(?:after|since|because|due to|although|while|despite|on|upon|considering|given|taking|weighing|based on|"
    r"all things considered)\b"
)
_REASON = (
    r"(?:since|because|given that|considering that|although|though|even though|while|after|upon|having|"
    r"as(?!.{0,40}\b(?:says|said|asked|claims|puts|told)\b))\b"
)
"""Opens a clause whose denials are not the number's: "as it has neither, I give it a 3"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A number that a sentence states as a score, or what is wrong with it; `last` where it says that it replaces what was said."""

    rank: int
    number: Number
    last: bool = False


def plain_statement(text: str, bounds: Bounds) -> Statement | None:
    """ "I'd give it a 4", "it deserves 4/5", "a fair answer, 4/5": the judge's own word, in no condition, denial or example."""
    for clause in _clauses(text):
        if found := _clause(clause, bounds):
            return found
    return None


def _clauses(text: str) -> Iterator[str]:
    """A sentence without what leads up to its number: behind "so", "but" or a first "since"; then the sentence itself."""
    text, so, rest = text.rpartition(", so ")
    text = f"so {rest}" if so else re.split(r", (?:thus|therefore|hence) ", rest)[-1]
    cut = re.search(
        r"(?:[,;]|\s[–—-])? (?:but|yet|however),? (?=(?:i|we|overall|all in all|based on|by|given)\b)", text
    )
    if cut and not re.search(_IF, text[: cut.start()]):
        yield text[cut.end() :]
    opened = re.match(rf"{_REASON}.*, (?=(?:i|we|it|this|the|overall)\b)", text)
    if opened and not re.search(rf"{_IF}|{_MENDED}", opened[0]):
        yield text[opened.end() :]
    yield text


def _clause(text: str, bounds: Bounds) -> Statement | None:
    text, reason = _parted(text)
    if (
        re.search(_strange(), re.sub(rf" rather than (?:an? )?{NUMBER}(?=\W|$)", "", text))
        or re.search(_IF, reason)
        or re.search(_MENDED, text)
    ):
        return None
    for pattern in (GIVES, EARNS, FITS, FEELS, CALLS, MEETS, EARNED):
        opened = re.match((r"(?:.*\s)?" if pattern == EARNED else _before()) + pattern, text)
        number = read_number(_behind(text, opened), bounds) if opened else None
        fits = number and re.match(FITTING, number.rest)
        if number and opened and fits:
            number = read_number(re.sub(FITTING, "", text[opened.end() :]), bounds)
        wished = pattern == EARNED and re.search(r"\bwould\b", text)
        if (
            number is None
            or opened is None
            or wished
            or (pattern in (FITS, FEELS) and not fits)
            or of_a_part(number.rest)
        ):
            continue
        if pattern not in (CALLS, EARNED) or number.value is not None:
            return Statement(
                rank=SAID, number=_as_said(opened[0], number, bounds), last=re.search(MOVES, text) is not None
            )
    return _left(text, bounds) or _would(text, bounds) or _on_its_scale(text, bounds) or _given(text, bounds)


def _behind(text: str, opened: re.Match[str]) -> str:
    """What follows the words that give a number, without what the whole gets it for ("an overall score of 4 for being kind")."""
    rest = text[opened.end() :]
    whole = re.search(any_of("score.overall", "score.final"), opened[0])
    return re.sub(r"\sfor (?:its|[a-z]+ing)\b\D*$", "", rest) if whole else rest


@cache
def _before() -> str:
    """What may stand before the words that give a number."""
    heads = r"(?:my )?(?:take|view|opinion|verdict|conclusion|summary|assessment|evaluation|feedback|explanation|bottom line):"
    joined = rf"\b(?:and|but|hence|overall|so|therefore|thus|{any_of('score.leads')})[:,]?"
    by = r"(?:based on|by|given|according to|considering|under|following) (?:the|these|this|those|your)"
    asked = r"(?:criteria|rubric|guidelines|scale|standards|instructions|principles)(?: (?:above|given|provided))?"
    return rf"(?:{heads}\s)?(?:.*(?:[,—–]|\s-|{joined})\s+|{by} (?:\w+ )?{asked}\s)?"


def _as_said(words: str, number: Number, bounds: Bounds) -> Number:
    """The number, wrong where its words call it the lowest or the highest score and it is not."""
    low, high = (
        re.search(rf"\b(?:{each})\b", words) for each in ("lowest|minimum|worst", "highest|maximum|top|best|full")
    )
    wanted = bounds.low if low else bounds.high
    wrong = (low or high) and number.value is not None and number.value != wanted
    return Number(value=None, wrong=ANOTHER_SCALE, rest=number.rest) if wrong else number


def _would(text: str, bounds: Bounds) -> Statement | None:
    """ "Based on the criteria, the response would get a 3": said of the reply as it is."""
    whole = r"(?:this|that|these|all|the (?:above|criteria|rubric|guidelines|scale))"
    based = rf"(?:(?:based on|given|considering) {whole}[^,\d]{{0,40}}, )?"
    opened = re.match(rf"{based}(?:{any_of('score.leads')},?\s)?{WOULD}", text)
    number = read_number(text[opened.end() :], bounds) if opened else None
    return Statement(rank=SAID, number=number) if number and not of_a_part(number.rest) else None


def _left(text: str, bounds: Bounds) -> Statement | None:
    """What is left of the highest score after deductions: "I deduct 2 points for its tone, which leaves 3"."""
    opened = re.match(rf"(?P<before>.*?)\b{LEAVES}", text)
    number = read_number(text[opened.end() :], bounds) if opened and re.search(DEDUCTS, opened["before"]) else None
    return Statement(rank=SAID, number=number) if number and number.value is not None else None


def _parted(text: str) -> tuple[str, str]:
    """A sentence up to the reason that follows its number, and that reason: what it denies is not the number."""
    figure = re.search(rf"\d|\b{WORDS}", text)
    reason = (
        re.compile(r"\s(?:because|since|due to)\s|(?:(?<=\d)|(?<=scale)|(?<=points)|(?<=stars)):\s(?=[^\W\d])").search(
            text, figure.end()
        )
        if figure
        else None
    )
    return (text[: reason.start()], text[reason.start() :]) if reason else (text, "")


def _on_its_scale(text: str, bounds: Bounds) -> Statement | None:
    """ "It is a 4/5", "on a scale of 0 to 5, this is a 4", "overall, this is a 4": without these words it could be any number."""
    named = re.match(r"(?:on|using) a scale (?:of|from) [^,:]{3,20}(?=[,:])|overall(?=,)", text)
    before = (
        rf"(?:(?:on|using) a scale (?:of|from) [^,:]{{3,20}}:\s|[^:]*(?:[,—–]|\s-)\s+|{any_of('score.leads')}[:,]?\s+)?"
    )
    opened = re.match(rf"{before}(?:{IS}|(?=(?:{ABOUT} )?(?:{NUMBER}|\w+ out of)))", text)
    number = read_number(text[opened.end() :], bounds) if opened else None
    if number is None or opened is None or number.value is None:
        return None
    asked = named is not None and (named[0] == "overall" or scale_is(named[0], bounds) is True)
    asked = asked and len(re.findall("[,:]", text[: opened.end()])) == 1
    return Statement(rank=SAID, number=number) if number.scaled or asked else None


def _given(text: str, bounds: Bounds) -> Statement | None:
    """ "Je lui donne 4 sur 5", "我给这个回答打4分": with the asked scale or a unit behind the number."""
    party = r"(?:这个|该|这|此)(?:回答|答案|回复|答复)"
    opened = re.match(rf"(?:[^\d]*,\s+|{party})?{any_of('score.gives')}[^\d.,;:!?]{{0,40}}?\s?{FIGURE}", text)
    if opened is None or re.search(rf"(?<![^\W_]){any_of('score.hedges', 'score.parts')}|[不没]", opened[0]):
        return None
    number = read_number(text[opened.end() :], bounds)
    plain = number is not None and number.value is not None
    noted = re.search(rf"{any_of('score.notes')}\s*$", opened[0])
    sure = number is not None and (number.scaled or counted(number.rest) or noted)
    return Statement(rank=SAID, number=number) if number and plain and sure else None


def last_clause(text: str) -> str:
    """What a sentence ends with where that names the whole: "clarity 4, style 2 → overall 3"; "" where it does not.

    >>> last_clause("after a second look, final score: 2"), last_clause("if it is true, final score: 4")
    ('final score: 2', '')
    """
    whole = any_of("score.overall", "score.final", "score.average")
    label = r"(?:score|rating|grade|mark)\b"
    so = rf"(?P<so>(?:so|thus|hence|therefore) (?=(?:my|the) {label}))"
    so += rf"|(?P<plain>(?=(?:(?:my|the) )?{label}(?: is|:)? {NUMBER}))"
    opened = re.match(
        rf"(?P<before>.*?)(?:\s*(?:→|⇒|=>|->)|[,:])\s+(?:{so}|(?:(?:so|and)\s+)?(?=(?:(?:my|the)\s+)?{whole}))", text
    )
    if opened is None or re.search(_strange(), opened["before"]) or re.search(_ELSEWHERE, opened["before"]):
        return ""
    if opened["plain"] is not None and not re.match(_LOOKS, text) and ":" in text[: opened.end()]:
        return ""  # "clarity: fair, score 3": of a part
    plain = opened["so"] or opened["plain"] is not None or re.search(r"\d", opened["before"]) or re.match(_LOOKS, text)
    return text[opened.end() :] if plain else ""


def behind_a_word(text: str, bounds: Bounds) -> Number | None:
    """The number in brackets behind the word for it: "good (4)", "very poor (1/5)"."""
    opened = re.match(rf"[\s\"'(\[]*{any_of('score.qualities')}\s?(?=[(\[]\s?{NUMBER}(?:\s?/\s?\d+)?\s?[)\]])", text)
    return read_number(text[opened.end() :], bounds) if opened else None


@cache
def _strange() -> str:
    return rf"(?<![^\W_]){any_of('score.strange')}|{QUOTED}"
