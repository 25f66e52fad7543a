"""A score that stands alone: the whole reply, a line of its own, or the last sentence of all ("It is short, but right. 4")."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sctk_core.parsing.answer import Sentence
from sctk_core.parsing.figures import NUMBER
from sctk_core.parsing.numbers import read_number
from sctk_core.parsing.phrases import HOW, PART
from sctk_core.parsing.prose import SAID, Statement, behind_a_word
from sctk_core.parsing.scales import Bounds
from sctk_core.parsing.words import any_of

_SHORTENED = re.compile(
    r"(?:^|[^\w'])(?:\w{1,2}|[\w.]*\.\w+|fig|figs|vol|sec|eq|art|chap|nos|pp|ver|par|ref|refs|mrs|etc|min|max|incl|approx|jan|feb|mar|apr|jun|"
    r"jul|aug|sep|sept|oct|nov|dec|step|part|line|page|item|point|version|chapter|number|question)\W*$"
)
"""Words before a number that name one of several: "see fig. 3"."""


def lone_number(text: str, sentence: Sentence, said: Sequence[Sentence], bounds: Bounds) -> Statement | None:
    """A number that is the whole reply, or the whole of its first or last line; or its last sentence."""
    if _one_of_several(sentence, said):
        return None
    pointed = re.fullmatch(rf"[^\d]{{3,}}\s(?:=>|→|⇒|->)\s(?P<number>{NUMBER}(?:\s?/\s?\d+)?)\W?", text)
    if pointed and sentence is said[-1]:
        number = read_number(pointed["number"], bounds)
        return Statement(rank=SAID, number=number) if number else None
    if not sentence.alone:
        return _last(text, said, bounds) if sentence is said[-1] else None
    if sentence.line not in (said[0].line, said[-1].line):
        return None
    only = said[0].line == said[-1].line
    text = re.sub(r"^(?:=>?|→|⇒|->)\s*", "", text)
    text = re.sub(rf"^(?:(?:it's|it is|this is|that's)\s)?an?{HOW} (?={NUMBER}\W*$)", "", text)
    text = re.sub(rf"^({NUMBER})(?::|\s[-–—])\s({any_of('score.qualities')})(?=\W?$)", r"\1 (\2)", text)
    number = read_number(text, bounds) or (behind_a_word(text, bounds) if only else None)
    if number is None or (not only and number.rest.strip(" .!)]}\"'") and not number.scaled):
        return None
    return Statement(rank=SAID, number=number)


def _one_of_several(sentence: Sentence, said: Sequence[Sentence]) -> bool:
    """Whether a number is a part's, under the part's name or behind it, or one of several that stand alone."""
    before = next((each.text for each in reversed(said) if each.line < sentence.line), "")
    named = re.match(rf"(?:the |its )?(?:\w+ )?{PART}\s*(?:=>|→|⇒|->)", sentence.text)
    part = re.fullmatch(rf"(?:the |its )?(?:\w+ )?{PART}(?: (?:score|rating|grade|mark))?\W*", before)
    alone = rf"(?:[^\d]{{3,}}\s(?:=>|→|⇒|->)\s)?{NUMBER}(?:\s?/\s?\d+)?\W?"
    another = any(each.text != sentence.text and each.alone and re.fullmatch(alone, each.text) for each in said)
    return bool(named or part or another)


def _last(text: str, said: Sequence[Sentence], bounds: Bounds) -> Statement | None:
    """A last sentence that is a number, behind a whole one: no item of a list, no number of a figure, no answer to a question."""
    lead = r"(?:(?:as it (?:stands|is)|so|thus|hence|therefore|in short|result)\s?[:,–—-]\s|so )?"
    found = re.fullmatch(rf"{lead}(?P<number>{NUMBER}(?:\s?/\s?\d+)?)(?: it is)?\s?[.!]?", text)
    before = said[-2].text if len(said) > 1 else ""
    if not found or not re.search(r"[^\W\d_][.!]$", before) or _SHORTENED.search(before):
        return None
    number = read_number(found["number"], bounds)
    if number is None or number.value is None:
        return None
    cut_off = (
        number.value == 1 or (bounds.high <= 1 and text.endswith("0.")) or (bounds.high > 10 and text[-1].isdigit())
    )
    if cut_off and not number.scaled:
        return None  # "1." may open a list, "0." and "8" be the beginning of a number
    listed = rf"(?:^|\s)\(?{number.value - 1:g}[.)]?$"
    return None if any(re.search(listed, each.text) for each in said[:-1]) else Statement(rank=SAID, number=number)
