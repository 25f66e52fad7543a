"""The micro-batcher: one bad item never takes its neighbours with it, and a batch that fails as a whole is told of."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.recording import Spent
from sctk_core.pipeline.threads import OwnLoop
from sctk_core.records import Failure


def bug(item: int) -> Failure:
    return Failure(of=str(item), stage="score", component="toy", kind="bug", reason="trouble")


async def only_together_with_nobody_bad(items: Sequence[int]) -> list[tuple[int | Failure, Spent]]:
    """Doubles every item; a batch with a negative one fails as a whole."""
    found: list[int | Failure] = [bug(item) for item in items] if min(items) < 0 else [2 * item for item in items]
    return [(one, Spent()) for one in found]


def test_a_bad_item_fails_alone_and_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    async def ask_all() -> list[int | Failure]:
        batcher: MicroBatcher[int, int] = MicroBatcher(only_together_with_nobody_bad, max_items=4)
        return [answer for answer, _ in await asyncio.gather(*(batcher.ask(item) for item in (1, 2, -3, 4)))]

    assert asyncio.run(ask_all()) == [2, 4, bug(-3), 8]
    assert "asked one by one" in caplog.text


def test_a_batch_leaves_when_it_is_full() -> None:
    sizes: list[int] = []

    async def note(items: Sequence[int]) -> list[tuple[int | Failure, Spent]]:
        sizes.append(len(items))
        return [(item, Spent()) for item in items]

    async def ask_all() -> None:
        batcher: MicroBatcher[int, int] = MicroBatcher(note, max_items=3, max_wait_s=0.01)
        await asyncio.gather(*(batcher.ask(item) for item in range(7)))

    asyncio.run(ask_all())
    assert sizes == [3, 3, 1]


def test_what_comes_while_a_component_computes_is_its_next_batch() -> None:
    own, sizes, go_on = OwnLoop("toy"), [], threading.Event()

    async def compute(items: Sequence[int]) -> list[tuple[int | Failure, Spent]]:
        async def block() -> list[tuple[int | Failure, Spent]]:
            sizes.append(len(items))
            assert go_on.wait(60)
            return [(item, Spent()) for item in items]

        return await own.call(block)

    async def ask_all() -> list[int | Failure]:
        batcher: MicroBatcher[int, int] = MicroBatcher(compute, max_items=6, max_wait_s=0.001, free=own.free)
        asked = []
        for item in range(9):
            asked.append(asyncio.ensure_future(batcher.ask(item)))
            await asyncio.sleep(0.02)
        go_on.set()
        return [answer for answer, _ in await asyncio.gather(*asked)]

    assert asyncio.run(ask_all()) == list(range(9))
    own.close()
    assert sizes == [1, 6, 2]


def test_who_waits_for_a_loop_that_is_left_behind_goes_on_in_a_new_one() -> None:
    own, for_good = OwnLoop("toy"), threading.Event()

    async def hang(items: Sequence[int]) -> list[tuple[int | Failure, Spent]]:
        async def block() -> list[tuple[int | Failure, Spent]]:
            if items[0] == 0:
                for_good.wait(60)
            return [(item, Spent()) for item in items]

        try:
            async with asyncio.timeout(0.2):
                return await own.call(block)
        except TimeoutError:
            return [(bug(item), Spent()) for item in items]

    async def ask_all() -> list[int | Failure]:
        batcher: MicroBatcher[int, int] = MicroBatcher(hang, max_wait_s=0.001, free=own.free)
        first = asyncio.ensure_future(batcher.ask(0))
        await asyncio.sleep(0.05)
        return [answer for answer, _ in await asyncio.gather(first, batcher.ask(1))]

    before = time.monotonic()
    assert asyncio.run(ask_all()) == [bug(0), 1]
    assert time.monotonic() - before < 30
    for_good.set()
    own.close()
