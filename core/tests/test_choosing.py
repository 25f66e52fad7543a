"""Choices by likelihood: what is asked, in which order it comes back, and whether a run's proxy knows what its backend can."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from outcomes import stage
from sctk_core import Failure, Message
from sctk_core.choosing import expected, likeliest, likelihoods, tells_logprobs
from sctk_core.pipeline.recording import RecordingBackend
from sctk_core.run import execute
from sctk_core.testing import ScriptedBackend
from toy_run import toy_assembly

ONE, TWO = (Message(role="user", content="one"),), (Message(role="user", content="two"),)


class Telling(ScriptedBackend):
    async def logprobs(self, conversations: Sequence[tuple[tuple[Message, ...], str]]) -> list[float | Failure]:
        def told(asked: str, text: str) -> float | Failure:
            down = Failure(kind="backend", reason="down")
            return down if asked == "two" and text == "b" else math.log({"a": 0.5, "b": 0.25}[text])

        return [told(messages[0].content, text) for messages, text in conversations]


def test_likelihoods_come_by_conversation_and_one_failure_is_that_conversations() -> None:
    found = asyncio.run(likelihoods(Telling(lambda request: ""), [ONE, TWO, ONE], ("a", "b")))
    assert found[0] == found[2] == pytest.approx((0.5, 0.25))
    assert isinstance(found[1], Failure)
    assert asyncio.run(likelihoods(Telling(lambda request: ""), [], ("a", "b"))) == []


@pytest.mark.parametrize(
    ("shares", "mean", "word"), [((0.2, 0.7), 0.7 / 0.9, "b"), ((0.3, 0.3), 0.5, None), ((0.3, 0.1), None, None)]
)
def test_unlikely_choices_are_no_choice(shares: tuple[float, ...], mean: float | None, word: str | None) -> None:
    assert expected((0, 1), shares) == (None if mean is None else pytest.approx(mean))
    assert likeliest(("a", "b"), shares) == word


def test_a_proxy_says_what_its_backend_can_without_starting_it() -> None:
    def never() -> Any:
        raise AssertionError("started")

    for can in (False, True):
        proxy = RecordingBackend(never, None, about={}, run_seed=0, name="b", tells_logprobs=can)  # type: ignore[arg-type]
        assert tells_logprobs(proxy) is can
    assert tells_logprobs(Telling(lambda request: ""))
    assert not tells_logprobs(ScriptedBackend(lambda request: ""))


CHOOSING = '''
import math
from dataclasses import dataclass
from sctk_core import Component, Message, Score, hookimpl
from sctk_core.choosing import expected, likelihoods, tells_logprobs
from toy_world import ToyBackend

class Telling(ToyBackend):
    async def logprobs(self, conversations):
        return [math.log({"yes": 0.75, "no": 0.25}[text]) for _, text in conversations]

class Choosing:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""
    def __init__(self, config, *, backend):
        self.backend = backend
    async def score(self, samples):
        if not tells_logprobs(self.backend):
            return [Score(sample=one, name="choosing", value=0.0, note="in words") for one in samples]
        asked = [(Message(role="user", content=one.text),) for one in samples]
        told = await likelihoods(self.backend, asked, ("yes", "no"))
        return [Score(sample=s, name="choosing", value=expected((1, 0), l), note="chosen") for s, l in zip(samples, told)]

@hookimpl
def sctk_rewards():
    return [Component(name="choosing", target=f"{__name__}:Choosing", summary="chooses")]

@hookimpl
def sctk_backends():
    return [Component(name="telling", target=f"{__name__}:Telling", summary="tells log-probabilities")]
'''


@pytest.mark.parametrize(("backend", "note", "n_asked"), [("toy", "in words", 0), ("telling", "chosen", 1)])
def test_in_a_run_a_reward_knows_what_the_backend_can(tmp_path: Path, backend: str, note: str, n_asked: int) -> None:
    plugin = tmp_path / "choosing.py"
    plugin.write_text(CHOOSING)
    sections = {"reward": {"use": "choosing"}, "backend": {"use": backend}}
    result = execute(toy_assembly(tmp_path, sections, also=[plugin]), out=tmp_path / "runs" / "run")
    drafts = stage(result, "chains.score.0")
    assert drafts.notes == {note: drafts.answered}
    assert sum(spent["requests"] for spent in drafts.usage.values()) == 2 * drafts.answered * n_asked
