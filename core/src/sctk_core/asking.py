"""Rewards and evaluators, asked so that they hold nothing up: in a thread of their own, in bounded time, isolated."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from sctk_core.assembly import Part
from sctk_core.errors import boundary
from sctk_core.pipeline.batching import in_thread
from sctk_core.pipeline.chain import STOPS_EVERYTHING, with_seconds
from sctk_core.pipeline.contract import checked
from sctk_core.pipeline.position import Position, at
from sctk_core.records import Failure, Sample, Score


def aside(part: Part, verb: Callable[[Sequence[Sample]], Any]) -> Callable[[Sequence[Sample]], Awaitable[Any]]:
    """The verb, run in a thread of its own unless the component asks a backend, which lives in the run's own loop."""

    async def work(samples: Sequence[Sample]) -> Any:
        return await verb(samples)

    async def aside(samples: Sequence[Sample]) -> Any:
        return await in_thread(partial(work, samples))

    return work if "backend" in inspect.signature(part.target).parameters else aside


async def scores(reward: Any, part: Part, timeout_s: float, samples: Sequence[Sample]) -> list[Score | Failure]:
    """One batch of scores, checked; what goes wrong is a failure of every sample in it."""
    of = [sample.id for sample in samples]
    try:
        with at(Position(stage="score")):
            async with asyncio.timeout(timeout_s):
                answers = await aside(part, reward.score)(samples)
    except STOPS_EVERYTHING:
        raise
    except Exception as error:  # noqa: BLE001 - the boundary between us and a component
        told = with_seconds(error, timeout_s)
        return [boundary(told, of=name, stage="score", component=part.name) for name in of]
    return checked(answers, samples, Score, of=of, stage="score", component=part.name)
