"""The score that a judge's reply states, or a Failure that says why none is read.

A statement is a sentence: a label and a number ("Overall Score: 4"), a plain word of the judge ("I'd give it a 4"), or a line that
is a number. A label that says overall or final wins over an average, that over a bare label, that over the rest; a part score
("Clarity score: 4") never counts. Statements of one rank must agree, unless the judge takes back the earlier one. What is in
doubt is a failure: a wrong number is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sctk_core.parsing.answer import (
    Sentence,
    answer_of,
    heading,
    leads_to_an_example,
    plain_digits,
    sentences,
    uncorrected,
)
from sctk_core.parsing.clauses import last_clause
from sctk_core.parsing.closing import lone_number
from sctk_core.parsing.figures import NUMBER, WORDS
from sctk_core.parsing.labels import AVERAGE, LABELLED, labelled, names_a_score
from sctk_core.parsing.measures import measured
from sctk_core.parsing.numbers import ANOTHER_SCALE, Number, read_number
from sctk_core.parsing.phrases import PART
from sctk_core.parsing.prose import Statement, plain_statement
from sctk_core.parsing.scales import Bounds, foreign, without_remarks
from sctk_core.parsing.structured import spoken
from sctk_core.parsing.words import any_of
from sctk_core.records import Failure

_FIGURE = re.compile(rf"\d|{WORDS}")
_OTHERWISE = re.compile(
    rf"\(?(?:or|maybe|perhaps|sorry|i mean|well|make (?:it|that)|call it)\W+(?:an? |maybe |perhaps )?(?:{NUMBER}|{WORDS})|"
    r".{0,80}\b(?:penalt\w+|deduct\w+|subtract\w+|re-?read\w*|second (?:look|reading))\b.{0,60}?"
    rf"(?:[:,=]| is| gives| leaves| makes| to) (?:it |an? )?{NUMBER}\W*\Z|"
    rf"(?:.{{0,80}}[;,] )?(?:an? )?{NUMBER} (?:is|would be|seems|feels) (?:better|fairer|closer|more)\b|"
    rf"(?:it |this )?(?:could|might|may) also be (?:an? )?{NUMBER}"
)
"""Takes a score back that was just said: "The score is 4... or 3.", "after the penalty: 3"."""
_FIRST = re.compile(r"\b(?:initially|at first|first thought|was tempted)\b")
"""Opens what a judge thought before it came to its score."""
_OPEN = (
    r"\b(?:would|should) (?:therefore |thus |then )?(?:be|get|receive|earn|score|merit)\b|"
    r"\bi (?:\w+ly )?(?:gave|rated|scored|graded|awarded|assigned|chose|went with|settled)\b"
)
"""What the next sentence may still take back: the score that it would be, or that was given."""
_SECTION = rf"(?:\d{{1,2}}[.)] )?(?:the |its )?(?:\w+ (?:and |& )?)?(?!conclusion|summary){PART}\s?:?"
"""A heading over what is said of one part of a reply."""
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
    answer = without_remarks(plain_digits(spoken(answer)))
    said = list(sentences(answer))
    stated = list(_statements(said, bounds))
    if not stated:
        number = measured(said, bounds)
        return (
            (number.value, "") if number and number.value is not None and not foreign(answer, bounds) else (NOTHING, "")
        )
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
    if top == AVERAGE and any(each.rank == LABELLED and each.number.value != held[-1].value for each in stated[-1:]):
        return UNDECIDED, ""  # an average, and another score behind it
    values = sorted({number.value for number in held if number.value is not None})
    return values[0] if len(values) == 1 else UNDECIDED, "" if len(values) == 1 else ", ".join(
        f"{each:g}" for each in values
    )


def _statements(said: Sequence[Sentence], bounds: Bounds) -> Iterator[Statement | None]:
    """Every statement in order; None last where the judge began to take it back and did not say what holds instead."""
    found = corrected = False
    parts = [place for place, each in enumerate(said) if each.alone and re.fullmatch(_SECTION, each.text)]
    for place, sentence in enumerate(said):
        if found and heading(sentence.text):
            break
        text, opened = uncorrected(sentence.text)
        corrected = corrected or (found and (opened or _OTHERWISE.match(text) is not None))
        if names_a_score(text) and place + 1 < len(said):
            continue  # a heading: said with the line below it
        before = said[place - 1].text if place else ""
        if before and names_a_score(before):
            text = f"{before.rstrip(' :=;')}: {text}"
        if _FIGURE.search(text) and not leads_to_an_example(before):
            statement = _stated(text, bounds) or lone_number(text, sentence, said, bounds)
            statement = statement or (
                _corrected(text, bounds) if corrected or (opened and _FIRST.search(before)) else None
            )
            if re.search(_OPEN, text) and any(map(_stands_against, said[place + 1 : place + 2])):
                statement = None
            if statement is not None and statement.rank == LABELLED and len(parts) > 1 and parts[0] < place < parts[-1]:
                statement, parts = None, [*parts, len(said)]  # a part's, and so are those that follow
            if statement is not None:
                yield Statement(rank=statement.rank, number=statement.number, last=statement.last or corrected)
                found, corrected = True, False
    if corrected:
        yield None


def _stated(text: str, bounds: Bounds) -> Statement | None:
    """What a sentence states with a label at its head or in its last clause, or in plain prose."""
    return labelled(text, bounds) or labelled(last_clause(text), bounds) or plain_statement(text, bounds)


def _corrected(text: str, bounds: Bounds) -> Statement | None:
    """What stands behind words of correction: "scratch that, 3: the date is wrong", "on reflection, ..., so 3"."""
    text = re.sub(rf"^({NUMBER}):\s", r"\1, ", text.rpartition(", so ")[2])
    number = read_number(text, bounds) if re.match(NUMBER, text) else None
    return Statement(rank=LABELLED, number=number, last=True) if number else None


def _stands_against(following: Sentence) -> bool:
    """Whether a sentence takes back what "would be" the score, or was."""
    words = any_of("verdict.concessions", "score.contrasts")
    return re.search(rf"\d|(?<![^\W_]){words}", following.text) is not None
