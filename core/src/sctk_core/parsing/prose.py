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
from sctk_core.parsing.numbers import NUMBER, Bounds, Number, read_number
from sctk_core.parsing.words import any_of

SAID = 0
_THIS = r"(?:it|this|that|(?:the|this) (?:response|answer|reply|output|text|completion|draft|submission|essay|summary|translation))"
_HOW = r"(?: (?:overall|total|final|solid|strong|weak|fair|good|high|low))?"
_OF = r"(?: (?:score|rating|grade|mark) (?:of|is))?\s*:?(?: a)?\s+"
_FIGURE = r"(?=[\d.]|(?:zero|one|two|three|four|five|six|seven|eight|nine|ten)\b)"
_THINKS = r"(?:i(?:'d| would)? (?:say|think|believe|feel)(?: that)? )?"
GIVES = (
    r"(?:rated|(?:i|we)(?:'d|'ll| would| will| shall)? (?:\w+ly )?"
    r"(?:give|rate|score|grade|award|assign|say|settle on|go with|choose))"
    rf"(?: {_THIS}| (?:the|this) \w+)?(?: (?:a|an|as|as a|at|with a))?{_HOW}{_OF}{_FIGURE}"
)
EARNS = rf"{_THINKS}{_THIS}(?: \w+ly)? (?:scores|gets|earns|deserves|receives|merits|is worth|rates)(?: an?)?{_HOW}{_OF}{_FIGURE}"
FITS = rf"an?{_HOW} (?:score|rating|grade|mark) of {_FIGURE}"
IS = rf"(?:{_THINKS}{_THIS}(?:'s| is)(?: an?)?{_HOW}|(?:an? )?(?:solid|strong|weak|fair|good|easily|clearly)) {_FIGURE}"
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
    if re.search(_strange(), text):
        return None
    for pattern in (GIVES, EARNS, FITS):
        opened = re.match(rf"(?:.*(?:[,—–]|\s-|\b(?:and|but|hence|overall|so|therefore|thus)[:,]?)\s+)?{pattern}", text)
        number = read_number(text[opened.end() :], bounds) if opened else None
        fits = number and re.match(_FITTING, number.rest)
        if number and opened and fits:
            number = read_number(re.sub(_FITTING, "", text[opened.end() :]), bounds)
        if number is not None and (fits or pattern != FITS) and not re.match(r"\s*(?:for|on|in)\b(?! my)", number.rest):
            return Statement(rank=SAID, number=number)
    before = rf"(?:[^:]*(?:[,—–]|\s-)\s+|{any_of('score.leads')}[:,]?\s+)?"
    opened = re.match(rf"{before}(?:{IS}|(?={NUMBER}|\w+ out of))", text)
    number = read_number(text[opened.end() :], bounds) if opened else None
    return Statement(rank=SAID, number=number) if number and number.scaled and number.value is not None else None


def lone_number(text: str, sentence: Sentence, said: Sequence[Sentence], bounds: Bounds) -> Statement | None:
    """A number that is the whole reply, or the whole of its first or last line."""
    if not sentence.alone or sentence.line not in (said[0].line, said[-1].line):
        return None
    number = read_number(text, bounds)
    only = said[0].line == said[-1].line
    if number is None or (not only and number.rest.strip(" .!)]}\"'") and not number.scaled):
        return None
    return Statement(rank=SAID, number=number)


@cache
def _strange() -> str:
    return rf"(?<![^\W_]){any_of('score.strange')}|{QUOTED}"
