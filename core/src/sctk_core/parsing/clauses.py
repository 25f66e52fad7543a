"""The clauses of a judge's sentence: which of them states the number, and what in the others makes it none.

"Although one name is wrong, I'd give it a 4" gives a 4; "if it were right, I'd give it a 4" gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from sctk_core.parsing.answer import QUOTED
from sctk_core.parsing.figures import NUMBER
from sctk_core.parsing.words import any_of

IF = r"\b(?:if|unless|provided|assuming|would have|could have|otherwise)\b"
MENDED = (
    r"\bafter (?:the|an?|some|these|any|its) (?:\w+ )?(?:fix|fixes|revisions?|edits?|changes?|corrections?|rewrite|update)\b|"
    r"\b(?:as soon as|as long as|once|by that logic|(?:by|on|under) the old)\b|"
    r"(?:^|, )should (?:it|this|that|these|the|there|they)\b|"
    r"^(?:on the surface|at first (?:glance|sight)|ignoring|disregarding|purely|solely|"
    r"(?:leaving|setting|putting)\b[^,]*\baside|judging (?:by|on|from)\b[^,]*\balone|(?!other|like)\w+-?wise|"
    r"(?:stylistic|grammatic|factu|technic|linguistic|structur|logic)ally|(?:for|as) (?:an? |the )?(?:\w+ )?"
    r"(?:beginner|expert|child|children|kid|layperson|layman|novice|student|adult|reader|poem|essay|story)s?)\b|"
    r"^(?:with|without|given (?:an?|more|better))\b[^,]*, (?:i'd|i would|it would|it'd|this would|the \w+ would)\b"
)
"""A number behind this is of a reply that is not there."""
_ELSEWHERE = r"\b(?:hypothetically|theoretically|potentially|ideally|possibly|perhaps|maybe|according|itself|own|candidate|puts?)\b"
_LOOKS = (
    r"(?:after|since|because|due to|although|while|despite|on|upon|considering|given|taking|weighing|based on|"
    r"all things considered)\b"
)
_REASON = (
    r"(?:since|because|given that|considering that|although|though|even though|while|after|upon|having|"
    r"as(?! (?:for|to|soon|long)\b)(?!.{0,40}\b(?:says|said|asked|claims|puts|told)\b))\b"
)
"""Opens a clause whose denials are not the number's: "as it has neither, I give it a 3"."""


def clauses(text: str) -> Iterator[str]:
    """A sentence without what leads up to its number: behind "so", "but" or a first "since"; then the sentence itself."""
    text, so, rest = text.rpartition(", so ")
    text = f"so {rest}" if so else re.split(r", (?:thus|therefore|hence) ", rest)[-1]
    cut = re.search(
        r"(?:[,;]|\s[–—-])? (?:but|yet|however),? (?=(?:i|we|overall|all in all|based on|by|given)\b)", text
    )
    if cut and not re.search(IF, text[: cut.start()]):
        yield text[cut.end() :]
    stands = re.search(r"\bas it (?:stands|is),? (?=(?:it|this|i)\b)", text)
    if stands:
        yield f"so {text[stands.end() :]}"
    opened = re.match(rf"{_REASON}.*, (?=(?:i|we|it|this|the|overall)\b)", text)
    if opened and not re.search(rf"{IF}|{MENDED}", opened[0]):
        yield text[opened.end() :]
    yield text


@cache
def before() -> str:
    """What may stand before the words that give a number."""
    heads = r"(?:my )?(?:take|view|opinion|verdict|conclusion|summary|assessment|evaluation|feedback|explanation|bottom line|"
    heads += r"revision|correction|update):"
    joined = rf"\b(?:and|but|hence|overall|so|therefore|thus|{any_of('score.leads')})[:,]?"
    by = r"(?:based on|by|given|according to|considering|under|following) (?:the|these|this|those|your)"
    asked = r"(?:criteria|rubric|guidelines|scale|standards|instructions|principles)(?: (?:above|given|provided))?"
    return rf"(?:{heads}\s)?(?:.*(?:[,—–]|\s-|{joined})\s+|{by} (?:\w+ )?{asked}\s)?"


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
    counted_claims = r"\b(?:\d+ claims?|claims? (?:are|is|were))\b"
    before = re.sub(counted_claims, "", opened["before"]) if opened else ""
    if opened and opened["so"]:
        before = re.sub(r"\b(?:not|no|never|cannot|\w+n't)\b", "", before)  # "it is not, so the score is 3"
    if opened is None or re.search(strange(), before) or re.search(rf"{_ELSEWHERE}|{IF}|{MENDED}", opened["before"]):
        return ""
    if opened["plain"] is not None and not re.match(_LOOKS, text) and ":" in text[: opened.end()]:
        return ""  # "clarity: fair, score 3": of a part
    plain = opened["so"] or opened["plain"] is not None or re.search(r"\d", opened["before"]) or re.match(_LOOKS, text)
    return text[opened.end() :] if plain else ""


@cache
def strange() -> str:
    return rf"(?<![^\W_]){any_of('score.strange')}|{QUOTED}"
