"""A bound of time for very many short waits, all equally long: one timer for all of them.

`asyncio.timeout` makes a timer for each wait, which costs more than the wait of an answer that is there. As all bounds are equally
long, they end in the order in which they began, so only the oldest is watched. A task that goes on when its time is over (it
swallows its cancellation) is cancelled again a few times; then somebody is told, for nothing else can end it.

What waits in the queue of a model that answers others meanwhile is not late: its time begins anew (`Served`).
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

AGAIN_S, TIMES = 0.5, 4
"""Between two cancellations of a task that goes on, and how many there are."""
log = logging.getLogger("sctk")


def left_alone(who: str, task: asyncio.Task[Any]) -> None:
    """What is done about a task that will not end, where nobody says otherwise: it is told."""
    log.warning("%s does not end, though its time is over and it was cancelled %d times", who, TIMES)


@dataclass
class Served:
    """When a backend last answered anybody whose request lay in the same queue, by the loop's clock."""

    at: float = -math.inf


class Deadlines:
    """Bounds of `seconds` each, for the tasks of one loop at a time; `stuck` hears of a task that will not end."""

    def __init__(self, seconds: float, stuck: Callable[[str, asyncio.Task[Any]], None] = left_alone) -> None:
        self.seconds, self._stuck = seconds, stuck
        self._open: dict[_Bound, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def bound(self, who: str = "", served: Served | None = None) -> _Bound:
        """A bound for one wait: `with deadlines.bound(): await ...` raises TimeoutError when its time is over.

        `served`: the queue that it waits in; over is then only a time in which nobody of it was answered.
        """
        return _Bound(self, who, served)

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
        in_line: list[_Bound] = []
        for bound in list(self._open):
            if bound.ends > now:
                self._timer = loop.call_at(bound.ends, self._ring, loop)
                break
            del self._open[bound]
            if bound.served is not None and bound.served.at > bound.ends - self.seconds:
                in_line.append(bound)
                continue
            bound.expire()
            loop.call_later(AGAIN_S, self._insist, bound, loop)
        for bound in in_line:
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

    __slots__ = ("_cancelling", "_deadlines", "ended", "ends", "n_cancelled", "served", "task", "who")

    def __init__(self, deadlines: Deadlines, who: str, served: Served | None) -> None:
        self._deadlines, self.who, self.n_cancelled, self.ends, self.ended = deadlines, who, 0, 0.0, False
        self.served = served

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
