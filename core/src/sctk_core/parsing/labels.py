"""Scores behind a label: "Overall Score: 4", "My rating (0-5) is a 4"; the rank of their label, and what makes them none."""

from __future__ import annotations

import re
from functools import cache

from sctk_core.parsing.figures import NUMBER
from sctk_core.parsing.numbers import ANOTHER_SCALE, Number, of_a_part, read_number
from sctk_core.parsing.phrases import PART, WOULD_GIVE
from sctk_core.parsing.prose import Statement, behind_a_word
from sctk_core.parsing.scales import Bounds, scale_is
from sctk_core.parsing.words import any_of

OVERALL, AVERAGE, LABELLED = 3, 2, 1
_OF_THE_RUBRIC = (
    r"\s*(?:would|calls?|requires?|means?|is|allows?|should|applies|describes?|indicates?|represents?|corresponds?|demands?|needs?|denotes?|"
    r"asks|fits|stands)\b"
)
"""Behind "score 3" without a colon: it says what the rubric means by it."""

_NUMBERED = r"\b(?:evaluation|assessment|judge?ment|mark|points|sentiment)\s*\Z"
"""Labels that a number without a colon counts: "Evaluation 3 of 5", "Mark 4"."""


def names_a_score(text: str) -> bool:
    """Whether a sentence is a label and no more: a heading, said with the line below it."""
    return re.fullmatch(_name(), text.rstrip(" :=;")) is not None


def labelled(text: str, bounds: Bounds) -> Statement | None:
    """A statement with a label at its head; None where the sentence is none, or is about a part, or is a line of a rubric."""
    head = re.match(_head(), text)
    if not head:
        return None
    name = head["leads"] + head["name"]
    remark = (head["remark"] or "").strip()
    scale = scale_is(remark, bounds) if remark else None
    said = text[head.end() :]
    if head["joined"].strip():
        said = re.sub(rf"^({NUMBER})\s?[:=]\s({any_of('score.qualities')})(?=\W*$)", r"\1 (\2)", said)
    number = read_number(said, bounds, sums=True) or behind_a_word(said, bounds)
    rank = _rank(name)
    if not said and rank == OVERALL and re.fullmatch(rf"[(\[]{NUMBER}\s?/\s?\d+[)\]]", remark):
        number, remark = read_number(remark, bounds), ""  # a heading: "Overall (5/10)"
    if number is None or re.match(r"\s*[:=]", number.rest) or "candidate's word" in remark:
        return None
    defined = not head["joined"].strip() and re.match(_OF_THE_RUBRIC, number.rest)
    if number.value is None and (defined or (rank == LABELLED and of_a_part(number.rest))):
        return None
    if re.match(rf"[\s(\[]*(?:the |its )?{PART}", remark) or (
        not head["joined"].strip() and re.search(_NUMBERED, name)
    ):
        return None
    if scale is None and remark and rank < AVERAGE and not re.fullmatch(rf"[\s(\[]*{_name()}[\s)\]]*", remark):
        return None
    if scale is False or (scale is None and re.search(r"\d", remark)):
        number = Number(value=None, wrong=ANOTHER_SCALE, rest=text)
    if re.fullmatch("nota|voto|cijfer", name.strip()) and (not head["joined"].strip() or said == "1."):
        return None  # "Nota 3", and what may open a list of notes
    if re.fullmatch(any_of("score.needs_scale"), head["name"].strip()) and not (number.scaled or scale):
        return None
    if (
        re.search(r"(?<!my final )\b(?:answer|result)\s*\Z", name)
        and not number.scaled
        and not re.search(r"[:=]", head["joined"])
    ):
        return None  # "the final answer is 4" may be that of the task
    if head["name"].strip() == "full marks" and number.value != bounds.high:
        return None
    return Statement(rank=rank, number=number, last=re.search(any_of("score.final"), name) is not None)


def _rank(name: str) -> int:
    if re.search(any_of("score.overall", "score.final"), name):
        return OVERALL
    return AVERAGE if re.search(any_of("score.average"), name) else LABELLED


@cache
def _name() -> str:
    """A label: words for a score, with or without words for the whole."""
    whole = any_of("score.overall", "score.final", "score.average")
    label = any_of("score.labels", "score.comma_labels", "score.needs_scale")
    return rf"(?:(?:{whole}|{label})[\s_]*(?:-(?=[^\W\d_]))?){{1,4}}"


@cache
def _head() -> str:
    """All of a labelled statement up to its number."""
    leads = rf"(?P<leads>(?:{any_of('score.leads')},?\s*){{0,3}})"
    about = rf"(?:(?:for|of|für|pour|para|для)\s+(?:the|this|die|la|el)\s+{any_of('score.objects')}\s*)?"
    about += rf"(?:{WOULD_GIVE}\s*(?=is\b|[:=])|(?:awarded|assigned|given)\s*(?=[:=]))?"
    span = rf"{NUMBER}\s?[-–]\s?{NUMBER}(?=\s*[:=])"
    ranged = rf"{span}|(?:on a scale )?(?:of|from) {NUMBER} to {NUMBER}|on a scale (?:of|from) [^:=]{{1,20}}|out of \d+"
    remark = rf"(?P<remark>\s*[(\[][^()\[\]]{{0,60}}[)\]]|{ranged})?"
    then = r"(?:\s(?:therefore|thus|hence|then|still|only|just|clearly))?"
    copula = rf"\s*(?:{any_of('score.copulas')}|would be){then}\s*:?(?:\s*an?\s)?"
    joined = rf"(?P<joined>\s*(?:[:=]>?|->|→|⇒|[-–—]\s)|{copula}|(?<=\s)|(?<=[)\]]))\s*"
    again = rf"(?:{any_of('score.labels', 'score.comma_labels')}\s*(?:of\s|[:=])?\s*)?"
    opened = r"(?:(?:final )?(?:answer|output|conclusion|summary|assistant)\s*:\s*|here(?:'s| is) )?"
    return rf"[(\[{{]?{opened}{leads}(?P<name>{_name()}){about}{remark}{joined}{again}"
