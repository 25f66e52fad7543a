"""Rehearsals: good walks pass, and every way of breaking a law of walks is refused by words that name it and by its line."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sctk_core import (
    Arm,
    AskedComparer,
    AskedCritic,
    AskedReward,
    AskedRule,
    ContractError,
    Declined,
    Evaluate,
    Failure,
    Generate,
    Made,
    Notebook,
    Plan,
    Prompt,
    Sample,
    Score,
    Speaker,
    Step,
    Train,
    content_id,
    spoken,
    together,
)
from sctk_core import testing as t

FILE = "test_rehearsal.py"


@dataclass(frozen=True, kw_only=True)
class Everybody:
    teacher: Speaker
    critic: AskedCritic
    reward: AskedReward
    rule: AskedRule
    comparer: AskedComparer
    notes: Notebook
    judge: AskedReward | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A record of a method's own."""

    sample: Sample
    value: float
    names: tuple[str, ...] = ()
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", content_id("verdict", self.sample.id, self.value))


class Method:
    """A method of one pass, or of a whole plan."""

    recipe = '[source]\nuse = "a"\n[backend]\nuse = "b"\n'
    Crew = Everybody

    def __init__(self, *plan: Any) -> None:
        self._plan = plan

    def plan(self) -> Plan:
        return self._plan


def one_pass(walk: Any, *steps: str | Step, makes: type = Sample) -> Method:
    return Method(Generate("pass", walk, steps=steps, makes={"rows": makes}))


async def draft(prompt: Prompt, crew: Everybody) -> Made:
    return {"rows": spoken(await crew.teacher.draft(prompt))}


def number(text: str) -> int | Failure:
    digits = [one for one in text.split() if one.isdigit()]
    return int(digits[0]) if digits else Failure(of="", stage="", component="", kind="parse", reason="no number")


async def everything(prompt: Prompt, crew: Everybody) -> Made:
    """Asks everybody; does without what may lack or fail."""
    drafts = await crew.teacher.drafts(prompt, 3, "drafts", least=1)
    read = [crew.notes.read("read", one, number) for one in drafts]
    scores = [one for one in [await crew.reward.score(d, step="score", or_none=True) for d in drafts] if one]
    if not scores:
        return {"rows": Declined(reason="no draft was scored")}
    best = max(scores, key=lambda score: score.value)
    critique = await crew.critic.critique(best.sample)
    revision = await crew.reward.score(await crew.critic.revise(critique))
    forth = await crew.teacher.logprobs(
        [(crew.critic.revising(critique), revision.sample.text)], "logprob", about=critique
    )
    decision = await crew.rule.decide(best, revision, log_proposal_ratio=forth[0] / 100)
    compared = await crew.comparer.compare(decision.kept, drafts)
    judged = None if crew.judge is None else await crew.judge.score(decision.kept, step="judge")
    value = sum(one.value for one in compared) + (0 if judged is None else judged.value)
    return {"rows": Verdict(sample=decision.kept, value=value, names=tuple(map(str, read)))}


STEPS = (
    Step("drafts", times=3), Step("read", most=3), Step("score", most=3), "critique.1", "revise.1", "score.1", "logprob",
    "accept.1", Step("compare", most=3), Step("judge", most=1),
)  # fmt: skip


async def about_verdicts(item: Verdict, crew: Everybody) -> Made:
    prompt = item.sample.prompt
    return {"texts": spoken(await crew.teacher.draft(prompt, "explain", about=item)), "again": item}


async def best_of_two(prompt: Prompt, crew: Everybody) -> Made:
    drafts = await crew.teacher.drafts(prompt, 2, "drafts")
    scores = await together(*(crew.reward.score(one, step="score") for one in drafts))
    return {"answers": max(scores, key=lambda score: score.value).sample}


def test_walks_that_use_the_whole_language_pass() -> None:
    t.check_method(one_pass(draft, "draft"))
    arm = Arm("best", model="base", walk=best_of_two, steps=(Step("drafts", times=2), Step("score", of="drafts")))
    plan = (
        Generate("one", everything, steps=STEPS, makes={"rows": Verdict}),
        Generate("two", about_verdicts, over="one.rows", steps=("explain",), makes={"texts": Sample, "again": Verdict}),
        Train("student", on={"a": "two.texts", "b": "one.rows"}),
        Evaluate(Arm("base"), arm, Arm("student")),
    )
    t.check_method(Method(*plan))


