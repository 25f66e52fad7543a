"""The micro-batcher: gathers single items from many chains into batches for components that are fastest in batches.

When a batch fails as a whole its items are asked one by one, so that one bad item never takes its neighbours with it, and an
item's answer does not depend on who happened to be in its batch. Each answer comes with what its item spent. A component that
works on one batch at a time is asked when it is free: what came meanwhile is its next batch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sctk_core.pipeline.recording import Spent
from sctk_core.records import Failure

log = logging.getLogger("sctk")

I = TypeVar("I")  # noqa: E741
A = TypeVar("A")
Call = Callable[[Sequence[I]], Awaitable[list[tuple[A | Failure, Spent]]]]
Waiting = tuple[I, "asyncio.Future[tuple[A | Failure, Spent]]"]


class MicroBatcher(Generic[I, A]):
    """Answers single items through `call`, which takes batches of up to `max_items` and must not raise.

    `free` ends when `call` would be heard at once; a batch is closed no sooner.
    """

    def __init__(
        self,
        call: Call[I, A],
        *,
        max_items: int = 64,
        max_wait_s: float = 0.005,
        free: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._call, self._max_items, self._max_wait_s, self._free = call, max_items, max_wait_s, free
        self._waiting: list[Waiting[I, A]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._boarding = False
        self._flights: set[asyncio.Task[None]] = set()
        self._told = False

    async def ask(self, item: I) -> tuple[A | Failure, Spent]:
        """The answer to one item and what it spent, as soon as its batch is back."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[A | Failure, Spent]] = loop.create_future()
        self._waiting.append((item, future))
        self._schedule(loop)
        return await future

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        """Takes off with a full batch at once, else in a while."""
        if len(self._waiting) >= self._max_items:
            self._take_off()
        elif self._timer is None:
            self._timer = loop.call_later(self._max_wait_s, self._take_off)

    def _take_off(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._boarding:
            return
        self._boarding = True
        flight = asyncio.get_running_loop().create_task(self._fly())
        self._flights.add(flight)
        flight.add_done_callback(self._flights.discard)

    async def _fly(self) -> None:
        batch: list[Waiting[I, A]] = []
        try:
            try:
                if self._free is not None:
                    await self._free()
            finally:
                batch = self._boarded()
            answers = await self._answers([item for item, _ in batch])
        except BaseException as error:  # noqa: BLE001 - handed on to those who wait, never swallowed
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    def _boarded(self) -> list[Waiting[I, A]]:
        """Those who fly together: the first of all that wait."""
        self._boarding = False
        batch, self._waiting = self._waiting[: self._max_items], self._waiting[self._max_items :]
        if self._waiting:
            self._schedule(asyncio.get_running_loop())
        return batch

    async def _answers(self, items: list[I]) -> list[tuple[A | Failure, Spent]]:
        answers = await self._call(items)
        if len(items) > 1 and all(_late(answer) for answer, _ in answers):
            return await self._halved(items, answers)
        if len(items) == 1 or not all(_broken(answer) for answer, _ in answers):
            return answers
        self._tell([answer for answer, _ in answers])
        return [answer for item in items for answer in await self._call([item])]

    async def _halved(self, items: list[I], late: list[tuple[A | Failure, Spent]]) -> list[tuple[A | Failure, Spent]]:
        """A batch that no answer came to, by halves: where only one of them hangs, it is in there. Where both do, all do."""
        half = len(items) // 2
        parts = [(part, await self._call(part)) for part in (items[:half], items[half:])]
        hang = [all(_late(answer) for answer, _ in answers) for _, answers in parts]
        if all(hang):
            return late
        found: list[tuple[A | Failure, Spent]] = []
        for (part, answers), hangs in zip(parts, hang, strict=True):
            found += await self._halved(part, answers) if hangs and len(part) > 1 else answers
        return found

    def _tell(self, answers: Sequence[A | Failure]) -> None:
        """Says once that batches fail as a whole: single items may still be right, but the component is broken."""
        first = answers[0]
        if isinstance(first, Failure) and not self._told:
            self._told = True
            log.warning(
                "%s: a batch of %d failed, its items are asked one by one: %s",
                first.component,
                len(answers),
                f"{first.reason} ({first.detail})",
            )


def _late(answer: object) -> bool:
    return isinstance(answer, Failure) and answer.kind == "timeout"


def _broken(answer: object) -> bool:
    return isinstance(answer, Failure) and answer.kind in ("bug", "contract")
