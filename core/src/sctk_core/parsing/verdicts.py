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
_REASON = r"|before |accordingly|because |so that "
"""What may follow "revise" for its reason."""
_COMMAND = r"(?:revise|rewrite|réviser|revisar|überarbeiten|修改)\s?(?::|[-–—]\s)"
_KEPT = r"(?:keep|accept|approve)\s?[-–—]\s"
"""The plain word, with its reason behind a colon or a dash."""
_DONE = r"(?:revised|rewritten|edited|changed|improved|reworked)$"
"""What has been done, unless it is to be ("should be revised")."""


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
    first = _decided(said[0].text, words, alone=True) if said and said[0].alone else None
    found = [_Said(verdict=first), *found] if first and found else found
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
    corrected = found = kept = False
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
            verdict = _decided(text[head.end() :], words, alone=not re.search(any_of("verdict.labels"), head[0]))
            yield _Said(verdict=verdict, last=last)
            found, corrected, kept = True, False, verdict != _REVISE
        elif found and re.match(any_of("verdict.hedges", *(["verdict.concessions"] if kept else [])), text):
            yield _Said(verdict=None)
        elif found and (other := _decided(text, words)):
            yield _Said(verdict=other, last=corrected)
            corrected = False
    if corrected:
        yield _Said(verdict=None)


def _plain(said: Sequence[Sentence], words: tuple[str, str]) -> list[_Said]:
    """What the first or the last sentence says, where it says no more than a verdict and no other sentence says another."""
    each = [
        _decided(sentence.text, words, alone=True) or _answered(place, said, words)
        for place, sentence in enumerate(said)
    ]
    at_end = bool(each) and (each[-1] is not None or _leads(each[0], said, words))
    return [_Said(verdict=verdict) for verdict in each if verdict] if at_end else []


def _answered(place: int, said: Sequence[Sentence], words: tuple[str, str]) -> Verdict | None:
    """What "does it need to be revised? No." says, of the place of its answer."""
    asked = said[place - 1].text if place else ""
    yes = re.match(r"(?P<yes>yes|yep|yeah)\b|no(?:pe)?\b", said[place].text)
    verdict = _decided(asked.rstrip(" ?"), words, alone=True) if yes and asked.endswith("?") else None
    if verdict is None or yes is None:
        return None
    return verdict if yes["yes"] else _KEEP if verdict == _REVISE else _REVISE


def _leads(first: Verdict | None, said: Sequence[Sentence], words: tuple[str, str]) -> bool:
    """Whether a verdict that comes first stands for all that follows: behind "keep", nothing may be left to do."""
    rest = " ".join(sentence.text for sentence in said[1:])
    owed = rf"(?<![^\W_])(?:{words[1]}|{any_of('verdict.concessions', 'verdict.hedges', 'verdict.wishes')})"
    return first == _REVISE or (first == _KEEP and not re.search(owed, rest))


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
    if alone and re.match(_DONE, found["word"]) and not re.search(r"\bbe\b", found["before"]):
        return None
    reason = re.match(_KEPT if kept else _COMMAND, found["word"] + rest)
    to_do = reason or (verdict == _REVISE and re.match(r"\s*(?:it|this|the \w+)?\s*to\s", rest))
    if (
        alone
        and not to_do
        and not re.match(rf"\s*(?:[.!,;。、)\]\"']|です|ます|\Z{_REASON if verdict == _REVISE else ''})", after)
    ):
        return None
    none_left = rf"\s*(?:{any_of('score.reasons')}|without (?:any )?(?:further )?{revise}|です|ます)"
    if kept and re.match(r"\s*\w", after) and not re.match(none_left, after):
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
    name = any_of("verdict.labels", "score.overall")
    return rf"[(\[{{]?(?:{whole},?\s*){{0,3}}{name}(?:\s*[(\[](?!candidate's word)[^()\[\]]{{0,40}}[)\]])?"
