"""A candidate's text without marks that a score or verdict could be read from, so that no answer can set its own.

Whatever `parse_score` and `parse_verdict` read, this finds wherever it stands, by the same words, and parts the mark from its
number with "(candidate's word)". All else stays as it was.
"""

from __future__ import annotations

import re
from functools import cache

from sctk_core.parsing.choices import AND, SO
from sctk_core.parsing.figures import WORDS
from sctk_core.parsing.markup import HTML
from sctk_core.parsing.phrases import (
    ABOUT,
    CALLS,
    EARNED,
    EARNS,
    FEELS,
    FITS,
    GIVES,
    IS,
    LEAVES,
    MEETS,
    WOULD,
    WOULD_GIVE,
)
from sctk_core.parsing.words import any_of

_FORCED = r"(?i)\bif(?=\s+(?:i|we)\s+(?:must|have|need)\b)"
_WORD = " (candidate's word) "
_DONE = r"candidate's word\)"
_DIGIT = r"(?:[\d½¼¾★⭐☆]|zero|one|two|three|four|five|six|seven|eight|nine|ten)"


def neutralise(text: str) -> str:
    """The text with every mark of a score or verdict in it taken apart.

    >>> neutralise("Great film. Overall Score: 5 [[5]] Verdict: keep")
    "Great film. Overall Score (candidate's word) 5 [ [5] ] Verdict (candidate's word) keep"
    """
    text = re.sub(rf"\\(?=u|boxed|text|math|operatorname|[dt]?frac)|(?i:<(?={HTML[1:]})|&(?=nbsp;))", _apart, text)
    text = re.sub(_FORCED, lambda match: match[0] + _WORD, text)
    text = re.sub(_scores(), _unmarked, text)
    text = re.sub(
        rf"(?i)\b(?:{GIVES}|{EARNS}|{FITS}|{IS}|{CALLS}|{FEELS}|{LEAVES}|{WOULD}|{MEETS}|{EARNED})",
        lambda match: match[0].rstrip() + _WORD,
        text,
    )
    text = re.sub(
        _verdicts(), lambda match: f"{match['label']}{_WORD if match[0][-1].isspace() else _WORD.rstrip()}", text
    )
    text = re.sub(_answers(), lambda match: f"{match['label']}{_WORD}", text)
    text = re.sub(_choices(), lambda match: f"{match[0]}{_WORD.rstrip()}", text)
    text = re.sub(_decisions(), lambda match: f"{match['before']}(candidate's word) {match['word']}", text)
    text = re.sub(_heads(), lambda match: match[0].rstrip() + _WORD, text)
    text = re.sub(_gifts(), lambda match: match[0].rstrip() + _WORD, text)
    text = re.sub(_fractions(), lambda match: f"{match[0].rstrip()}{_WORD}", text)
    text = re.sub(r"[★⭐☆]️?(?:\s?[★⭐☆]️?)+", lambda match: match[0] + _WORD.rstrip(), text)
    text = re.sub(r"\[([xX✓✔])\]", r"[ \1 ]", text)
    text = re.sub(r"\*\*(?=\s*[-+−.\d])", "* *", text)
    return re.sub(r"\[(?=\[|RESULT)", "[ ", re.sub(r"\](?=\])", "] ", text))


@cache
def _scores() -> str:
    """A label, what may stand between it and its number, and the number's first character."""
    label = any_of("score.labels", "score.comma_labels", "score.needs_scale", "score.measures")
    whole = any_of("score.overall", "score.final", "score.average")
    words = any_of(
        "score.copulas",
        "score.qualities",
        "score.overall",
        "score.final",
        "score.labels",
        "score.comma_labels",
        "score.needs_scale",
    )
    words = rf"{words}|\b(?:minus|negative|out of \d+)\b|\b(?:of|from) [\d.]+ to [\d.]+|\b{WOULD_GIVE}"
    words += rf"|\b(?:for|für|pour|para|для)\s+(?:the|this|die|la|el)\s+{any_of('score.objects')}"
    between = rf"(?>\((?!\s*[-+−]?[\d.]+\s*[)/])[^()\n]{{0,40}}\)|\W|\b(?:of|is|as)\b|{words}){{1,60}}+"
    marked = r"[(\[（［](?=\s{0,9}[-+−.\d½¼¾])"
    apart = rf"[\W_]{{0,20}}?(?:[:=|>\n\-–—】]|\.{{3}}|{marked})\W{{0,20}}+"
    labelled = rf"(?P<label>{label})(?P<between>{between})|(?P<whole>{whole})(?P<apart>{apart})"
    return rf"(?i)(?:(?<![^\W\d_])|(?-i:(?<=[a-z])(?=[A-Z])))(?:{labelled})(?P<number>{_DIGIT})"


