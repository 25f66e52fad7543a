"""When is somebody down: one lost connection, a server that goes away and comes back, one that does not."""

from __future__ import annotations

import asyncio
import time

import pytest
from sctk_core.errors import BackendDown
from sctk_core.pipeline.patience import Patience
from sctk_core.records import Failure

LOST = Failure(kind="backend", reason="connection lost")


async def ask_all(patience: Patience, n_items: int, concurrency: int, away: tuple[float, float]) -> list[str]:
    """What became of each item, where a server is away between two times; items in flight are bounded as a pass bounds them."""
    room, started, outcomes = asyncio.Semaphore(concurrency), time.monotonic(), ["" for _ in range(n_items)]
    patience.room = room

    async def one(number: int) -> None:
        if away[0] <= time.monotonic() - started < away[1]:
            await patience.lost("server", LOST)
            outcomes[number] = "lost"
        else:
            patience.answered("server")
            outcomes[number] = "answered"
        room.release()

    async with asyncio.TaskGroup() as group:
        for number in range(n_items):
            await room.acquire()
            group.create_task(one(number))
            await asyncio.sleep(0.01)
    return outcomes


def test_a_server_that_comes_back_is_noticed_although_all_that_is_in_flight_was_lost() -> None:
    outcomes = asyncio.run(ask_all(Patience(4.0), 40, 8, away=(0.1, 0.6)))
    assert outcomes.count("lost") < 16
    assert outcomes[-10:] == ["answered"] * 10


def test_one_that_does_not_is_down_when_the_patience_is_over() -> None:
    async def run() -> float:
        started = time.monotonic()
        with pytest.raises(ExceptionGroup) as caught:
            await ask_all(Patience(0.5), 400, 8, away=(0.0, 60.0))
        assert all(isinstance(error, BackendDown) for error in caught.value.exceptions)
        return time.monotonic() - started

    assert asyncio.run(run()) >= 0.5


def test_without_patience_a_lost_connection_is_an_answer() -> None:
    assert asyncio.run(ask_all(Patience(0.0), 20, 4, away=(0.0, 60.0))) == ["lost"] * 20
