"""A bound of time for very many short waits, all equally long: one timer for all of them.

`asyncio.timeout` makes a timer for each wait, which costs more than the wait of an answer that is there. As all bounds are equally
long, they end in the order in which they began, so only the oldest is watched. A task that goes on when its time is over (it
swallows its cancellation) is cancelled again a few times; then somebody is told, for nothing else can end it.

What waits for a model that goes on meanwhile is not late: its time begins anew (`Pulse`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

AGAIN_S, TIMES = 0.5, 4
"""Between two cancellations of a task that goes on, and how many there are."""
Pulse = Callable[[], float]
"""When somebody who computes for many at once last went on, by `time.monotonic()`, which is the loop's clock too."""
log = logging.getLogger("sctk")


def left_alone(who: str, task: asyncio.Task[Any]) -> None:
    """What is done about a task that will not end, where nobody says otherwise: it is told."""
    log.warning("%s does not end, though its time is over and it was cancelled %d times", who, TIMES)


class Deadlines:
    """Bounds of `seconds` each, for the tasks of one loop at a time; `stuck` hears of a task that will not end."""

    def __init__(self, seconds: float, stuck: Callable[[str, asyncio.Task[Any]], None] = left_alone) -> None:
        self.seconds, self._stuck = seconds, stuck
        self._open: dict[_Bound, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def bound(self, who: str = "", pulse: Pulse | None = None) -> _Bound:
        """A bound for one wait: `with deadlines.bound(): await ...` raises TimeoutError when its time is over.

        `pulse`: of whom it waits for; over is then only a time in which nothing went on.
        """
        return _Bound(self, who, pulse)

    def begin(self, bound: _Bound, loop: asyncio.AbstractEventLoop) -> None:
        """Watches a bound."""
        if loop is not self._loop:
            self._loop, self._timer = loop, None
            self._open.clear()
        self._watch(bound, loop)

    def _watch(self, bound: _Bound, loop: asyncio.AbstractEventLoop) -> None:
        bound.ends = loop.time() + self.seconds
        self._open[bound] = None
        if self._timer is None:
            self._timer = loop.call_at(bound.ends, self._ring, loop)

    def end(self, bound: _Bound) -> None:
        """Lets a bound go."""
        self._open.pop(bound, None)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        going_on: list[_Bound] = []
        for bound in list(self._open):
            if bound.ends > now:
                self._timer = loop.call_at(bound.ends, self._ring, loop)
                break
            del self._open[bound]
            if bound.pulse is not None and bound.pulse() > bound.ends - self.seconds:
                going_on.append(bound)
                continue
            bound.expire()
            loop.call_later(AGAIN_S, self._insist, bound, loop)
        for bound in going_on:
            self._watch(bound, loop)

    def _insist(self, bound: _Bound, loop: asyncio.AbstractEventLoop) -> None:
        """Cancels a task again that goes on."""
        if bound.ended:
            return
        if bound.n_cancelled < TIMES:
            bound.expire()
            loop.call_later(AGAIN_S, self._insist, bound, loop)
        else:
            self._stuck(bound.who, bound.task)


class _Bound:
    """One bound: cancels its task when its time is over, and says TimeoutError for that."""

    __slots__ = ("_cancelling", "_deadlines", "ended", "ends", "n_cancelled", "pulse", "task", "who")

    def __init__(self, deadlines: Deadlines, who: str, pulse: Pulse | None) -> None:
        self._deadlines, self.who, self.n_cancelled, self.ends, self.ended = deadlines, who, 0, 0.0, False
        self.pulse = pulse

    def __enter__(self) -> None:
        task: asyncio.Task[Any] | None = asyncio.current_task()
        if task is None:
            raise RuntimeError("a bound was begun outside a task")
        self.task, self._cancelling = task, task.cancelling()
        self._deadlines.begin(self, task.get_loop())

    def expire(self) -> None:
        """Its time is over."""
        self.n_cancelled += 1
        self.task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self.ended = True
        self._deadlines.end(self)
        if not self.n_cancelled:
            return
        for _ in range(self.n_cancelled):
            left = self.task.uncancel()
        if left <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
