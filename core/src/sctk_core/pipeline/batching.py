"""The micro-batcher: gathers single items from many chains into batches for components that are fastest in batches.

A batch runs in a thread of its own, so a reward that computes, or hangs, never stops the chains. When a batch fails as a
whole its items are asked one by one, so that one bad item never takes its neighbours with it, and an item's answer does not
depend on who happened to be in its batch.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from sctk_core.records import Failure

log = logging.getLogger("sctk")

I = TypeVar("I")  # noqa: E741
A = TypeVar("A")
Call = Callable[[Sequence[I]], Awaitable[list[A | Failure]]]


class MicroBatcher(Generic[I, A]):
    """Answers single items through `call`, which takes batches of up to `max_items` and must not raise."""

    def __init__(self, call: Call[I, A], *, max_items: int = 64, max_wait_s: float = 0.005) -> None:
        self._call, self._max_items, self._max_wait_s = call, max_items, max_wait_s
        self._waiting: list[tuple[I, asyncio.Future[A | Failure]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._flights: set[asyncio.Task[None]] = set()
        self._told = False

    async def ask(self, item: I) -> A | Failure:
        """The answer to one item, as soon as its batch is back."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[A | Failure] = loop.create_future()
        self._waiting.append((item, future))
        if len(self._waiting) >= self._max_items:
            self._take_off()
        elif self._timer is None:
            self._timer = loop.call_later(self._max_wait_s, self._take_off)
        return await future

    def _take_off(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._waiting = self._waiting, []
        flight = asyncio.get_running_loop().create_task(self._fly(batch))
        self._flights.add(flight)
        flight.add_done_callback(self._flights.discard)

    async def _fly(self, batch: list[tuple[I, asyncio.Future[A | Failure]]]) -> None:
        try:
            answers = await self._answers([item for item, _ in batch])
        except BaseException as error:  # noqa: BLE001 - handed on to those who wait, never swallowed
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    async def _answers(self, items: list[I]) -> list[A | Failure]:
        answers = await self._call(items)
        if len(items) == 1 or not all(isinstance(answer, Failure) and answer.kind == "bug" for answer in answers):
            return answers
        self._tell(answers)
        return [answer for item in items for answer in await self._call([item])]

    def _tell(self, answers: Sequence[A | Failure]) -> None:
        """Says once that batches fail as a whole: single items may still be right, but the component is broken."""
        first = answers[0]
        if isinstance(first, Failure) and not self._told:
            self._told = True
            log.warning(
                "%s: a batch of %d failed, its items are asked one by one: %s",
                first.component,
                len(answers),
                first.message,
            )


async def in_thread(work: Callable[[], Coroutine[Any, Any, A]]) -> A:
    """Runs a coroutine in a daemon thread with an event loop of its own; one that hangs cannot keep the process alive."""
    return await aside(lambda: asyncio.run(work()))


async def aside(work: Callable[[], A]) -> A:
    """Calls `work` in a daemon thread."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[A] = loop.create_future()
    context = contextvars.copy_context()

    def settle(result: A | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def body() -> None:
        result, error = None, None
        try:
            result = context.run(work)
        except BaseException as raised:  # noqa: BLE001 - carried over to the loop that waits
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=body, daemon=True, name="sctk-batch").start()
    return await done
