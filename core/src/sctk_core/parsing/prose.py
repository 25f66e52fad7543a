"""Scores in plain prose: "I'd give it a 4", "it deserves 4/5", "a fair answer, 4/5", or a line that is a number and nothing else.

Such a sentence counts only where the judge itself speaks, of this reply, as a fact: a condition, a denial, an example or
somebody else's word in it makes it none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sctk_core.parsing.clauses import IF, MENDED, before, clauses, strange
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
    PART,
    WOULD,
)
from sctk_core.parsing.scales import Bounds, scale_is
from sctk_core.parsing.words import any_of

SAID = 0
_UNREAL = (
    r"hätte|wäre|stünde|gäbe|mit|ohne|avec|sans|con|sin|senza|com|sem|met|zonder|bez|med|utan|без|с|был[аои]? бы|если бы|"
    r"要是|若|假如"
)
"""Opens what would have to be so for a number in another language: "com uma fonte, daria 5 de 5"."""

_NONE = r"\b(?:kein\w*|nicht|pas|aucune?|ning[uú]na?|nessuna?|nenhuma?|geen|niet|inte|nie|не)\b"
"""Denies a gift in another language: "ich gebe keine 4 von 5"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A number that a sentence states as a score, or what is wrong with it; `last` where it says that it replaces what was said."""

    rank: int
    number: Number
    last: bool = False


def plain_statement(text: str, bounds: Bounds) -> Statement | None:
    """ "I'd give it a 4", "it deserves 4/5", "a fair answer, 4/5": the judge's own word, in no condition, denial or example."""
    for clause in clauses(text):
        if found := _clause(clause, bounds):
            return found
    return None


def _clause(text: str, bounds: Bounds) -> Statement | None:
    text, reason = _parted(text)
    if (
        re.search(strange(), re.sub(rf" rather than (?:an? )?{NUMBER}(?=\W|$)", "", text))
        or re.search(IF, reason)
        or re.search(MENDED, text)
    ):
        return None
    for pattern in (GIVES, EARNS, FITS, FEELS, CALLS, MEETS, EARNED):
        opened = re.match((r"(?:.*\s)?" if pattern == EARNED else before()) + pattern, text)
        number = read_number(_behind(text, opened), bounds) if opened else None
        fits = number and re.match(FITTING, number.rest)
        if number and opened and fits:
            number = read_number(re.sub(FITTING, "", text[opened.end() :]), bounds)
        if number is None or opened is None or _of_a_part(opened[0], pattern) or of_a_part(number.rest):
            continue
        if pattern in (FITS, FEELS) and not fits:
            continue
        if pattern not in (CALLS, EARNED) or number.value is not None:
            return Statement(
                rank=SAID, number=_as_said(opened[0], number, bounds), last=re.search(MOVES, text) is not None
            )
    return _left(text, bounds) or _would(text, bounds) or _on_its_scale(text, bounds) or _given(text, bounds)


def _of_a_part(words: str, pattern: str) -> bool:
    """Whether the words before a number are on a part ("for accuracy, I'd give it a 4"), or on a reply that is not there."""
    if pattern == EARNED and re.search(rf"\bwould\b|\b(?:the|its) {PART}", words):
        return True
    about = (
        r"(?:for|on|in terms of|as for|as to|regarding|concerning|in|about|with (?:respect|regard) to|when it comes to)"
    )
    return re.search(rf"\b{about} (?:the |its |this )?{PART}", words) is not None


def _behind(text: str, opened: re.Match[str]) -> str:
    """What follows the words that give a number, without what the whole gets it for ("an overall score of 4 for being kind")."""
    rest = text[opened.end() :]
    whole = re.search(any_of("score.overall", "score.final"), opened[0])
    return re.sub(r"\sfor (?:its|[a-z]+ing)\b\D*$", "", rest) if whole else rest


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
        re.compile(
            r"\s(?:because|since|due to)\s|"
            r"(?:(?<=\d)|(?<=scale)|(?<=points)|(?<=for me)|(?<=stars)|(?<=of ten)|(?<=of five)):\s(?=[^\W\d])"
        ).search(text, figure.end())
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
    opened = re.match(rf"{before}(?:{IS}|(?=(?:{ABOUT} )?(?:{NUMBER}|\w+(?: and a half)? out of)))", text)
    number = read_number(text[opened.end() :], bounds) if opened else None
    if number is None or opened is None or number.value is None:
        return None
    if re.match(rf"(?:the |its )?(?:\w+ )?(?!conclusion){PART}\W*\Z", text[: opened.end()]):
        return None  # "accuracy — 4/5"
    asked = named is not None and (named[0] == "overall" or scale_is(named[0], bounds) is True)
    asked = asked and len(re.findall("[,:]", text[: opened.end()])) == 1
    return Statement(rank=SAID, number=number) if number.scaled or asked else None


def _given(text: str, bounds: Bounds) -> Statement | None:
    """ "Je lui donne 4 sur 5", "我给这个回答打4分": with the asked scale or a unit behind the number."""
    party = r"(?:这个|该|这|此)(?:回答|答案|回复|答复)"
    before = rf"[^\d]*,\s+|.*,\s*(?=(?:总体|综合|整体)来看)|.*,\s+(?=je \w+ donc\b)|{party}"
    opened = re.match(rf"(?:{before})?{any_of('score.gives')}[^\d.,;:!?]{{0,40}}?\s?{FIGURE}", text)
    words = opened[0] if opened else ""
    if opened is None or re.search(
        rf"(?<![^\W_]){any_of('score.hedges', 'score.parts')}|[不没]|{_NONE}|来看给\s*\S|^(?:{_UNREAL})(?!\w).*,",
        words,
    ):
        return None
    number = read_number(text[opened.end() :], bounds)
    plain = number is not None and number.value is not None
    noted = re.search(rf"{any_of('score.notes')}\s*$", words)
    noted = noted or (
        re.search(rf"{any_of('score.gives')}\s(?:donc|also)\s*$", words)
        if number and not number.rest.strip(" .!")
        else None
    )
    sure = number is not None and (number.scaled or counted(number.rest) or noted)
    return Statement(rank=SAID, number=number) if number and plain and sure else None


def behind_a_word(text: str, bounds: Bounds) -> Number | None:
    """The number in brackets behind the word for it: "good (4)", "very poor (1/5)"."""
    opened = re.match(rf"[\s\"'(\[]*{any_of('score.qualities')}\s?(?=[(\[]\s?{NUMBER}(?:\s?/\s?\d+)?\s?[)\]])", text)
    return read_number(text[opened.end() :], bounds) if opened else None