def test_a_pass_over_an_empty_table_is_rehearsed_with_records_that_are_made_by_hand() -> None:
    seen = []

    async def declines(prompt: Prompt, crew: Everybody) -> Made:
        return {"rows": Declined(reason="not today")}

    async def sees(item: Verdict, crew: Everybody) -> Made:
        seen.append(item)
        return {"texts": Declined(reason="seen"), "again": item}

    first = Generate("one", declines, makes={"rows": Verdict})
    t.check_method(Method(first, Generate("two", sees, over="one.rows", makes={"texts": Sample, "again": Verdict})))
    assert seen
    assert all(isinstance(one, Verdict) and isinstance(one.sample, Sample) for one in seen)


def test_texts_of_a_form_of_its_own_are_rehearsed_with_answers_of_the_authors() -> None:
    read = []

    async def reads(prompt: Prompt, crew: Everybody) -> Made:
        sample = await crew.teacher.draft(prompt)
        read.append(crew.notes.read("read", sample, number))
        return {"rows": Declined(reason="read")}

    t.check_method(one_pass(reads, "draft", "read"), t.example_prompts()[:2], answer=lambda request: "it is 7 now")
    assert read.count(7) >= 6
    assert None in read


class Remembers:
    def __init__(self) -> None:
        self.seen = 0

    async def walk(self, prompt: Prompt, crew: Everybody) -> Made:
        self.seen += 1
        sample = await crew.teacher.draft(prompt, about=replace(prompt, occurrence=self.seen))
        return {"rows": spoken(sample)}


async def by_the_clock(prompt: Prompt, crew: Everybody) -> Made:
    words = (*prompt.messages, replace(prompt.messages[0], content=f"It is {time.time()}."))
    return {"rows": spoken(await crew.teacher.draft(prompt, shown=words))}


async def by_chance(prompt: Prompt, crew: Everybody) -> Made:
    drafts = await crew.teacher.drafts(prompt, 2, "drafts")
    return {"rows": replace(drafts[0], text=str(random.random()))}


async def first_come(prompt: Prompt, crew: Everybody) -> Made:
    asks = [asyncio.ensure_future(crew.teacher.draft(prompt, "drafts", rank=rank)) for rank in range(3)]
    done = [await one for one in asyncio.as_completed(asks)]
    return {"rows": Declined(reason=done[0].text[:9] or "none")}


async def leaves_a_task(prompt: Prompt, crew: Everybody) -> Made:
    sample = await crew.teacher.draft(prompt)
    asyncio.create_task(crew.reward.score(sample))  # noqa: RUF006 - the fault that is looked for
    return {"rows": spoken(sample)}


async def leaves_a_task_that_is_quick(prompt: Prompt, crew: Everybody) -> Made:
    sample = await crew.teacher.draft(prompt)
    asyncio.create_task(crew.reward.score(sample))  # noqa: RUF006 - the fault that is looked for
    critique = await crew.critic.critique(sample)
    return {"rows": await crew.critic.revise(critique)}


async def leaves_tasks_where_one_fails(prompt: Prompt, crew: Everybody) -> Made:
    asks = (crew.teacher.draft(prompt, "drafts", rank=rank) for rank in range(2))
    found = await asyncio.gather(*asks, _later(prompt, crew))
    return {"rows": found[-1]}


async def _later(prompt: Prompt, crew: Everybody) -> Sample:
    await asyncio.sleep(0.01)
    return await crew.teacher.draft(prompt, "later")


async def undeclared(prompt: Prompt, crew: Everybody) -> Made:
    return {"rows": (await crew.reward.score(await crew.teacher.draft(prompt))).sample}


async def cannot_do_without(prompt: Prompt, crew: Everybody) -> Made:
    sample = await crew.teacher.draft(prompt)
    score = await crew.reward.score(sample, or_none=True)
    return {"rows": Declined(reason="bad") if score.value < 0 else sample}


async def needs_what_may_lack(prompt: Prompt, crew: Everybody) -> Made:
    judge: Any = crew.judge
    return {"rows": (await judge.score(await crew.teacher.draft(prompt), step="judge")).sample}


async def waits_forever(prompt: Prompt, crew: Everybody) -> Made:
    await asyncio.Event().wait()
    return {}


async def catches_all(prompt: Prompt, crew: Everybody) -> Made:
    sample = await crew.teacher.draft(prompt)
    with contextlib.suppress(BaseException):
        await crew.reward.score(sample)
    await crew.critic.critique(sample)
    return {"rows": sample}


async def misuses(prompt: Prompt, crew: Everybody) -> Made:
    wrong: Any = await crew.teacher.draft(prompt)
    return {"rows": await crew.critic.revise(wrong)}


