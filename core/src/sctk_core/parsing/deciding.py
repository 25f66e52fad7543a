"""What a few words decide, keep or revise: the verdict word, what denies it, and what behind it makes it none."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from sctk_core.parsing.words import alternatives, any_of, table

Verdict = Literal["keep", "revise"]
KEEP: Verdict = "keep"
REVISE: Verdict = "revise"
_CROSSED = "[❌✗✘☐👎]"
_REASON = r"|before |accordingly|because |so that "
"""What may follow "revise" for its reason."""
_SO = r",? (?:so|therefore|thus|hence|and so) (?=(?:i|we|it|this|the|that|please)\b)|, (?:so|therefore|thus|hence) "
"""Opens the clause that decides, whatever the one before it denies ("it doesn't, so I say revise")."""
_UNREAL = r"\b(?:would|could|should|might)(?:'ve| have)\b|'d(?:'ve| have)\b"
"""Before a verdict word: what would have been said of another reply."""
INVERTED = r"(?:had|were|should) (?:it|this|that|these|the|there|they)\b"
"""Opens a condition without "if": "had it named its source"."""
_COMMAND = r"(?:revise|rewrite|réviser|revisar|überarbeiten|(?:需要|应该|建议)?修改)\s?(?::|[-–—]\s)"
_KEPT = r"(?:keep|accept|approve)\s?[-–—]\s"
"""The plain word, with its reason behind a colon or a dash."""
_OWED = r"\b(?:needs?|should|must|requires?|ought|ha[sv]e to|recommend|i'd|i would|i will)\b"
"""What makes any word for a verdict one that a reason may follow behind a colon or a dash."""
_TO_DO = r",\s*(?:please |just |only )?(?:fix|add|remove|drop|change|shorten|correct|cut|delete|trim)\b"
"""Behind "keep": it is kept, and is not ("keep, fix the date")."""
_IN_A_FORM = (
    r"\W*\?|\s*(?:needed|required|necessary)?\s*[:=]\s*(?:no|none|nothing|nil|n/a|false|yes|true)\b|"
    r"\s*[:=(]+\s*[-+]?\d*\.?\d+\s*(?:%|/\s*\d+)?\W*\Z"
)
"""Behind a verdict word that a form asks about ("needs revision: no") or weighs ("revise: 0.1")."""
_DONE = r"(?:revised|rewritten|edited|changed|improved|reworked|corrected|reworded|rephrased)$"
"""What has been done, unless it is to be ("should be revised")."""


_NAMED = r"(?:changed?|changes|edits?|edited|revisions?|revised|modifications?|improved?|improvements?)$"
_AFTER_NAMES = r"(?:because|since|as|due|given|to|for|before|in|so|and|with|of|by|but|accordingly|the)\b"
"""Nouns and participles may name what a sentence is about ("Conclusion: changed tides are shown well"), unless this follows."""


def decided(text: str, words: tuple[str, str], *, alone: bool = False) -> Verdict | None:
    """The verdict of a few words; None where they say both, depend on something or, where no label stands before them, say more."""
    keep, revise = words
    text = re.sub(r"^[^\w❌✗✘☐👎]+", "", text)
    found = re.match(
        rf"(?P<before>(?:(?:{any_of('verdict.fillers', 'verdict.denials')})[\s,]*){{0,8}}?)(?P<word>{keep}|{revise})",
        text,
    )
    if not found or re.search(_CROSSED, text):
        return None
    rest = re.sub(_as_it_is(revise), "", text[found.end() :])
    kept = re.fullmatch(keep, found["word"]) is not None
    before = re.split(_SO, found["before"])[-1]
    if re.search(rf"(?<![^\W_])(?:{any_of('verdict.denials')}|[a-z]+n't\b)[^,]*,", before) or re.search(
        _UNREAL, before
    ):
        return None  # "no, revise": what is denied is not the verdict
    verdict = turned(before, kept)
    if re.match(_IN_A_FORM, rest):
        return None
    if len(re.findall(rf"(?<![^\W_])(?:{any_of('verdict.denials')}|[a-z]+n't)(?![^\W_])", before)) > 1:
        return None  # "no reason not to keep it"
    if re.match(r"(?:some|others?|many|few|they|he|she) (?:would|will|may|might|could|should)\b", found["before"]):
        return None
    first = rf"\s*(?:(?:{any_of('verdict.fillers')}{f'|{keep}' if kept else ''})[\s]*){{0,6}}"
    after = re.sub(rf"^{first}", " ", rest)
    hedges = any_of("verdict.hedges", *(["verdict.concessions"] if kept else []))
    if re.match(rf"[\s,;:(–—-]*(?:{hedges}|{INVERTED})", re.sub(rf"^{first}", "", rest)):
        return None
    if alone and re.match(_DONE, found["word"]) and not re.search(r"\bbe\b", found["before"]):
        return None
    reason = re.match(_KEPT if kept else _COMMAND, found["word"] + rest)
    reason = reason or (_asked_for(found["word"] + rest) if "please" in before and verdict == REVISE else None)
    reason = reason or (re.match(r"\s*(?:it|this)?\s?(?::|[-–—])\s", rest) if _reasoned(found, verdict) else None)
    if reason and verdict == KEEP and re.search(_wished(), rest):
        return None
    to_do = reason or (verdict == REVISE and re.match(r"\s*(?:it|this|the \w+)?\s*to\s", rest))
    if (
        alone
        and not to_do
        and not re.match(rf"\s*(?:[.!,;。、)\]\"'।]|です|ます|\Z{_REASON if verdict == REVISE else ''})", after)
    ):
        return None
    if (
        verdict == REVISE
        and re.match(_NAMED, found["word"])
        and not to_do
        and re.match(rf"\s*(?!{_AFTER_NAMES})[^\W\d_]", after)
    ):
        return None
    none_left = rf"\s*(?:{any_of('score.reasons')}|without (?:any )?(?:further )?{revise}|です|ます)"
    if verdict == KEEP and re.match(_TO_DO, after.lstrip()):
        return None
    if kept and re.match(r"\s*\w", after) and not re.match(none_left, after):
        return None
    part = rf"(?!{keep}\s+(?!it|this|that|as\b)\w)" if not kept else ""  # "revise, but keep the tone": of a part
    for other in re.finditer(rf"(?P<before>(?:[\w']+\s+){{0,3}})(?<![^\W_]){part}(?P<word>{keep}|{revise})", rest):
        if turned(other["before"], re.fullmatch(keep, other["word"]) is not None) != verdict:
            return None
    return verdict


def turned(before: str, kept: bool) -> Verdict:
    """The verdict of a word, turned by a denial before it."""
    denied = re.search(rf"(?<![^\W_]){any_of('verdict.denials')}|n't\b|\btoo \w+ to\b", before) is not None
    return KEEP if kept != denied else REVISE


@cache
def verdict_words(keep: tuple[str, ...], revise: tuple[str, ...]) -> tuple[str, str]:
    """Alternatives of the words for each verdict; the usual two stand for all that mean the same."""
    usual = table()["verdict"]
    return (
        alternatives(usual["keep"] if keep == ("keep",) else [word.lower() for word in keep]),
        alternatives(usual["revise"] if revise == ("revise",) else [word.lower() for word in revise]),
    )


def _reasoned(found: re.Match[str], verdict: Verdict) -> bool:
    """Whether a reason may follow behind a colon or a dash: the words are a clause, and no name of what follows ("Edits: none")."""
    denied = verdict == KEEP and turned(found["before"], kept=True) == REVISE
    return denied or " " in found["word"] or re.search(_OWED, found["before"]) is not None


def _asked_for(text: str) -> re.Match[str] | None:
    """ "(Please) revise the response: it should name its source": behind the colon stands what it lacks, and no text."""
    wholes = any_of("verdict.wholes")
    lacks = r"(?:should|must|needs|does(?:n't)?|is(?:n't)?|lacks|omits|misses|fails|leaves|has|gets)\b"
    return re.match(rf"\w+ {wholes}\s?(?::|[-–—])\s(?:it|{wholes}) {lacks}", text)


@cache
def _as_it_is(revise: str) -> str:
    """What adds nothing behind a verdict word: "kept in its current form", "kept without changes", "not change a thing"."""
    forms = r"in (?:its|the|this) (?:current|present|existing) (?:form|state|version|shape|wording)"
    return (
        rf"^\s*(?:{forms}|without (?:(?:any|further|more|major|other) ){{0,2}}{revise}|as (?:it )?(?:is|stands|was|written)|"
        r"exactly as (?:it )?(?:is|stands)|a (?:thing|word|single word)|anything|from me)(?![\w'])"
    )


@cache
def _wished() -> str:
    return rf"(?<![^\W_]){any_of('verdict.concessions', 'verdict.hedges', 'verdict.wishes')}"