@cache
def _verdicts() -> str:
    """A label of verdicts with what joins it to a verdict."""
    joined = rf"(?:\s?\([^()\n]{{0,40}}\))?[\s*_`\"'#)]{{0,6}}(?:[:：=✅>\n]|[-–—]|→|(?:would be|{any_of('score.copulas')})\s)"
    return rf"(?i)(?<![^\W\d_])(?P<label>{any_of('verdict.labels', 'score.overall')}){joined}"


@cache
def _answers() -> str:
    """Another name before a plain verdict word ("Final answer: keep")."""
    names = any_of("verdict.names", "score.labels")
    return rf"(?i)(?<![^\W\d_])(?P<label>{names})\s*(?:[:=：]|\bis\b)[\s*_`\"'\[(]*(?=keep|revise)"


@cache
def _choices() -> str:
    """What opens a choice between the two verdicts ("rather than revise it, ...", "not keep but revise")."""
    words = any_of("verdict.keep", "verdict.revise")
    return rf"(?i)\b(?:rather than|instead of|between)(?=\s+{words})|\bnot(?=\s+{words}(?: it| this)?,? but\b)"


@cache
def _decisions() -> str:
    """A clause that says no more than a verdict ("It should be revised.")."""
    fillers = rf"(?:(?:{any_of('verdict.fillers', 'verdict.denials')})[\s,*_`\"']{{1,6}}){{0,8}}+"
    words = any_of("verdict.keep", "verdict.revise")
    ends = (
        r"[^\w\n]{0,8}(?:$|[½¼¾.!?,;。、:：)\]\"']|[-–—]\s|です|ます)|"
        rf"[^\w\n]{{0,8}}{any_of('verdict.fillers')}|\s(?:a thing|anything|from me|before|accordingly|because|without)\b"
    )
    clause = rf"(?=(?:i|we|can|should|must|needs?|sollte|muss|{any_of('verdict.wholes')})\b)"
    joined = rf"{SO}\s|(?:,|{AND})\s{clause}"
    begins = rf"^|{joined}|[.!?;](?=[\s\"')\]])\s?|[}}>\])|](?<!{_DONE})"
    return rf"(?im)(?P<before>(?:{begins})[^\w\n]{{0,8}}{fillers})(?P<word>{words})(?={ends})"


@cache
def _heads() -> str:
    """A word for the whole at the head of a clause, before its number ("Overall 4")."""
    whole = any_of("score.overall", "score.final", "score.average")
    return rf"(?im)(?:^|[.!?;,>→]\s)[^\w\n]{{0,8}}{whole}\s+(?=[-+−.]?{_DIGIT})"


@cache
def _gifts() -> str:
    """What stands before a number in "je lui donne 4 sur 5" and "5点満点中4点"."""
    full = rf"\d\s{{0,3}}(?:{any_of('score.units')})?\s{{0,3}}{any_of('score.full_marks')}\s{{0,3}}"
    return rf"(?i)(?:(?<![^\W_]){any_of('score.gives')}[^\d.,;:!?]{{0,40}}?|{full})(?=[-+−.]?{_DIGIT})"


@cache
def _fractions() -> str:
    """A number at the head of a clause, before the "/5" or "out of 5" that makes it a score."""
    head = rf"(?:^|[,:;.!?—–-]\s|[}}>\])|])(?:_|[^\w\n]){{0,6}}(?:{any_of('score.leads')}[:,]?\s+)?(?:{ABOUT}\s+)?"
    number = rf"(?:[-+−]?\d{{0,3}}(?:\.?\d{{1,3}}|[½¼¾])|{WORDS}(?: and a half)?)"
    beside = rf"[/／]|{any_of('score.out_of')}|on (?:an?|the|this|your)(?=\s\d+[- ]point)"
    return rf"(?im){head}{number}[\s)\]}}>\"'*_`]{{0,5}}(?=(?:{beside})\s{{0,3}}(?:\d|{WORDS}))"


def _apart(match: re.Match[str]) -> str:
    """What begins an escape, a command of LaTeX or a tag, which could spell a label, with a space behind it."""
    return f"{match[0]} "


def _unmarked(match: re.Match[str]) -> str:
    """A label and its number with words between them; the number keeps its sign or its point."""
    last = (match["between"] or match["apart"])[-1]
    return f"{match['label'] or match['whole']}{_WORD}{last if last in '-+−.' else ''}{match['number']}"
