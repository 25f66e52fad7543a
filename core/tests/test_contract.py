"""Whatever a component does wrong with a batch, every item has exactly one answer and no wrong number gets through."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import warnings
from typing import Any

import pytest
from sctk_core import (
    Critique,
    Curation,
    Decision,
    Declined,
    Failure,
    Message,
    Prompt,
    Reply,
    Request,
    Round,
    Sample,
    Score,
)
from sctk_core.pipeline.contract import checked
from sctk_core.pipeline.whole_answers import checked_values, checked_verdicts

SAMPLES = [Sample(prompt=Prompt(messages=(Message(role="user", content=f"q{n}"),)), text=f"a{n}") for n in range(4)]
SCORES = [Score(sample=sample, name="length", value=float(n)) for n, sample in enumerate(SAMPLES)]
IDS = [sample.id for sample in SAMPLES]


def of_scores(answers: object) -> list[Score | Failure]:
    return checked(answers, SAMPLES, Score, of=IDS, stage="score.0", component="length")


def assert_all_bugs(found: list[Any], *words: str) -> None:
    assert [failure.of for failure in found] == IDS
    for failure in found:
        assert isinstance(failure, Failure)
        assert (failure.kind, failure.stage, failure.component) == ("contract", "score.0", "length")
        assert all(word in failure.detail for word in words), failure.detail


def test_a_good_batch_passes_as_it_is() -> None:
    assert of_scores(SCORES) == SCORES
    assert of_scores(tuple(SCORES)) == SCORES


def nan_score() -> Score:
    score = dataclasses.replace(SCORES[2])
    object.__setattr__(score, "value", math.nan)
    return score


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (SCORES[:3], ["got 3 answers", "wanted 4"]),
        ([*SCORES, SCORES[0]], ["got 5 answers", "wanted 4"]),
        ([SCORES[1], SCORES[0], *SCORES[2:]], ["answer 0 of 4", SAMPLES[1].id, SAMPLES[0].id]),
        ([*SCORES[:2], nan_score(), SCORES[3]], ["answer 2 of 4", "nan", "finite"]),
        ([*SCORES[:3], 0.5], ["answer 3 of 4", "a float", "Score or Failure"]),
        ([*SCORES[:3], None], ["answer 3 of 4", "a NoneType"]),
        (None, ["a NoneType", "a list of Score"]),
        ({0: SCORES[0]}, ["a dict"]),
        ("four", ["a str"]),
        ((score for score in SCORES), ["a generator"]),
    ],
)
def test_a_breach_is_a_bug_for_every_item(answers: object, words: list[str]) -> None:
    assert_all_bugs(of_scores(answers), *words)


def test_a_coroutine_that_nobody_awaited_is_named_and_closed() -> None:
    async def late() -> list[Score]:
        return SCORES

    async def one(score: Score) -> Score:
        return score

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_all_bugs(of_scores(late()), "coroutine", "awaited")
        assert_all_bugs(of_scores([one(score) for score in SCORES]), "coroutine", "awaited")
    assert asyncio.run(late()) == SCORES


def test_a_failure_takes_the_place_of_its_item_only_and_is_stamped() -> None:
    mine = Failure(of="", stage="", component="", kind="timeout", reason="slow")
    found = of_scores([SCORES[0], mine, *SCORES[2:]])
    assert found == [
        SCORES[0],
        Failure(of=IDS[1], stage="score.0", component="length", kind="timeout", reason="slow"),
        *SCORES[2:],
    ]


def test_a_failure_that_belongs_to_a_neighbour_is_out_of_order() -> None:
    astray = Failure(of=IDS[0], stage="score.0", component="length", kind="timeout", reason="slow")
    assert_all_bugs(of_scores([SCORES[0], astray, *SCORES[2:]]), "out of order")


def test_replies_repeat_the_key_of_their_request_and_bad_text_fails_alone() -> None:
    requests = [Request(messages=(), of=f"p{n}", key=f"k{n}") for n in range(2)]
    good = [Reply(key="k0", text="a"), Reply(key="k1", text="\ud800")]

    def of_replies(answers: object) -> list[Reply | Failure]:
        return checked(answers, requests, Reply, of=["p0", "p1"], stage="draft", component="fake")

    first, second = of_replies(good)
    assert first == good[0]
    assert isinstance(second, Failure)
    assert (second.of, second.kind) == ("p1", "parse")
    assert all(isinstance(answer, Failure) and answer.kind == "contract" for answer in of_replies(good[::-1]))
    assert all(
        isinstance(answer, Failure) for answer in of_replies([Reply(key="k0", text="a", logprob=math.inf), good[0]])
    )


def test_a_revision_names_its_critique_and_a_decision_its_round() -> None:
    critiques = [Critique(sample=sample, text="x", verdict="revise") for sample in SAMPLES]
    revised = [dataclasses.replace(c.sample, text="better", sweep=1, critique=c.id) for c in critiques]
    ids = [critique.id for critique in critiques]
    assert checked(revised, critiques, Sample, of=ids, stage="revise.1", component="c") == revised
    assert all(
        isinstance(answer, Failure)
        for answer in checked(revised[::-1], critiques, Sample, of=ids, stage="revise.1", component="c")
    )
    rounds = [Round(current=SCORES[0], proposal=SCORES[1], sweep=1, coin=0.5)]

    def decided(decision: Decision) -> Any:
        return checked([decision], rounds, Decision, of=["x"], stage="accept.1", component="rule")[0]

    yes = Decision(kept=SAMPLES[1], dropped=SAMPLES[0], accepted=True, log_alpha=None, reason="better")
    assert decided(yes) == yes
    assert isinstance(decided(dataclasses.replace(yes, accepted=False)), Failure)
    assert isinstance(decided(dataclasses.replace(yes, log_alpha=math.nan)), Failure)


@pytest.mark.parametrize(("name", "value"), [("text", "another"), ("thought", "why"), ("rank", 7)])
def test_a_record_that_was_changed_after_it_was_made_is_named_by_what_it_holds(name: str, value: Any) -> None:
    critique = Critique(sample=SAMPLES[0], text="short", verdict="revise")
    revision = Sample(prompt=critique.sample.prompt, text="longer", critique=critique.id, sweep=1)
    object.__setattr__(revision, name, value)
    [kept] = checked([revision], [critique], Sample, of=["a"], stage="revise", component="odd")
    assert isinstance(kept, Sample)
    assert kept.id == dataclasses.replace(kept).id


def test_an_empty_batch_is_fine() -> None:
    assert checked([], [], Score, of=[], stage="s", component="c") == []


def test_values_of_an_evaluator() -> None:
    assert checked_values({"truth": [1.0, None, 0, 1.0]}, SAMPLES) == ""
    assert "3 values" in checked_values({"truth": [1.0, None, 0.0]}, SAMPLES)
    assert "nan" in checked_values({"truth": [math.nan, None, 0.0, 1.0]}, SAMPLES)
    assert "mapping" in checked_values([1.0], SAMPLES)


@pytest.mark.parametrize("notes", ["seen", None, ("\ud800",), (3,)])
def test_notes_of_a_curator_that_no_table_can_hold_break_its_contract(notes: Any) -> None:
    assert checked_verdicts(Curation(verdicts=[None] * len(SAMPLES), notes=("seen",)), IDS, []) == ""
    complaint = checked_verdicts(Curation(verdicts=[None] * len(SAMPLES), notes=notes), IDS, [])
    assert "wanted a tuple of str" in complaint


def test_a_verdict_that_names_no_id_breaks_its_contract() -> None:
    because: Any = [IDS[1]]
    verdicts = [Declined(reason="equal", because=because), *([None] * (len(SAMPLES) - 1))]
    assert "wanted the id of another row" in checked_verdicts(Curation(verdicts=verdicts), IDS, [])
