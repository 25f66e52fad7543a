"""Detection by the numbers: eq. 1, 2 and 7 on a vector worked out by hand, and the borders of both thresholds.

The reference has two sentences; their contradiction with three answers is (0.9, 0.2, 0.4) and (0.7, 0.0, 0.6), so S_C is 0.8, 0.1
and 0.5, their mean 0.46667, and the first answer contradicts most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from knowledge_walks import CUT_OFF, QUESTION, detected
from sctk_core import Pair, Prompt, Request, Sample
from sctk_core.pipeline.item import Walked
from sctk_knowledge.detection import Detected, Detecting
from sctk_knowledge.prompts import wording
from sctk_knowledge.scorers import Contradiction
from sctk_knowledge.settings import Detection, Thresholds, Words

SENTENCES = {"First.": (0.9, 0.2, 0.4), "Second.": (0.7, 0.0, 0.6)}
S_K = 1.4 / 3


def says(step: str, request: Request) -> str:
    """The reference and its two sentences, three answers that differ, with the document and without."""
    return "First. Second." if step == "reference" else f"{step} {request.rank}"


def contradicts(one: Sample, other: Sample) -> float:
    """S_C of the vector for answers without the document; those with it contradict by a tenth of their rank."""
    if other.text.startswith("with "):
        return 0.1 * other.rank
    values = [row[other.rank] for sentence, row in SENTENCES.items() if sentence in one.text]
    return sum(values) / len(values)


def detecting(*, filters: bool = True, **settings: Any) -> Detecting:
    words = Words()
    how = Detection(**{"n_samples": 3} | settings)
    told = wording(words.ask, words.read, words.teach)
    return Detecting(settings=how, wording=told, scorer=Contradiction(), filters=filters)


def limits(tau_l: float = 0.5, tau_k: float = 0.5, borders: str = "paper") -> dict[str, Any]:
    return {"thresholds": Thresholds(tau_l=tau_l, tau_k=tau_k, borders=borders)}  # type: ignore[arg-type]


def pairs_of(found: Walked) -> list[Pair]:
    return list(found.made["pairs"])


def why(found: Walked, table: str = "pairs") -> list[str]:
    return [declined.reason for name, declined in found.page.declined if name == table]


def test_the_scores_of_the_vector_and_what_is_preferred_to_what() -> None:
    found = detected(detecting(**limits(tau_k=0.4)), says, contradicts)
    (pair,) = pairs_of(found)
    assert (pair.chosen.text, pair.rejected.text) == ("First. Second.", "without 0")
    assert (pair.prompt, pair.probability, pair.margin) == (QUESTION, 1.0, None)
    (numbers,) = found.made["detected"]
    assert isinstance(numbers, Detected)
    assert numbers.ignorance == pytest.approx(S_K, abs=1e-5)
    assert numbers.inconsistency == pytest.approx(0.1)
    assert why(found, "known") == ["not known"]


def test_with_tau_k_at_a_half_the_question_is_known() -> None:
    found = detected(detecting(), says, contradicts)
    assert why(found) == ["the answer is known"]
    assert found.made["known"] == [QUESTION]


BORDERS = [
    ("paper", 0.5, True), ("paper", 0.50001, True), ("paper", 0.49999, False),
    ("code", 0.5, False), ("code", 0.50001, True), ("code", 0.49999, False),
]  # fmt: skip


@pytest.mark.parametrize(("borders", "s_l", "left_out"), BORDERS)
def test_s_l_at_the_border(borders: str, s_l: float, left_out: bool) -> None:
    def by(one: Sample, other: Sample) -> float:
        return s_l if other.text.startswith("with ") else 1.0

    found = detected(detecting(**limits(borders=borders)), says, by)
    assert (why(found) == ["the reference is not reliable"]) == left_out
    assert bool(pairs_of(found)) != left_out
    asked = [line.step for line in found.page.lines]
    assert ("without" in asked) != left_out, "what is left out is not paid for"


@pytest.mark.parametrize("borders", ["paper", "code"])
@pytest.mark.parametrize(("s_k", "kept"), [(0.5, False), (0.50001, True)])
def test_s_k_at_the_border_is_known_in_both_readings(borders: str, s_k: float, kept: bool) -> None:
    def by(one: Sample, other: Sample) -> float:
        return 0.0 if other.text.startswith("with ") else s_k

    found = detected(detecting(**limits(borders=borders)), says, by)
    assert bool(pairs_of(found)) == kept


def test_a_soft_label_is_as_sure_as_the_question_is_unknown() -> None:
    found = detected(detecting(label="soft", **limits(tau_k=0.4)), says, contradicts)
    (pair,) = pairs_of(found)
    assert pair.probability == pytest.approx((1 + S_K) / 2)
    assert pair.margin == pytest.approx(0.8)


def test_several_preferences_as_the_papers_code_has_them() -> None:
    """Chosen: the reference and the reliable answers, best first; rejected: those above tau_K, rising."""
    found = detected(detecting(pairs=3, **limits(tau_k=0.2)), says, contradicts)
    told = [(pair.chosen.text, pair.rejected.text) for pair in pairs_of(found)]
    assert told == [("First. Second.", "without 2"), ("with 0", "without 0")]


@pytest.mark.parametrize(
    ("filters", "rejected"),
    [(False, ["without 0"]), (True, ["without 2", "without 0"])],
    ids=["unfiltered", "filtered"],
)
def test_where_fewer_are_chosen_than_could_be_rejected_the_most_contradicted_stay(
    filters: bool, rejected: list[str]
) -> None:
    """Above tau_K are three answers; chosen are the reference and, where it is asked, the one other reliable answer."""

    def by(one: Sample, other: Sample) -> float:
        return (0.0, 0.07, 0.07)[other.rank] if other.text.startswith("with ") else contradicts(one, other)

    told = pairs_of(detected(detecting(pairs=3, filters=filters, **limits(tau_l=0.05, tau_k=0.05)), says, by))
    assert [pair.rejected.text for pair in told] == rejected


def test_without_filters_every_question_makes_a_preference_and_consistency_is_not_asked() -> None:
    found = detected(detecting(filters=False), says, contradicts)
    assert [pair.rejected.text for pair in pairs_of(found)] == ["without 0"]
    assert not {"with", "consistency"} & {line.step for line in found.page.lines}


def test_answers_that_say_nothing_are_left_out_of_the_mean() -> None:
    def silent(step: str, request: Request) -> str:
        return "" if (step, request.rank) == ("without", 0) else says(step, request)

    found = detected(detecting(**limits(tau_k=0.25)), silent, contradicts)
    assert found.made["detected"][0].ignorance == pytest.approx(0.3)
    assert [pair.rejected.text for pair in pairs_of(found)] == ["without 2"]


@pytest.mark.parametrize(
    ("mute", "reason"),
    [
        ("reference", "the reference is empty"),
        ("with", "no answer says anything"),
        ("without", "no answer says anything"),
    ],
)
def test_nothing_is_learnt_where_nothing_was_said(mute: str, reason: str) -> None:
    found = detected(detecting(), lambda step, request: "" if step == mute else says(step, request), contradicts)
    assert why(found) == [reason]


def cut_off(*which: tuple[str, int]) -> Callable[[str, Request], str]:
    """The same answers, some of which run to the limit of their tokens."""
    return lambda step, request: says(step, request) + CUT_OFF * ((step, request.rank) in which)


@pytest.mark.parametrize("filters", [True, False])
def test_a_reference_that_was_cut_off_is_not_chosen_and_nothing_more_is_asked(filters: bool) -> None:
    found = detected(detecting(filters=filters), cut_off(("reference", 0)), contradicts)
    assert why(found) == ["the reference runs to the limit of its tokens"]
    assert {line.step for line in found.page.lines if not line.step.startswith("make.")} == {"reference"}
    thresholds = Thresholds(tau_k=0.4, cut_off="taken")
    taken = detected(detecting(filters=filters, thresholds=thresholds), cut_off(("reference", 0)), contradicts)
    assert [pair.chosen.finish for pair in pairs_of(taken)] == ["length"]


def test_of_several_preferences_none_has_a_chosen_answer_that_was_cut_off() -> None:
    found = detected(detecting(pairs=3, **limits(tau_k=0.2)), cut_off(("with", 0)), contradicts)
    assert [pair.chosen.text for pair in pairs_of(found)] == ["First. Second.", "with 1"]


def test_without_documents_the_best_answer_that_ended_is_chosen() -> None:
    """Mutual scores: 0 is contradicted least, then 1; 2 most, and it is rejected although it was cut off."""
    by: dict[str, Any] = {"documents": False, **limits(tau_k=0.1)}

    def distance(one: Sample, other: Sample) -> float:
        return 0.2 * (one.rank + other.rank)

    found = detected(detecting(**by), cut_off(("without", 0), ("without", 2)), distance)
    assert [(pair.chosen.rank, pair.rejected.rank) for pair in pairs_of(found)] == [(1, 2)]
    nothing = detected(detecting(**by), cut_off(("without", 0), ("without", 1)), distance)
    assert why(nothing) == ["every answer runs to the limit of its tokens"]


def test_an_answer_that_is_the_reference_is_not_preferred_to_itself() -> None:
    found = detected(
        detecting(), lambda step, request: "First. Second.", lambda one, other: float(other.step != "detect.with")
    )
    assert why(found) == ["the answers are all alike"]


MUTUAL = {(0, 1): 0.9, (1, 0): 0.1, (0, 2): 0.7, (2, 0): 0.3, (1, 2): 0.6, (2, 1): 0.4}
"""S_C of ordered pairs: as a mean over the others, answer 0 has 0.8, answer 1 0.35, answer 2 0.35."""


def mutual(one: Sample, other: Sample) -> float:
    return MUTUAL[one.rank, other.rank]


def test_without_documents_both_directions_are_asked_and_the_ends_are_the_preference() -> None:
    found = detected(detecting(documents=False, **limits(tau_k=0.4)), says, mutual)
    compared = sorted((line.step, line.rank) for line in found.page.lines if line.step.startswith("knowledge"))
    assert compared == [(f"knowledge.{one}", other) for one in range(3) for other in range(3) if one != other]
    (pair,) = pairs_of(found)
    assert (pair.chosen.text, pair.rejected.text) == ("without 1", "without 0")
    (numbers,) = found.made["detected"]
    assert (numbers.inconsistency, numbers.ignorance) == (None, pytest.approx(0.5))
    assert "reference" not in {line.step for line in found.page.lines}


def test_one_direction_for_both_would_have_chosen_another() -> None:
    """The reference code asks each two answers once: by (0, 1), (0, 2), (1, 2) the scores are 0.8, 0.75 and 0.65."""
    found = detected(
        detecting(documents=False, **limits(tau_k=0.4)),
        says,
        lambda a, b: MUTUAL[min(a.rank, b.rank), max(a.rank, b.rank)],
    )
    assert pairs_of(found)[0].chosen.text == "without 2"


def test_a_single_answer_cannot_be_judged_by_itself() -> None:
    found = detected(detecting(documents=False, n_samples=1), says, mutual)
    assert why(found) == ["the answers cannot be judged"]


def test_the_student_is_shown_the_document_for_the_reference_and_not_without() -> None:
    shown: dict[str, set[bool]] = {}

    def noting(step: str, request: Request) -> str:
        shown.setdefault(step, set()).add("It is so." in request.messages[-1].content)
        return says(step, request)

    question: Prompt = replace(QUESTION)
    detected(detecting(), noting, contradicts, question=question)
    assert shown == {"reference": {True}, "with": {True}, "without": {False}}
