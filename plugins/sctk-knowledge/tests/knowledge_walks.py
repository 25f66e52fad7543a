"""Walks one question by a detecting pass, among fakes: what the student says by step and rank, and S_C by text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sctk_core import Failure, Generate, Message, Prompt, Reply, Request, Sample, Sampling, Score
from sctk_core.pipeline.asking import Desk
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.crew import Notebook, places
from sctk_core.pipeline.item import Walked, walked
from sctk_core.pipeline.members import AskedComparer, Member
from sctk_core.pipeline.patience import Patience
from sctk_core.pipeline.position import here
from sctk_core.pipeline.recording import RecordingBackend, Spent
from sctk_core.pipeline.speaker import Speaker
from sctk_core.testing import ScriptedBackend

QUESTION = Prompt(messages=(Message(role="user", content="What is it?"),), document="It is so.", meta={"group": "it"})
Says = Callable[[str, Request], str]
Compares = Callable[[Sample, Sample], float]


class Memory:
    """A reply store that is a dict."""

    def __init__(self) -> None:
        self.known: dict[str, Reply] = {}

    def get(self, keys: Sequence[str]) -> list[Reply | None]:
        return [self.known.get(key) for key in keys]

    async def put(self, answered: Any, about: dict[str, Any]) -> None:
        self.known |= {request.key: reply for request, reply in answered}


CUT_OFF = " -"
"""A text that ends so ran to the limit of its tokens."""


class Backend(ScriptedBackend):
    """Says what it is told, and tells log-probabilities by text."""

    def __init__(self, says: Says, likely: Mapping[str, float]) -> None:
        super().__init__(lambda request: says(here().stage, request))
        self._likely = likely

    async def _one(self, request: Request) -> Reply | Failure:
        reply = await super()._one(request)
        cut_off = isinstance(reply, Reply) and reply.text.endswith(CUT_OFF)
        return replace(reply, finish="length") if cut_off else reply

    async def logprobs(self, conversations: Any) -> list[float]:
        return [self._likely[text if isinstance(text, str) else bytes(text).decode()] for _, text in conversations]


def crew_of(kind: type, says: Says, compares: Compares, likely: Mapping[str, float]) -> Any:
    """A crew of fakes."""
    desk = Desk(run_seed=0, timeout_s=30.0, patience=Patience(0.0), notify=lambda event: None)
    proxy = RecordingBackend(lambda: Backend(says, likely), Memory(), about={}, run_seed=0, name="scripted")

    async def compared(pairs: Sequence[tuple[Sample, Sample]]) -> list[tuple[Score, Spent]]:
        scores = [Score(sample=one, against=other, name="toy", value=compares(one, other)) for one, other in pairs]
        return [(score, Spent()) for score in scores]

    members: dict[type, Callable[[], Any]] = {
        Speaker: lambda: Speaker("student", proxy, Sampling(), desk, "scripted"),
        AskedComparer: lambda: AskedComparer(Member(instance=None, component="toy", desk=desk), MicroBatcher(compared)),
        Notebook: Notebook,
    }
    return kind(**{place.name: members[place.member]() for place in places(kind)})


def detected(
    detecting: Any,
    says: Says,
    compares: Compares = lambda one, other: 0.0,
    likely: Mapping[str, float] | None = None,
    question: Prompt = QUESTION,
) -> Walked:
    """One question, walked; a walk that breaks its plan is an error of the test."""
    crew = crew_of(detecting.scorer.crew, says, compares, likely or {})
    one = Generate("detect", detecting.walk, steps=detecting.steps, makes=detecting.makes)
    found = asyncio.run(walked(one, question, 0, crew))
    bugs = [failure for failure in found.page.failures if failure.kind in ("bug", "contract")]
    assert not bugs, bugs
    return found
