"""The score that a judge's reply states, or a Failure that says why none is read.

A statement is a sentence: a label and a number ("Overall Score: 4"), a plain word of the judge ("I'd give it a 4"), or a line that
is a number. A label that says overall or final wins over an average, that over a bare label, that over the rest; a part score
("Clarity score: 4") never counts. Statements of one rank must agree, unless the judge takes back the earlier one. What is in
doubt is a failure: a wrong number is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from sctk_core.parsing.answer import (
    Sentence,
    answer_of,
    heading,
    leads_to_an_example,
    plain_digits,
    sentences,
    uncorrected,
)
from sctk_core.parsing.figures import NUMBER
from sctk_core.parsing.numbers import ANOTHER_SCALE, Number, read_number
from sctk_core.parsing.prose import Statement, behind_a_word, last_clause, lone_number, plain_statement
from sctk_core.parsing.scales import Bounds, foreign, scale_is
from sctk_core.parsing.structured import spoken
from sctk_core.parsing.words import any_of
from sctk_core.records import Failure

OVERALL, AVERAGE, LABELLED = 3, 2, 1
NOTHING, UNDECIDED = "no labelled score", "several scores, and nothing says which one counts"
TAKEN_BACK, OPEN_THOUGHT = "a score that is taken back", "a thought that never ends"


def parse_score(
    text: str, *, low: float, high: float, of: str = "", stage: str = "score", component: str = "parse_score"
) -> float | Failure:
    """The score in [low, high] that a judge's reply states, or `Failure(kind="parse")`.

    >>> parse_score("one of 2 paragraphs. Overall Evaluation: Score 4.5", low=0, high=5)
    4.5
    >>> parse_score("I liked 2 of the 3 points.", low=0, high=5).kind
    'parse'
    """
    found, got = _find(text, Bounds(low=low, high=high))
    if isinstance(found, float):
        if low <= found <= high:
            return found
        found, got = f"a score outside {low:g} to {high:g}", f"{found:g}"
    detail = f"got {got}; " if got else ""
    return Failure(
        of=of, stage=stage, component=component, kind="parse", reason=found, detail=f"{detail}...{text[-120:]!r}"
    )


def _find(reply: str, bounds: Bounds) -> tuple[float | str, str]:
    """The number, or what is wrong in words and what was read instead."""
    answer = answer_of(reply)
    if answer is None:
        return OPEN_THOUGHT, ""
    answer = plain_digits(spoken(answer))
    stated = list(_statements(list(sentences(answer)), bounds))
    if not stated:
        return NOTHING, ""
    if stated[-1] is None:
        return TAKEN_BACK, ""
    value, got = _decided([each for each in stated if each is not None])
    return (
        (ANOTHER_SCALE, got)
        if not any(each and each.number.scaled for each in stated) and foreign(answer, bounds)
        else (value, got)
    )


def _decided(stated: Sequence[Statement]) -> tuple[float | str, str]:
    """What the statements of the highest rank agree on; one that replaces what was said counts alone from there on."""
    top = max(each.rank for each in stated)
    held: list[Number] = []
    for each in stated:
        if each.last:
            held = [each.number]
        elif each.rank == top:
            held.append(each.number)
    wrong = next((number for number in held if number.value is None), None)
    if wrong is not None:
        return wrong.wrong, repr(wrong.rest[:40])
    values = sorted({number.value for number in held if number.value is not None})
    return values[0] if len(values) == 1 else UNDECIDED, "" if len(values) == 1 else ", ".join(
        f"{each:g}" for each in values
    )


def _statements(said: Sequence[Sentence], bounds: Bounds) -> Iterator[Statement | None]:
    """Every statement in order; None last where the judge began to take it back and did not say what holds instead."""
    found = corrected = False
    for place, sentence in enumerate(said):
        if found and heading(sentence.text):
            break
        text, opened = uncorrected(sentence.text)
        corrected = corrected or (found and opened)
        if re.fullmatch(_name(), text.rstrip(" :=;")) and place + 1 < len(said):
            continue  # a heading: said with the line below it
        before = said[place - 1].text if place else ""
        if before and re.fullmatch(_name(), before.rstrip(" :=;")):
            text = f"{before.rstrip(' :=;')}: {text}"
        if not leads_to_an_example(before):
            statement = _labelled(text, bounds) or _labelled(last_clause(text), bounds) or plain_statement(text, bounds)
            statement = statement or lone_number(text, sentence, said, bounds)
            if statement is not None:
                yield Statement(rank=statement.rank, number=statement.number, last=statement.last or corrected)
                found, corrected = True, False
    if corrected:
        yield None


def _labelled(text: str, bounds: Bounds) -> Statement | None:
    """A statement with a label at its head; None where the sentence is none, or is about a part, or is a line of a rubric."""
    head = re.match(_head(), text)
    if not head:
        return None
    name = head["leads"] + head["name"]
    remark = (head["remark"] or "").strip()
    scale = scale_is(remark, bounds) if remark else None
    number = read_number(text[head.end() :], bounds, sums=True) or behind_a_word(text[head.end() :], bounds)
    rank = _rank(name)
    if number is None or re.match(r"\s*[:=]", number.rest) or "candidate's word" in remark:
        return None
    if scale is None and remark and rank < AVERAGE and not re.fullmatch(rf"[\s(\[]*{_name()}[\s)\]]*", remark):
        return None
    if scale is False or (scale is None and re.search(r"\d", remark)):
        number = Number(value=None, wrong=ANOTHER_SCALE, rest=text)
    if re.fullmatch(any_of("score.needs_scale"), head["name"].strip()) and not (number.scaled or scale):
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
    ranged = rf"(?:on a scale )?(?:of|from) {NUMBER} to {NUMBER}|on a scale (?:of|from) [^:=]{{1,20}}|out of \d+"
    remark = rf"(?P<remark>\s*[(\[][^()\[\]]{{0,60}}[)\]]|{ranged})?"
    joined = rf"(?:\s*(?:[:=]>?|->|→|⇒|[-–—]\s)|\s*{any_of('score.copulas')}\s*:?(?:\s*an?\s)?|(?<=\s)|(?<=[)\]]))\s*"
    again = rf"(?:{any_of('score.labels', 'score.comma_labels')}\s*[:=]?\s*)?"
    return rf"[(\[{{]?{leads}(?P<name>{_name()}){about}{remark}{joined}{again}"
