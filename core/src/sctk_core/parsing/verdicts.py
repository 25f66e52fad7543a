"""The verdict that a critique states, keep or revise, or a Failure that says why none is read.

A verdict is a sentence with the label at its head ("Verdict: keep"), or, where no sentence has one, a last sentence that says
no more than it ("It should be revised."). Denials turn it ("no need to revise"); a condition, a choice or both words make it none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from sctk_core.parsing.answer import (
    QUOTED,
    Sentence,
    answer_of,
    heading,
    leads_to_an_example,
    plain_digits,
    sentences,
    uncorrected,
)
from sctk_core.parsing.choices import named, settled
from sctk_core.parsing.deciding import INVERTED, KEEP, REVISE, Verdict, decided, verdict_words
from sctk_core.parsing.structured import spoken
from sctk_core.parsing.words import any_of
from sctk_core.records import Failure


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
    words = verdict_words(tuple(keep), tuple(revise))
    found = list(_labelled(said, words)) or _plain(said, words) or _behind_a_name(said, keep, revise)
    first = decided(said[0].text, words, alone=True) if said and said[0].alone else None
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
    return (
        re.match(rf"{_label()}\s*[:=]\s*[\"']?(?:{'|'.join(verdict_words(('keep',), ('revise',)))})", sentence)
        is not None
    )


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
        head = re.match(
            rf"{_label()}\s*(?:[:=]>?|[-–—]\s|->|→|⇒|(?:would be|{any_of('score.copulas')})(?: to|:)?\s|(?=✅))\s*(?=\S)",
            text,
        )
        if not head and (clause := _last_clause(text)):
            head = re.match(
                rf"{_label()}\s*(?:[:=]|(?:would be|{any_of('score.copulas')})(?: to|:)?\s)\s*(?=\S)", clause
            )
            text = clause if head else text
        if head and not leads_to_an_example(before):
            last = corrected or re.search(any_of("score.final"), head[0]) is not None
            bare_label = not re.search(any_of("verdict.labels"), head[0])
            verdict = decided(text[head.end() :], words if bare_label else _with_fine(words), alone=bare_label)
            yield _Said(verdict=verdict, last=last)
            found, corrected, kept = True, False, verdict != REVISE
        elif found and re.match(any_of("verdict.hedges", *(["verdict.concessions"] if kept else [])), text):
            yield _Said(verdict=None)
        elif found and (other := decided(text, words)):
            yield _Said(verdict=other, last=corrected)
            corrected = False
    if corrected:
        yield _Said(verdict=None)


def _last_clause(text: str) -> str:
    """The clause of a sentence that states one's own verdict ("after a second look, my verdict is keep"); "" where none does."""
    opened = re.match(r"(?P<before>.*), (?=(?:so )?(?:my|the) (?:final |overall )?verdict\b)", text)
    strange = rf"(?<![^\W_])(?:{any_of('verdict.hedges')}|according|says|said|author|user|candidate|reviewer|{INVERTED})|{QUOTED}"
    return text[opened.end() :] if opened and not re.search(strange, opened["before"]) else ""


def _with_fine(words: tuple[str, str]) -> tuple[str, str]:
    """The words for a verdict behind its label, where "acceptable" and "needs work" are some too."""
    keep, revise = words
    if words != verdict_words(("keep",), ("revise",)):
        return words
    return rf"(?:{keep}|{any_of('verdict.fine')})", rf"(?:{revise}|needs (?:more |some )?work)"


def _plain(said: Sequence[Sentence], words: tuple[str, str]) -> list[_Said]:
    """What the first or the last sentence says, where it says no more than a verdict and no other sentence says another."""
    each = [
        decided(sentence.text, words, alone=True) or _answered(place, said, words) or settled(sentence.text, words)
        if re.search(r"\w", sentence.text)
        else None
        for place, sentence in enumerate(said)
    ]
    at_end = bool(each) and (each[-1] is not None or _leads(each[0], said, words))
    return [_Said(verdict=verdict) for verdict in each if verdict] if at_end else []


def _behind_a_name(said: Sequence[Sentence], keep: Collection[str], revise: Collection[str]) -> list[_Said]:
    """The verdict word that is all of the last line but a name that is no label of verdicts: "Final answer: keep"."""
    word = named(said, [each.lower() for each in (*keep, *revise)])
    return [_Said(verdict=KEEP if word in [each.lower() for each in keep] else REVISE)] if word else []


def _answered(place: int, said: Sequence[Sentence], words: tuple[str, str]) -> Verdict | None:
    """What "does it need to be revised? No." says, of the place of its answer."""
    asked = said[place - 1].text if place else ""
    yes = re.match(r"(?P<yes>yes|yep|yeah)\b|no(?:pe)?\b", said[place].text)
    verdict = decided(asked.rstrip(" ?"), words, alone=True) if yes and asked.endswith("?") else None
    owed = rf"(?<![^\W_]){any_of('verdict.hedges', 'verdict.concessions')}"
    if verdict is None or yes is None or re.search(owed, said[place].text):
        return None
    return verdict if yes["yes"] else KEEP if verdict == REVISE else REVISE


def _leads(first: Verdict | None, said: Sequence[Sentence], words: tuple[str, str]) -> bool:
    """Whether a verdict that comes first stands for all that follows: behind "keep", nothing may be left to do."""
    rest = " ".join(sentence.text for sentence in said[1:])
    owed = rf"(?<![^\W_])(?:{words[1]}|{any_of('verdict.concessions', 'verdict.hedges', 'verdict.wishes')})"
    return first == REVISE or (first == KEEP and not re.search(owed, rest))


@cache
def _label() -> str:
    whole = any_of("score.overall", "score.final", "score.leads")
    name = any_of("verdict.labels", "score.overall")
    depends = r"candidate's word|if\b|unless\b|after\b|once\b|with\b"
    return rf"[(\[{{]?(?:{whole},?\s*){{0,3}}{name}(?:\s*[(\[](?!{depends})[^()\[\]]{{0,40}}[)\]])?"
