"""What a walk may ask of a role: drafts, several at once, going on after given tokens, log-probabilities; each remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from sctk_core import (
    Failure,
    Generate,
    Made,
    Message,
    Prompt,
    Reply,
    Request,
    Sample,
    Sampling,
    Speaker,
    Step,
    together,
)
from sctk_core.pipeline.asking import Desk
from sctk_core.pipeline.crew import Answerer
from sctk_core.pipeline.item import Walked, walked
from sctk_core.pipeline.patience import Patience
from sctk_core.pipeline.recording import RecordingBackend
from sctk_core.testing import ScriptedBackend

PROMPT = Prompt(messages=(Message(role="user", content="why?"),))


class Memory:
    """A reply store that is a dict."""

    def __init__(self) -> None:
        self.known: dict[str, Reply] = {}
        self.asked: list[Request] = []

    def get(self, keys: Sequence[str]) -> list[Reply | None]:
        return [self.known.get(key) for key in keys]

    async def put(self, answered: Iterable[tuple[Request, Reply]], about: dict[str, Any]) -> None:
        for request, reply in answered:
            self.known[reply.key] = reply
            self.asked.append(request)


class Scoring(ScriptedBackend):
    """A scripted backend that finds a text as likely as it is short, and goes on after given tokens."""

    continues = True

    async def logprobs(self, conversations: Sequence[tuple[tuple[Message, ...], str]]) -> list[float]:
        return [-float(len(text)) for _, text in conversations]


def said(request: Request) -> str | Failure:
    """The rank and a digit of the seed; rank 2 fails, and what goes on after ids says so."""
    if request.rank == 2:
        return Failure(of=request.of, stage="", component="", kind="blocked", reason="will not")
    begun = f"{list(request.prefix_ids)} " if request.prefix_ids else ""
    return f"{begun}{request.rank} {request.seed % 1000} {request.sampling.temperature}"


def walk_once(walk: Callable[[Prompt, Answerer], Any], steps: Sequence[str | Step], memory: Memory) -> Walked:
    """One walk over PROMPT with a student that answers by `said`."""
    desk = Desk(run_seed=0, timeout_s=5.0, patience=Patience(0.0), notify=lambda event: None)
    proxy = RecordingBackend(lambda: Scoring(said), memory, about={"model": "m"}, run_seed=0, name="scripted")
    crew = Answerer(student=Speaker("student", proxy, Sampling(), desk, "scripted"))
    generate = Generate("pass", walk, steps=steps, makes={"texts": Sample})
    return asyncio.run(walked(generate, PROMPT, 0, crew))


def test_what_is_shown_how_and_about_what_decides_the_draw() -> None:
    async def walk(prompt: Prompt, crew: Answerer) -> Made:
        system = Message(role="system", content="be brief")
        draft = await crew.student.draft(prompt)
        greedy, shown, about = await together(
            crew.student.draft(prompt, "greedy", greedy=True),
            crew.student.draft(prompt, "shown", shown=(system, *prompt.messages)),
            crew.student.draft(prompt, "about", about=draft),
        )
        return {"texts": [draft, greedy, shown, about]}

    memory = Memory()
    found = walk_once(walk, ("draft", "greedy", "shown", "about"), memory)
    draft, greedy, _, about = found.made["texts"]
    assert (draft.step, greedy.step) == ("", "pass.greedy")
    assert greedy.text.endswith(" 0.0")
    assert len({sample.id for sample in found.made["texts"]}) == 4
    requests = {request.of + str(request.sampling.temperature): request for request in memory.asked}
    assert set(requests) == {PROMPT.id + "1.0", PROMPT.id + "0.0", draft.id + "1.0"}
    assert any(request.messages[0].role == "system" for request in memory.asked)
    assert about.prompt == PROMPT


def test_several_drafts_and_how_many_are_enough() -> None:
    async def walk(prompt: Prompt, crew: Answerer) -> Made:
        return {"texts": await crew.student.drafts(prompt, 4, "answer", least=3)}

    found = walk_once(walk, (Step("answer", times=4),), Memory())
    assert [sample.rank for sample in found.made["texts"]] == [0, 1, 3]
    assert [(line.rank, line.outcome) for line in found.page.sorted_lines()][:4] == [
        (0, "answered"), (1, "answered"), (2, "failed"), (3, "answered"),
    ]  # fmt: skip
    assert found.page.sorted_lines()[2].reason == "blocked: will not"

    async def all_of_them(prompt: Prompt, crew: Answerer) -> Made:
        return {"texts": await crew.student.drafts(prompt, 4, "answer")}

    assert walk_once(all_of_them, (Step("answer", times=4),), Memory()).made == {}


def test_going_on_after_given_ids_is_keyed_by_them() -> None:
    async def walk(prompt: Prompt, crew: Answerer) -> Made:
        one = await crew.student.continued(prompt, (7, 8), "on.1", about=prompt)
        other = await crew.student.continued(prompt, (7, 9), "on.2", about=prompt)
        return {"texts": [one, other]}

    memory = Memory()
    found = walk_once(walk, ("on.1", "on.2"), memory)
    assert [sample.text[:6] for sample in found.made["texts"]] == ["[7, 8]", "[7, 9]"]
    assert len(memory.known) == 2
    again = walk_once(walk, ("on.1", "on.2"), memory)
    assert (len(memory.asked), again.made) == (2, found.made)


def test_log_probabilities_are_asked_once_and_counted() -> None:
    values: list[list[float]] = []

    async def walk(prompt: Prompt, crew: Answerer) -> Made:
        draft = await crew.student.draft(prompt)
        texts = [(prompt.messages, "ab"), (prompt.messages, "abc")]
        values.append(await crew.student.logprobs(texts, "how likely", about=draft))
        return {"texts": draft}

    memory = Memory()
    lines = walk_once(walk, ("draft", "how likely"), memory).page.sorted_lines()
    assert [(line.step, line.requests) for line in lines] == [("draft", 1), ("how likely", 2), ("make.texts", 0)]
    walk_once(walk, ("draft", "how likely"), memory)
    assert values == [[-2.0, -3.0], [-2.0, -3.0]]
    assert len(memory.asked) == 3


@pytest.mark.parametrize("step", ["draft", "other"])
def test_what_is_asked_beyond_the_plan_or_twice_is_told_by_name(step: str) -> None:
    async def walk(prompt: Prompt, crew: Answerer) -> Made:
        draft = await crew.student.draft(prompt)
        await crew.student.draft(prompt, step)
        return {"texts": draft}

    (failure,) = walk_once(walk, ("draft",), Memory()).page.failures
    assert (failure.kind, repr(step) in failure.reason) == ("bug", True)
    assert "test_speaker.py, line " in failure.detail
