"""Work beside the run's own loop: a component's loop that lives as long as the run, and plain calls in daemon threads.

A component that computes, or hangs, never stops the walks. Its loop is one for all of its batches, so that a client which it
opened in the first still works in the last; a loop that it blocks for good is left behind, and the next batch gets a new one.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

A = TypeVar("A")
GRACE_S = 1.0


class OwnLoop:
    """An event loop in a daemon thread of its own; it begins with the first call."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None

    async def call(self, work: Callable[[], Coroutine[Any, Any, A]]) -> A:
        """What the coroutine gives, run in that loop with the caller's context; cancelling the wait cancels the work."""
        loop = self._loop = self._loop or self._begun()
        context = contextvars.copy_context()
        waiting: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        caller = asyncio.get_running_loop()
        tasks: list[asyncio.Task[A]] = []

        def settle(task: asyncio.Task[A]) -> None:
            if waiting.done():
                return
            if task.cancelled():
                waiting.set_exception(RuntimeError("the component cancelled its own work"))
            elif (error := task.exception()) is not None:
                waiting.set_exception(error)
            else:
                waiting.set_result(task.result())

        def done(task: asyncio.Task[A]) -> None:
            if not task.cancelled():
                task.exception()  # seen
            if not caller.is_closed():
                caller.call_soon_threadsafe(settle, task)

        def begin() -> None:
            task = loop.create_task(work())
            tasks.append(task)
            task.add_done_callback(done)

        loop.call_soon_threadsafe(begin, context=context)
        try:
            return await waiting
        except asyncio.CancelledError:
            self._give_up(loop, tasks)
            raise

    def _give_up(self, loop: asyncio.AbstractEventLoop, tasks: list[asyncio.Task[Any]]) -> None:
        """Cancels the work; a loop that does not even hear of it in time is left behind."""
        heard = threading.Event()

        def cancel() -> None:
            heard.set()
            for task in tasks:
                task.cancel()

        loop.call_soon_threadsafe(cancel)
        if not heard.wait(GRACE_S) and self._loop is loop:
            self._loop = None

    def _begun(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        threading.Thread(target=_live, args=(loop,), daemon=True, name=f"sctk-{self._name}").start()
        return loop

    def close(self) -> None:
        """Lets the thread end."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None


def _live(loop: asyncio.AbstractEventLoop) -> None:
    """Runs a loop until it is stopped, and ends what was still under way in it."""
    loop.run_forever()
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left))
    loop.close()


async def aside(work: Callable[[], A]) -> A:
    """Calls `work` in a daemon thread; one that hangs cannot keep the process alive."""
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

    threading.Thread(target=body, daemon=True, name="sctk-aside").start()
    return await done
