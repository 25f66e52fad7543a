"""The event loop of a run: it outlives what a component does to it.

`sys.exit` in a task that a component began ends no run, a task that swallows its cancellation cannot keep one from ending, and
whoever holds the loop is named and broken into by the watch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from types import FrameType
from typing import Any, TypeVar

from sctk_core.assembly.blame import HINT, Blame
from sctk_core.errors import PluginError
from sctk_core.pipeline.deadlines import TIMES
from sctk_core.pipeline.threads import GRACE_S, end_tasks, told_of_task
from sctk_core.run.watch import LOOK_S, Watch

A = TypeVar("A")
log = logging.getLogger("sctk")
_WHOSE = "`asyncio.all_tasks()` gives others' tasks too: a component may cancel those that it began"


class _Work(asyncio.Task[Any]):
    """What a loop is run for; it knows which component, if any, has cancelled it."""

    def __init__(self, work: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop, watch: Watch) -> None:
        super().__init__(work, loop=loop)
        self._watch, self.by = watch, ""

    def cancel(self, msg: Any | None = None) -> bool:
        self.by = self.by or self._watch.caller()
        return super().cancel(msg)


class RunLoop:
    """Runs coroutines one after another in one loop, as `asyncio.Runner` does, Ctrl-C included."""

    def __init__(self, watch: Watch, bound_s: float) -> None:
        self._runner = asyncio.Runner()
        self._watch, self._bound_s = watch, bound_s
        self._broken: asyncio.Future[None] | None = None

    def run(self, work: Coroutine[Any, Any, A]) -> A:
        """What the coroutine gives."""
        loop = self._runner.get_loop()
        loop.set_exception_handler(told_of_task)
        self._broken = loop.create_future()
        task = _Work(work, loop, self._watch)
        beat = loop.call_later(0, self._beat, loop)
        with self._watch.over(self._bound_s):
            while True:
                try:
                    found: A = self._runner.run(self._until(task, self._broken))
                    return found
                except SystemExit:
                    if task.done():
                        raise
                    log.warning("a component called sys.exit in a task of its own: the run goes on")
                except asyncio.CancelledError as error:
                    if task.by:
                        raise PluginError(f"{task.by} cancelled the tasks of the run", hint=_WHOSE) from error
                    raise KeyboardInterrupt from error  # it fell between two lines of asyncio.Runner, which forgot it
                finally:
                    beat.cancel()

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watch.alive()
        if self._broken is not None and not self._broken.done():
            loop.call_later(LOOK_S, self._beat, loop)

    async def _until(self, task: asyncio.Task[A], broken: asyncio.Future[None]) -> A:
        """The task's result; what `give_up` says, as soon as it says so."""
        try:
            both: set[asyncio.Future[Any]] = {task, broken}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task}, timeout=GRACE_S)
            raise
        if not task.done():
            broken.result()
        return task.result()

    def give_up(self, error: PluginError) -> None:
        """Ends what is under way with an error, although a task of it will not end."""
        if self._broken is not None and not self._broken.done():
            self._broken.set_exception(error)

    def close(self) -> None:
        """Ends the loop; a task that goes on nevertheless is left behind."""
        loop = self._runner.get_loop()
        if self._broken is not None:
            self._broken.cancel()
        left = end_tasks(loop)
        if left:
            name = getattr(left[0].get_coro(), "__qualname__", "its work")
            log.warning("%d tasks that a component began do not end, and are left behind (%s)", len(left), name)
        if not left:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
        asyncio.set_event_loop(None)


def give_up(blame: Blame, runner: RunLoop, who: str, task: asyncio.Task[Any]) -> None:
    """Ends what is under way: a component swallows its cancellation, so that nothing else can end what it does."""
    found = blame.of_frames(_waiting_frames(task)) or f"the component {who!r}"
    said = f"{found} is broken: its time was over, and it swallowed its cancellation {TIMES} times"
    runner.give_up(PluginError(said, hint=HINT))


def _waiting_frames(task: asyncio.Task[Any]) -> list[FrameType]:
    """The frames of what a task waits for, the innermost first."""
    frames: list[FrameType] = []
    waits: Any = task.get_coro()
    while waits is not None:
        frame = getattr(waits, "cr_frame", None) or getattr(waits, "gi_frame", None)
        if frame is not None:
            frames.append(frame)
        waits = getattr(waits, "cr_await", None) or getattr(waits, "gi_yieldfrom", None)
    return frames[::-1]