@pytest.mark.parametrize(
    ("walk", "steps", "words"),
    [
        (undeclared, ["draft"], ["asked the step 'score.0', which its pass does not declare"]),
        (draft, ["draft", "score.0"], ["finished without asking score.0"]),
        (draft, [Step("draft", times=2)], ["finished without asking draft 2 times"]),
        (by_the_clock, ["draft"], ["the second time", "it asked 'draft' otherwise", "no clock"]),
        (by_chance, [Step("drafts", times=2)], ["the second time", "other rows of the same answers"]),
        (first_come, [Step("drafts", times=3)], ["when its answers came in another order"]),
        (Remembers().walk, ["draft"], ["the second time", "no memory of other items"]),
        (leaves_a_task, ["draft", Step("score.0", most=1)], ["left a task behind", "await all that it starts"]),
        (
            leaves_a_task_that_is_quick,
            ["draft", Step("score.0", most=1), "critique.1", "revise.1"],
            ["left a task behind"],
        ),
        (
            leaves_tasks_where_one_fails,
            [Step("drafts", times=2), "later"],
            ["left a task behind with the step 'drafts' failing"],
        ),
        (cannot_do_without, ["draft", "score.0"], ["with the step 'score.0' failing", "'NoneType' object"]),
        (needs_what_may_lack, ["draft", "judge"], ["without the members that may lack", "AttributeError"]),
        (catches_all, ["draft", "score.0", "critique.1", "revise.1"], ["finished without asking revise.1"]),
        (misuses, ["draft", "revise.1"], ["asked the step 'revise.0'"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_walk_that_breaks_a_law_is_refused_by_its_line(walk: Any, steps: list[Any], words: list[str]) -> None:
    with pytest.raises(ContractError) as caught:
        t.check_method(one_pass(walk, *steps))
    for word in (*words, FILE):
        assert word in caught.value.message


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({}, "made nothing, wanted rows"),
        ({"rows": [], "more": []}, "made more, rows, wanted rows"),
        ({"rows": 7}, "made an int for 'rows', wanted Sample or Declined"),
        (t.example_samples(), "made list, wanted rows"),
        ({"rows": t.example_pairs()}, "made a Pair for 'rows'"),
    ],
)
def test_a_walk_that_makes_something_else_is_refused(made: Any, words: str) -> None:
    async def walk(prompt: Prompt, crew: Everybody) -> Any:
        return made

    with pytest.raises(ContractError) as caught:
        t.check_method(one_pass(walk))
    assert words in caught.value.message
    assert FILE in caught.value.message


def test_a_walk_that_waits_or_blocks_is_ended() -> None:
    async def blocks(prompt: Prompt, crew: Everybody) -> Made:
        time.sleep(2)  # noqa: ASYNC251 - the fault that is looked for
        return {"rows": Declined(reason="late")}

    with pytest.raises(ContractError) as caught:
        t.check_method(one_pass(waits_forever), walk_s=0.2)
    assert "the walk did not end within 0.2 s" in caught.value.message
    assert FILE in caught.value.message
    with pytest.raises(ContractError) as caught:
        t.check_method(one_pass(blocks), timeout_s=0.2)
    assert "was not done within 0.2 s" in caught.value.message
    assert FILE in caught.value.message


def test_a_record_that_cannot_be_read_again_is_refused() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Forgets:
        samples: Mapping[str, Sample]
        id: str = field(init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "id", content_id("forgets", [one.id for one in self.samples.values()]))

    Forgets.__annotations__["samples"] = Mapping[str, Sample]
    Forgets.__annotations__["id"] = str

    async def walk(prompt: Prompt, crew: Everybody) -> Made:
        return {"rows": Forgets(samples={"x": Sample(prompt=prompt, text="x")})}

    with pytest.raises(ContractError) as caught:
        t.check_method(one_pass(walk, makes=Forgets))
    assert "a row of Forgets" in caught.value.message


def test_crews_that_cannot_be_filled_are_refused() -> None:
    @dataclass
    class Loose:
        teacher: Speaker

    @dataclass(frozen=True)
    class Strange:
        teacher: Score

    for crew, words in ((Loose, "wanted a frozen dataclass"), (Strange, "crew field 'teacher'")):
        crew.__annotations__["teacher"] = {"Loose": Speaker, "Strange": Score}[crew.__name__]
        method = one_pass(draft, "draft")
        method_of = type("MethodOf", (Method,), {"Crew": crew})
        with pytest.raises(ContractError) as caught:
            t.check_method(method_of(*method.plan()))
        assert words in caught.value.message


def test_the_check_is_quick_and_asks_the_walk_a_bounded_number_of_times() -> None:
    calls: list[str] = []

    async def counts(prompt: Prompt, crew: Everybody) -> Made:
        calls.append(prompt.id)
        return {"rows": await crew.teacher.draft(prompt)}

    t.check_method(one_pass(counts, "draft"))
    assert len(calls) == 3 * 8 + 4 + 4 + 4
