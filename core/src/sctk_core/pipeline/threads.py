"""Work beside the run's own loop: a component's loop that lives as long as the run, and plain calls in daemon threads.

A component that computes, or hangs, never stops the walks. Its loop is one for all of its batches, so that a client which it
opened in the first still works in the last; a loop that it blocks for good is left behind, and the next batch gets a new one.
What would end a loop or a thread (`sys.exit` in a component) is an error of whoever waits.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sctk_core.boundary import from_outside
from sctk_core.pipeline.deadlines import Pulse
from sctk_core.shown import told

A = TypeVar("A")
GRACE_S = 1.0
log = logging.getLogger("sctk")


async def as_one(work: Callable[[], Awaitable[A]]) -> A:
    """What the work gives. Where it forked this process and came back as another, that other ends: it is none of ours."""
    own = os.getpid()
    try:
        return await work()
    finally:
        if os.getpid() != own:
            os._exit(1)


async def contained(work: Callable[[], Awaitable[A]]) -> tuple[A | None, BaseException | None]:
    """What the work gives, or what it raised: some exceptions end the loop that a task raises them in."""
    try:
        return await as_one(work), None
    except BaseException as error:
        if from_outside(error):
            raise
        return None, error


async def in_time(work: Callable[[], Awaitable[A]], timeout_s: float, who: str, pulse: Pulse | None = None) -> A:
    """What the work gives within its time; TimeoutError else, and work that swallows its cancellation is left behind.

    `pulse`: of whom it waits for; over is then only a time in which nothing went on.
    """
    task = asyncio.ensure_future(contained(work))
    try:
        while True:
            began = asyncio.get_running_loop().time()
            await asyncio.wait({task}, timeout=timeout_s)
            if task.done() or pulse is None or pulse() <= began:
                break
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=GRACE_S)
    except BaseException:
        task.cancel()
        raise
    if not task.done():
        log.warning("%s does not end, though its time is over and it was cancelled: it is left behind", who)
        raise TimeoutError
    if task.cancelled():
        raise TimeoutError
    result, error = task.result()
    if error is not None:
        raise error
    return result  # type: ignore[return-value]


def told_of_task(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a loop says of a task that nobody waits for, in one line."""
    error = context.get("exception")
    log.warning("%s%s", context.get("message", "a task failed"), f" ({told(error)})" if error else "")


class OwnLoop:
    """An event loop in a daemon thread of its own; it begins with the first call."""

    def __init__(self, name: str) -> None:
        self._name, self._ended = name, threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def call(self, work: Callable[[], Awaitable[A]]) -> A:
        """What the coroutine gives, run in that loop with the caller's context; cancelling the wait cancels the work."""
        loop = self._loop = self._loop or self._begun()
        context = contextvars.copy_context()
        waiting: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        caller = asyncio.get_running_loop()
        tasks: list[asyncio.Task[tuple[A | None, BaseException | None]]] = []

        def settle(result: A | None, error: BaseException | None) -> None:
            if waiting.done():
                return
            if error is not None:
                waiting.set_exception(error)
            else:
                waiting.set_result(result)  # type: ignore[arg-type]

        def done(task: asyncio.Task[tuple[A | None, BaseException | None]]) -> None:
            cancelled = None, RuntimeError("the component cancelled its own work")
            result, error = cancelled if task.cancelled() else task.result()
            if not caller.is_closed():
                caller.call_soon_threadsafe(settle, result, error)

        def begin() -> None:
            task = loop.create_task(contained(work))
            tasks.append(task)
            task.add_done_callback(done)

        loop.call_soon_threadsafe(begin, context=context)
        try:
            return await waiting
        except asyncio.CancelledError:
            self._give_up(loop, tasks)
            raise

    async def free(self) -> None:
        """Ends when the loop would begin at once with what it is given: nothing blocks it, or it was left behind."""
        loop, caller = self._loop, asyncio.get_running_loop()
        if loop is None:
            return
        heard: asyncio.Future[None] = caller.create_future()

        def settle() -> None:
            if not heard.done():
                heard.set_result(None)

        def hear() -> None:
            if not caller.is_closed():
                caller.call_soon_threadsafe(settle)

        loop.call_soon_threadsafe(loop.call_soon, hear)
        while not heard.done() and self._loop is loop:
            await asyncio.wait({heard}, timeout=GRACE_S)

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
        loop.set_exception_handler(told_of_task)
        threading.Thread(target=_live, args=(loop, self._ended), daemon=True, name=f"sctk-{self._name}").start()
        return loop

    def close(self) -> None:
        """Lets the thread end."""
        if self._loop is not None:
            self._ended.set()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None


def _live(loop: asyncio.AbstractEventLoop, ended: threading.Event) -> None:
    """Runs a loop until it is ended, whoever else stops it, and ends what was still under way in it."""
    while not ended.is_set():
        try:
            loop.run_forever()
        except BaseException:
            log.debug("a task ended its loop, which goes on", exc_info=True)
    if not end_tasks(loop):
        loop.close()


def end_tasks(loop: asyncio.AbstractEventLoop) -> list[asyncio.Task[Any]]:
    """Cancels all that is under way in a loop that is not running; gives what goes on nevertheless."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        try:
            loop.run_until_complete(asyncio.wait(left, timeout=GRACE_S))
        except BaseException:
            log.debug("a task ended its loop", exc_info=True)
    return [task for task in left if not task.done()]


async def aside(work: Callable[[], A]) -> A:
    """Calls `work` in a daemon thread; one that hangs cannot keep the process alive."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[A] = loop.create_future()
    context = contextvars.copy_context()

    def settle(result: A | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(_settable(error))
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


def _settable(error: BaseException) -> BaseException:
    """The error; in place of a StopIteration, which no future can hold, one that can be."""
    return RuntimeError(f"raised {told(error)}") if isinstance(error, StopIteration) else error
