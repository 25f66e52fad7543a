"""Verdicts said without their label, and in more than a sentence of their own: a choice, a last clause, behind another name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from sctk_core.parsing.answer import QUOTED, Sentence
from sctk_core.parsing.deciding import INVERTED, KEEP, Verdict, decided
from sctk_core.parsing.words import alternatives, any_of

SO = r",? (?:so|therefore|thus|hence|and so|daher|donc|por eso|поэтому)"
AND = r",? (?:and|und|et|y|e|и)"
_PART = (
    r"\b(?:tone|style|title|ending|opening|introduction|conclusion|paragraphs?|sentences?|parts?|sections?|lines?|examples?|phrases?|words?|"
    r"jokes?|lists?|headers?|images?|tables?|structure|format|first|second|third|last|rest|idea|question|request|user|author|says|said)\b"
)


def settled(text: str, words: tuple[str, str]) -> Verdict | None:
    """What a sentence chooses or concludes: "rather than revise it, I would keep it", "all facts are right, so I would keep it"."""
    for said in _choices(text, words):
        if verdict := decided(said, words, alone=True):
            return verdict
    return _concluded(text, words)


def named(said: Sequence[Sentence], plain: Sequence[str]) -> str | None:
    """The word for a verdict that stands alone behind another name in the last sentence ("Final answer: keep")."""
    found = re.fullmatch(rf"\W*{_named()}(?P<word>{alternatives(plain)})\W*", said[-1].text) if said else None
    return found["word"] if found else None


def _choices(text: str, words: tuple[str, str]) -> Iterator[str]:
    """A sentence that names both verdicts and takes one, as the one it takes."""
    either = rf"(?:{words[0]}|{words[1]})(?:ing)?(?: it| this)?"
    denied = re.fullmatch(rf"(?:verdict: )?not {either},? but (?P<said>{either}\W*)", text)
    if denied:
        yield denied["said"]
    rest, n_left = re.subn(rf"^between {either} (?:and|or) {either}, |^(?:rather than|instead of) {either}, ", "", text)
    rest, n_behind = re.subn(rf"\brather ({either}) than (?:to )?{either}", r"\1", rest)
    if n_left + n_behind:
        yield re.sub(r"^i(?:'d| would)? (?:choose|pick|prefer|go (?:for|with)|opt for) ", "", rest)


def _concluded(text: str, words: tuple[str, str]) -> Verdict | None:
    """The verdict of a last clause on the whole reply, whatever the clause before it says of the reply."""
    wholes = any_of("verdict.wholes")
    clause = rf"(?P<clause>(?:i|we|can|should|must|needs?|sollte|muss|{wholes})\b.*)"
    joined = re.fullmatch(rf"(?P<before>.+)(?:(?P<so>{SO})|(?P<and>{AND})|,)\s(?:so )?{clause}", text)
    before = joined["before"] if joined else ""
    if (
        not joined
        or QUOTED in before
        or re.search(rf"(?<![^\W_]){any_of('verdict.hedges')}|{_PART}|^{INVERTED}", before)
    ):
        return None
    verdict = decided(joined["clause"], words, alone=True)
    of_the_whole = re.match(rf"(?:{any_of('score.leads')},? )?{wholes}\b", before) is not None
    implied = re.match(r"(?:can|should|must|needs?|sollte|muss)\b", joined["clause"]) is not None
    if verdict is None or (implied and not of_the_whole):
        return None
    if verdict == KEEP and re.search(rf"(?<![^\W_]){any_of('verdict.concessions', 'verdict.wishes')}", before):
        return None
    judged = re.fullmatch(rf"(?:{any_of('score.leads')},? )?{wholes} (?:is|looks|reads|seems)(?: \w+){{1,3}}", before)
    looked = r"after (?:\w+ ){0,3}(?:reading|look|review|consideration|checking|reflection)$"
    opened = re.match(rf"(?:since|because|as|given that)\b|{looked}", before) is not None
    pronoun = joined["so"] is None and re.match(r"(?:it|this)\b", joined["clause"]) is not None
    if pronoun and not of_the_whole:
        return None
    sure = joined["so"] or opened or implied or (judged if verdict == KEEP else of_the_whole or joined["and"])
    return verdict if sure else None


@cache
def _named() -> str:
    names = any_of("verdict.names")
    return rf"(?:(?:so|my|the)\s)?(?:(?:final|overall)\s)?(?:{names}|score|rating)\s*(?:[:=]|is:?\s)\s*"
