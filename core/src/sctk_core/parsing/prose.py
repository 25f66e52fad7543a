"""Scores in plain prose: "I'd give it a 4", "it deserves 4/5", "a fair answer, 4/5", or a line that is a number and nothing else.

Such a sentence counts only where the judge itself speaks, of this reply, as a fact: a condition, a denial, an example or
somebody else's word in it makes it none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sctk_core.parsing.answer import QUOTED, Sentence
from sctk_core.parsing.figures import NUMBER, WORDS
from sctk_core.parsing.numbers import Number, counted, of_a_part, read_number
from sctk_core.parsing.scales import Bounds, scale_is
from sctk_core.parsing.words import any_of

SAID = 0
_THIS = (
    r"(?:it|this one|this|that|"
    r"(?:the|this) (?:response|answer|reply|output|text|completion|draft|submission|essay|summary|translation))"
)
_HOW = r"(?: (?:overall|total|final|solid|strong|weak|fair|good|high|low|clear|decent|perfect|generous))?"
_OF = r"(?: (?:score|rating|grade|mark) (?:of|is))?\s*:?(?: a)?\s+"
_FIGURE = rf"(?=[*_`\"'(\[|\s]{{0,6}}(?:[-+]?[\d.]|(?:minus|negative) \d|{WORDS}))"
_THINKS = r"(?:i(?:'d| would)? (?:say|think|believe|feel)(?: that)? )?"
_MOVES = rf"(?:lower|raise|reduce|increase|bring) {_THIS} (?:up |down |back )?to"
GIVES = (
    r"(?:rated|(?:i|we)(?:'d|'ll| would| will| shall)? (?:\w+ly |therefore |thus |still |hence )?"
    rf"(?:give|rate|score|grade|award|assign|say|settle on|go (?:with|for)|choose|arrive at|land on|put(?= {_THIS} at\b)|{_MOVES}))"
    rf"(?: {_THIS}| (?:the|this) \w+)?(?: (?:a|an|as|as a|at|at an?|with a))?{_HOW}{_OF}{_FIGURE}"
)
EARNS = rf"{_THINKS}{_THIS}(?: \w+ly)? (?:scores|gets|earns|deserves|receives|merits|is worth|rates)(?: an?)?{_HOW}{_OF}{_FIGURE}"
FITS = rf"an?{_HOW} (?:score|rating|grade|mark) of {_FIGURE}"
_ISES = r"(?:'s| is|(?<=that) makes)(?: an?)?"
IS = rf"(?:{_THINKS}{_THIS}{_ISES}{_HOW}|(?:an? )?(?:solid|strong|weak|fair|good|easily|clearly)) {_FIGURE}"
_IF = r"\b(?:if|unless|provided|assuming|would have|could have|otherwise)\b"
_ELSEWHERE = r"\b(?:according|itself|own|candidate|puts?)\b"
_LOOKS = r"(?:after|on|upon|considering|given|taking|weighing|based on|all things considered)\b"
_FITTING = (
    r"\s*(?:is|seems|feels|would be) (?:fair|right|appropriate|justified|reasonable|warranted|deserved|fitting)\b"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A number that a sentence states as a score, or what is wrong with it; `last` where it says that it replaces what was said."""

    rank: int
    number: Number
    last: bool = False


def plain_statement(text: str, bounds: Bounds) -> Statement | None:
    """ "I'd give it a 4", "it deserves 4/5", "a fair answer, 4/5": the judge's own word, in no condition, denial or example."""
    text = re.split(r", (?:so|thus|therefore|hence) ", text)[-1]
    text, reason = _parted(text)
    if re.search(_strange(), re.sub(rf" rather than (?:an? )?{NUMBER}(?=\W|$)", "", text)) or re.search(_IF, reason):
        return None
    for pattern in (GIVES, EARNS, FITS):
        opened = re.match(rf"(?:.*(?:[,—–]|\s-|\b(?:and|but|hence|overall|so|therefore|thus)[:,]?)\s+)?{pattern}", text)
        number = read_number(text[opened.end() :], bounds) if opened else None
        fits = number and re.match(_FITTING, number.rest)
        if number and opened and fits:
            number = read_number(re.sub(_FITTING, "", text[opened.end() :]), bounds)
        if number is not None and (fits or pattern != FITS) and not of_a_part(number.rest):
            return Statement(rank=SAID, number=number, last=re.search(_MOVES, text) is not None)
    return _on_its_scale(text, bounds) or _given(text, bounds)


