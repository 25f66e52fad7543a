"""The verdict that a critique states, keep or revise, or a Failure that says why none is read.

A verdict is a sentence with the label at its head ("Verdict: keep"), or, where no sentence has one, a last sentence that says
no more than it ("It should be revised."). Denials turn it ("no need to revise"); a condition, a choice or both words make it none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from sctk_core.parsing.answer import (
    Sentence,
    answer_of,
    heading,
    leads_to_an_example,
    plain_digits,
    sentences,
    uncorrected,
)
from sctk_core.parsing.structured import spoken
from sctk_core.parsing.words import alternatives, any_of, table
from sctk_core.records import Failure

Verdict = Literal["keep", "revise"]
_KEEP: Verdict = "keep"
_REVISE: Verdict = "revise"
_CROSSED = "[❌✗✘☐👎]"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    """What one sentence says: a verdict, or nothing plain; `last` where it replaces what was said before."""

    verdict: Verdict | None
    last: bool = False


def parse_verdict(
    text: str,
    *,
    keep: Collection[str] = ("keep",),
    revise: Collection[str] = ("revise",),
    of: str = "",
    stage: str = "critique",
    component: str = "parse_verdict",
) -> Verdict | Failure:
    """The verdict of a critique, or `Failure(kind="parse")`; words other than keep and revise are read as they are given.

    >>> parse_verdict("Too harsh by far.\\n**Verdict: revise.**"), parse_verdict("Verdict: no need to revise")
    ('revise', 'keep')
    >>> parse_verdict("Verdict: keep or revise?").kind
    'parse'
    """
    answer = answer_of(text)
    said = list(sentences(plain_digits(spoken(answer or ""))))
    words = _words(tuple(keep), tuple(revise))
    found = list(_labelled(said, words)) or _plain(said, words)
    held: list[Verdict | None] = []
    for each in found:
        held = [each.verdict] if each.last else [*held, each.verdict]
    verdict = held[-1] if held else None
    if verdict is not None and set(held) == {verdict}:
        return verdict
    wanted = " or ".join(f'"Verdict: {each}"' for each in (*keep, *revise))
    reason = "a thought that never ends" if answer is None else "a verdict that is not plain" if held else "no verdict"
    detail = f"got the last line {(said[-1].text if said else '')[-120:]!r}"
    return Failure(
        of=of, stage=stage, component=component, kind="parse", reason=f"{reason}; wanted {wanted}", detail=detail
    )


def states_verdict(sentence: str) -> bool:
    """Whether a sentence (in small letters, without marks) is a verdict with its label."""
    return re.match(rf"{_label()}\s*[:=]\s*[\"']?(?:{'|'.join(_words(('keep',), ('revise',)))})", sentence) is not None


def _labelled(said: Sequence[Sentence], words: tuple[str, str]) -> Iterator[_Said]:
    """What each sentence with a label says, in order, and what is said against it afterwards."""
    corrected, found = False, False
    for place, sentence in enumerate(said):
        before = said[place - 1].text if place else ""
        if found and heading(sentence.text):
            break
        text, opened = uncorrected(sentence.text)
        corrected = corrected or (found and opened)
        if before and re.fullmatch(_label(), before.rstrip(" :;")):
            text = f"{before.rstrip(' :;')}: {text}"
        head = re.match(rf"{_label()}\s*(?:[:=]>?|[-–—]\s|->|→|⇒|{any_of('score.copulas')}:?\s|(?=✅))\s*(?=\S)", text)
        if head and not leads_to_an_example(before):
            last = corrected or re.search(any_of("score.final"), head[0]) is not None
            yield _Said(verdict=_decided(text[head.end() :], words), last=last)
            found, corrected = True, False
        elif found and re.match(any_of("verdict.hedges", "verdict.concessions"), text):
            yield _Said(verdict=None)
        elif found and (other := _decided(text, words)):
            yield _Said(verdict=other, last=corrected)
            corrected = False
    if corrected:
        yield _Said(verdict=None)


def _plain(said: Sequence[Sentence], words: tuple[str, str]) -> list[_Said]:
    """What the last sentence says, where it says no more than a verdict and no other sentence says another."""
    found = [verdict for sentence in said if (verdict := _decided(sentence.text, words, alone=True))]
    last = _decided(said[-1].text, words, alone=True) if said else None
    return [_Said(verdict=each) for each in found] if last else []


def _decided(text: str, words: tuple[str, str], *, alone: bool = False) -> Verdict | None:
    """The verdict of a few words; None where they say both, depend on something or, where no label stands before them, say more."""
    keep, revise = words
    text = re.sub(r"^[^\w❌✗✘☐👎]+", "", text)
    found = re.match(
        rf"(?P<before>(?:(?:{any_of('verdict.fillers', 'verdict.denials')})[\s,]*){{0,8}}?)(?P<word>{keep}|{revise})",
        text,
    )
    if not found or re.search(_CROSSED, text):
        return None
    rest = text[found.end() :]
    kept = re.fullmatch(keep, found["word"]) is not None
    verdict = _turned(found["before"], kept)
    if re.match(r"\W*\?", rest):
        return None
    first = rf"\s*(?:(?:{any_of('verdict.fillers')}{f'|{keep}' if kept else ''})[\s]*){{0,6}}"
    after = re.sub(rf"^{first}", " ", rest)
    hedges = any_of("verdict.hedges", *(["verdict.concessions"] if kept else []))
    if re.match(rf"[\s,;:(–—-]*{hedges}", re.sub(rf"^{first}", "", rest)):
        return None
    if alone and not re.match(rf"\s*(?:[.!,;)\]\"']|\Z{'' if kept else '|before '})", after):
        return None
    if kept and re.match(r"\s*\w", after) and not re.match(rf"\s*{any_of('score.reasons')}", after):
        return None
    part = rf"(?!{keep}\s+(?!it|this|that|as\b)\w)" if not kept else ""  # "revise, but keep the tone": of a part
    for other in re.finditer(rf"(?P<before>(?:[\w']+\s+){{0,3}})(?<![^\W_]){part}(?P<word>{keep}|{revise})", rest):
        if _turned(other["before"], re.fullmatch(keep, other["word"]) is not None) != verdict:
            return None
    return verdict


def _turned(before: str, kept: bool) -> Verdict:
    """The verdict of a word, turned by a denial before it."""
    denied = re.search(rf"(?<![^\W_]){any_of('verdict.denials')}|n't\b|\btoo \w+ to\b", before) is not None
    return _KEEP if kept != denied else _REVISE


@cache
def _words(keep: tuple[str, ...], revise: tuple[str, ...]) -> tuple[str, str]:
    """Alternatives of the words for each verdict; the usual two stand for all that mean the same."""
    usual = table()["verdict"]
    return (
        alternatives(usual["keep"] if keep == ("keep",) else [word.lower() for word in keep]),
        alternatives(usual["revise"] if revise == ("revise",) else [word.lower() for word in revise]),
    )


@cache
def _label() -> str:
    whole = any_of("score.overall", "score.final", "score.leads")
    return rf"[(\[{{]?(?:{whole},?\s*){{0,3}}{any_of('verdict.labels')}(?:\s*[(\[](?!candidate's word)[^()\[\]]{{0,40}}[)\]])?"
