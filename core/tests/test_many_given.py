"""Texts of several ranks that were made elsewhere: answered by rank, and what was not made is not asked."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sctk_core import Generate, Given, Length, Made, Message, Prompt, Sample, Speaker, Step, Train, together
from sctk_core.pipeline.asking import NOT_MADE
from sctk_core.pipeline.crew import Answerer
from sctk_core.pipeline.item import walked
from sctk_core.plan_rules import complaints_of
from sctk_core.store.rows import columns, record_from, values_of, whole
from sctk_core.testing.cast import Scene, cast

ANSWERS = {"reason": ("one", "two", "one"), "judge": (("good", "bad"), (), ("good",))}
PROMPT = Prompt(messages=(Message(role="user", content="why?"),), given=Given(answers=ANSWERS))
STEPS = (Step("reason", times=4), Step("judge", times=2, of="reason"))


async def walk(prompt: Prompt, crew: Answerer) -> Made:
    """Four reasons where there are as many, two judgements of each."""
    found = await crew.student.drafts(prompt, 4, "reason", least=1)
    asks = (
        crew.student.draft(prompt, "judge", about=one, rank=rank, or_none=True) for one in found for rank in range(2)
    )
    said = [one for one in await together(*asks) if one is not None]
    return {"reasons": found, "judged": said}


def made(prompt: Prompt, one: Any = walk, steps: Any = STEPS) -> Any:
    generate = Generate("trees", one, steps=steps, makes={"reasons": Sample, "judged": Sample}, crew=Answerer)

    async def run() -> Any:
        return await walked(generate, prompt, 0, cast(Answerer, Scene()))

    return asyncio.run(run())


def test_given_texts_answer_by_rank_and_the_rest_is_declined() -> None:
    found = made(PROMPT)
    assert [(one.text, one.rank) for one in found.made["reasons"]] == [("one", 0), ("two", 1), ("one", 2)]
    assert [one.text for one in found.made["judged"]] == ["good", "bad", "good"]
    lines = [
        (line.step, line.outcome, line.reason, line.role)
        for line in found.page.sorted_lines()
        if "make." not in line.step
    ]
    assert lines.count(("reason", "answered", "", "")) == 3
    assert lines.count(("reason", "declined", NOT_MADE, "")) == 1
    assert lines.count(("judge", "answered", "", "")) == 3
    assert lines.count(("judge", "declined", NOT_MADE, "")) == 3
    assert not found.page.failures


def test_equal_given_texts_of_different_places_are_different_samples() -> None:
    found = made(PROMPT)
    ids = [one.id for table in found.made.values() for one in table]
    assert len(set(ids)) == len(ids) == 6
    assert {one.about for one in found.made["judged"]} <= {one.id for one in found.made["reasons"]}


def test_a_step_without_a_key_is_asked() -> None:
    found = made(Prompt(messages=PROMPT.messages, given=Given(answers={"reason": ("one",)})))
    lines = [(line.step, line.outcome) for line in found.page.sorted_lines()]
    assert lines.count(("judge", "answered")) == 2
    assert lines.count(("reason", "declined")) == 3


def test_what_was_not_made_and_cannot_be_done_without_ends_the_item() -> None:
    async def strict(prompt: Prompt, crew: Answerer) -> Made:
        await crew.student.drafts(prompt, 4, "reason")
        raise AssertionError

    found = made(PROMPT, strict, (Step("reason", times=4), Step("judge", most=0)))
    assert found.made == {}
    assert {failure.reason for failure in found.page.failures} == {NOT_MADE}


def test_given_tuples_are_stored_and_read_again() -> None:
    names = [column.name for column in columns(Prompt)]
    row = dict(zip(names, values_of(PROMPT), strict=True))
    assert json.loads(row["given"])["answers"]["judge"] == [["good", "bad"], [], ["good"]]
    again = record_from(Prompt, row, {})
    assert again.given.answers == ANSWERS
    assert whole(PROMPT)


async def none(prompt: Prompt, crew: Answerer) -> Made:
    return {"rows": []}


PASSES = (Generate("a", none, makes={"rows": Sample}), Generate("b", none, makes={"rows": Sample}))


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (Length("a.rows", 4.0), ""),
        (Length("c.rows", 4.0), "is as long as passes over 'c.rows'"),
        (Length("a.rows", 0.0), "wanted a Length"),
        ("a.rows", "wanted a Length"),
    ],
)
def test_a_length_names_a_table_that_is_there(length: Any, said: str) -> None:
    found = complaints_of((*PASSES, Train("student", on="b.rows", length=length)))
    assert not found if not said else any(said in line for line in found)


def test_speakers_say_whether_they_tell_log_probabilities() -> None:
    crew = cast(Answerer, Scene()), cast(Answerer, Scene(mute=True))
    assert [isinstance(one.student, Speaker) and one.student.tells_logprobs for one in crew] == [True, False]