def _parted(text: str) -> tuple[str, str]:
    """A sentence up to the reason that follows its number, and that reason: what it denies is not the number."""
    figure = re.search(rf"\d|\b{WORDS}", text)
    reason = (
        re.compile(r"\s(?:because|since|due to)\s|(?<=\d):\s(?=[^\W\d])").search(text, figure.end()) if figure else None
    )
    return (text[: reason.start()], text[reason.start() :]) if reason else (text, "")


def _on_its_scale(text: str, bounds: Bounds) -> Statement | None:
    """ "It is a 4/5", "on a scale of 0 to 5, this is a 4", "overall, this is a 4": without these words it could be any number."""
    named = re.match(r"(?:on|using) a scale (?:of|from) [^,]{3,20}(?=,)|overall(?=,)", text)
    before = rf"(?:[^:]*(?:[,—–]|\s-)\s+|{any_of('score.leads')}[:,]?\s+)?"
    opened = re.match(rf"{before}(?:{IS}|(?={NUMBER}|\w+ out of))", text)
    number = read_number(text[opened.end() :], bounds) if opened else None
    if number is None or opened is None or number.value is None:
        return None
    asked = named is not None and (named[0] == "overall" or scale_is(named[0], bounds) is True)
    asked = asked and text[: opened.end()].count(",") == 1
    return Statement(rank=SAID, number=number) if number.scaled or asked else None


def _given(text: str, bounds: Bounds) -> Statement | None:
    """ "Je lui donne 4 sur 5", "我给这个回答打4分": with the asked scale or a unit behind the number."""
    opened = re.match(rf"(?:[^\d]*,\s+)?{any_of('score.gives')}[^\d.,;:!?]{{0,40}}?\s?{_FIGURE}", text)
    if opened is None or re.search(rf"(?<![^\W_]){any_of('score.hedges', 'score.parts')}|[不没]", opened[0]):
        return None
    number = read_number(text[opened.end() :], bounds)
    plain = number is not None and number.value is not None
    return Statement(rank=SAID, number=number) if number and plain and (number.scaled or counted(number.rest)) else None


def last_clause(text: str) -> str:
    """What a sentence ends with where that names the whole: "clarity 4, style 2 → overall 3"; "" where it does not.

    >>> last_clause("after a second look, final score: 2"), last_clause("if it is true, final score: 4")
    ('final score: 2', '')
    """
    whole = any_of("score.overall", "score.final", "score.average")
    so = r"(?:so|thus|hence|therefore) (?=(?:my|the) (?:score|rating|grade|mark)\b)"
    opened = re.match(
        rf"(?P<before>.*?)(?:\s*(?:→|⇒|=>|->)|,)\s+(?:{so}|(?:(?:so|and)\s+)?(?=(?:(?:my|the)\s+)?{whole}))", text
    )
    if opened is None or re.search(_strange(), opened["before"]) or re.search(_ELSEWHERE, opened["before"]):
        return ""
    return text[opened.end() :] if re.search(r"\d", opened["before"]) or re.match(_LOOKS, text) else ""


def behind_a_word(text: str, bounds: Bounds) -> Number | None:
    """The number in brackets behind the word for it: "good (4)", "very poor (1/5)"."""
    opened = re.match(rf"[\s\"'(\[]*{any_of('score.qualities')}\s?(?=[(\[]\s?{NUMBER}(?:\s?/\s?\d+)?\s?[)\]])", text)
    return read_number(text[opened.end() :], bounds) if opened else None


def lone_number(text: str, sentence: Sentence, said: Sequence[Sentence], bounds: Bounds) -> Statement | None:
    """A number that is the whole reply, or the whole of its first or last line."""
    if not sentence.alone or sentence.line not in (said[0].line, said[-1].line):
        return None
    only = said[0].line == said[-1].line
    text = re.sub(r"^(?:=>?|→|⇒|->)\s*", "", text)
    text = re.sub(rf"^({NUMBER})(?::|\s[-–—])\s({any_of('score.qualities')})(?=\W?$)", r"\1 (\2)", text)
    number = read_number(text, bounds) or (behind_a_word(text, bounds) if only else None)
    if number is None or (not only and number.rest.strip(" .!)]}\"'") and not number.scaled):
        return None
    return Statement(rank=SAID, number=number)


@cache
def _strange() -> str:
    return rf"(?<![^\W_]){any_of('score.strange')}|{QUOTED}"
