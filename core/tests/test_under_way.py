"""The same question of two items is asked once, and nobody who waits for the answer is left without one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sctk_core import Failure, LogProb, Message
from sctk_core.pipeline.position import Position, at
from sctk_core.pipeline.recording import RecordingBackend, tallied
from test_speaker import Memory

HELLO, THERE, HOW = ((Message(role="user", content=text),) for text in ("hello?", "who is there?", "how?"))


class Telling:
    """Tells every likelihood after a while; the first `n_broken` batches raise."""

    def __init__(self, n_broken: int = 0) -> None:
        self.asked: list[int] = []
        self._n_broken = n_broken

    async def logprobs(self, told: Sequence[Any]) -> list[float]:
        self.asked.append(len(told))
        await asyncio.sleep(0.02)
        if len(self.asked) <= self._n_broken:
            raise ConnectionError("gone")
        return [-1.5 for _ in told]


def recording(engine: Telling) -> RecordingBackend:
    return RecordingBackend(lambda: engine, Memory(), about={}, run_seed=0, name="telling")


async def told(backend: RecordingBackend, of: str, *texts: Any) -> list[float | Failure]:
    with at(Position(stage="score", of=of)):
        return await backend.logprobs([(text, "yes") for text in texts])


def test_two_items_with_one_question_are_asked_once() -> None:
    async def both(backend: RecordingBackend) -> list[Any]:
        return await asyncio.gather(
            told(backend, "a", HELLO), told(backend, "b", HELLO), told(backend, "c", THERE, HELLO)
        )

    engine = Telling()
    backend = recording(engine)
    assert asyncio.run(both(backend)) == [[-1.5], [-1.5], [-1.5, -1.5]]
    assert engine.asked == [1, 1]
    assert backend.n_asked == 2


def test_a_batch_asks_the_same_question_once() -> None:
    engine = Telling()
    assert asyncio.run(told(recording(engine), "a", HELLO, THERE, HELLO)) == [-1.5, -1.5, -1.5]
    assert engine.asked == [2]


def test_who_waits_asks_where_the_first_got_nothing() -> None:
    async def both(backend: RecordingBackend) -> list[Any]:
        return await asyncio.gather(told(backend, "a", HELLO), told(backend, "b", HELLO), return_exceptions=True)

    engine = Telling(n_broken=1)
    broken, well = asyncio.run(both(recording(engine)))
    assert isinstance(broken, ConnectionError)
    assert well == [-1.5]
    assert engine.asked == [1, 1]


@pytest.mark.parametrize("gone", [0, 1])
def test_who_is_cancelled_takes_nobody_along(gone: int) -> None:
    async def both(backend: RecordingBackend) -> Any:
        tasks = [asyncio.create_task(told(backend, of, HELLO)) for of in ("a", "b")]
        await asyncio.sleep(0.005)
        tasks[gone].cancel()
        return (await asyncio.gather(*tasks, return_exceptions=True))[1 - gone]

    assert asyncio.run(both(recording(Telling()))) == [-1.5]


def test_loops_of_two_threads_wait_for_each_other() -> None:
    engine = Telling()
    backend = recording(engine)
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda of: asyncio.run(told(backend, of, HELLO)), ("a", "b")))
    assert found == [[-1.5], [-1.5]]


class Counting(Telling):
    """Says how many tokens it read, too: ten each, and of the second text nothing."""

    async def logprobs(self, told: Sequence[Any]) -> list[float]:
        values = await super().logprobs(told)
        return [LogProb(value, n_tokens=10) if place != 1 else value for place, value in enumerate(values)]


def test_the_tokens_that_a_likelihood_read_are_counted_also_where_it_is_recalled() -> None:
    async def twice(backend: RecordingBackend) -> tuple[list[Any], list[list[float | Failure]]]:
        spent, values = [], []
        for _ in range(2):
            with tallied() as tally:
                values.append(await told(backend, "a", HELLO, THERE, HOW))
            spent.append(tally.total())
        return spent, values

    engine = Counting()
    spent, values = asyncio.run(twice(recording(engine)))
    assert engine.asked == [3]
    assert values == [[-1.5] * 3] * 2
    assert {type(value) for found in values for value in found} == {float}
    assert [(one.requests, one.tokens_read, one.tokens_written) for one in spent] == [(3, 20, 0)] * 2


@pytest.mark.parametrize("n_tokens", [-1, 1.5, None, 1 << 40])
def test_a_count_that_is_none_counts_nothing_and_costs_nothing(n_tokens: Any) -> None:
    class Odd(Telling):
        async def logprobs(self, told: Sequence[Any]) -> list[float]:
            return [LogProb(-1.5, n_tokens=n_tokens) for _ in told]

    with tallied() as tally:
        assert asyncio.run(told(recording(Odd()), "a", HELLO)) == [-1.5]
    assert tally.total().tokens_read == 0
