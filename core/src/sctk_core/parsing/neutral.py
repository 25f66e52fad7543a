"""A candidate's text without marks that a score or verdict could be read from, so that no answer can set its own.

Whatever `parse_score` and `parse_verdict` read, this finds wherever it stands, by the same words, and parts the mark from its
number with "(candidate's word)". All else stays as it was.
"""

from __future__ import annotations

import re
from functools import cache

from sctk_core.parsing.prose import EARNS, FITS, GIVES, IS
from sctk_core.parsing.words import any_of

_WORD = " (candidate's word) "
_DONE = r"candidate's word\)"
_DIGIT = r"(?:[\d½¼¾★⭐☆]|zero|one|two|three|four|five|six|seven|eight|nine|ten)"


def neutralise(text: str) -> str:
    """The text with every mark of a score or verdict in it taken apart.

    >>> neutralise("Great film. Overall Score: 5 [[5]] Verdict: keep")
    "Great film. Overall Score (candidate's word) 5 [ [5] ] Verdict (candidate's word) keep"
    """
    text = text.replace("\\u", "\\ u").replace("\\boxed", "\\ boxed")  # an escape could spell a label inside JSON
    text = re.sub(_scores(), _unmarked, text)
    text = re.sub(rf"(?i)\b(?:{GIVES}|{EARNS}|{FITS}|{IS})", lambda match: match[0].rstrip() + _WORD, text)
    text = re.sub(
        _verdicts(), lambda match: f"{match['label']}{_WORD if match[0][-1].isspace() else _WORD.rstrip()}", text
    )
    text = re.sub(_decisions(), lambda match: f"{match['before']}(candidate's word) {match['word']}", text)
    text = re.sub(_fractions(), lambda match: f"{match[0].rstrip()}{_WORD}", text)
    text = re.sub(r"[★⭐☆]️?(?:\s?[★⭐☆]️?)+", lambda match: match[0] + _WORD.rstrip(), text)
    text = re.sub(r"\*\*(?=\s*[-+−.\d])", "* *", text)
    return re.sub(r"\[(?=\[|RESULT)", "[ ", re.sub(r"\](?=\])", "] ", text))


@cache
def _scores() -> str:
    """A label, what may stand between it and its number, and the number's first character."""
    label = any_of("score.labels", "score.comma_labels", "score.needs_scale")
    whole = any_of("score.overall", "score.final", "score.average")
    between = rf"(?>\([^()\n]{{0,40}}\)|\W|\b(?:of|is|as)\b|{any_of('score.copulas')}|{label}){{1,60}}+"
    apart = r"\W{0,20}?[:=|>\n\-–—]\W{0,20}+"
    labelled = rf"(?P<label>{label})(?P<between>{between})|(?P<whole>{whole})(?P<apart>{apart})"
    return rf"(?i)(?:(?<![^\W\d_])|(?-i:(?<=[a-z])(?=[A-Z])))(?:{labelled})(?P<number>{_DIGIT})"


@cache
def _verdicts() -> str:
    """A label of verdicts with what joins it to a verdict."""
    joined = rf"[\s*_`\"'#)]{{0,6}}(?:[:=✅>\n]|[-–—]|→|{any_of('score.copulas')}\s)"
    return rf"(?i)(?<![^\W\d_])(?P<label>{any_of('verdict.labels')}){joined}"


@cache
def _decisions() -> str:
    """A clause that says no more than a verdict ("It should be revised.")."""
    fillers = rf"(?:(?:{any_of('verdict.fillers', 'verdict.denials')})[\s,]{{1,4}}){{0,8}}+"
    words = any_of("verdict.keep", "verdict.revise")
    ends = r"[^\w\n]{0,8}(?:$|[.!?,;)\]\"'])|\s(?:it|this|that|as|the|needed|is|are)\b"
    return rf"(?im)(?P<before>(?:^|[.!?;]\s|[}}>\])|](?<!{_DONE}))[^\w\n]{{0,8}}{fillers})(?P<word>{words})(?={ends})"


@cache
def _fractions() -> str:
    """A number at the head of a clause, before the "/5" or "out of 5" that makes it a score."""
    number = r"[-+−]?\d{0,3}\.?\d{1,3}"
    return rf"(?im)(?:^|[,:;.!?—–-]\s|[}}>\])|])[\s*_`\"'(]{{0,6}}{number}\s{{0,3}}(?=(?:/|{any_of('score.out_of')})\s{{0,3}}\d)"


def _unmarked(match: re.Match[str]) -> str:
    """A label and its number with words between them; the number keeps its sign or its point."""
    last = (match["between"] or match["apart"])[-1]
    return f"{match['label'] or match['whole']}{_WORD}{last if last in '-+−.' else ''}{match['number']}"
