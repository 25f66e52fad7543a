"""The micro-batcher: one bad item never takes its neighbours with it, and a batch that fails as a whole is told of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.recording import Spent
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
