"""A bound of time for very many short waits, all equally long: one timer for all of them.

`asyncio.timeout` makes a timer for each wait, which costs more than the wait of an answer that is there. As all bounds are equally
long, they end in the order in which they began, so only the oldest is watched.
"""

from __future__ import annotations

import asyncio
from typing import Any


class Deadlines:
    """Bounds of `seconds` each."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._open: dict[_Bound, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def bound(self) -> _Bound:
        """A bound for one wait: `with deadlines.bound(): await ...` raises TimeoutError when its time is over."""
        return _Bound(self)

    def begin(self, bound: _Bound, loop: asyncio.AbstractEventLoop) -> None:
        """Watches a bound."""
        if loop is not self._loop:
            self._loop, self._timer = loop, None
            self._open.clear()
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
        for bound in list(self._open):
            if bound.ends > now:
                self._timer = loop.call_at(bound.ends, self._ring, loop)
                return
            del self._open[bound]
            bound.expire()


class _Bound:
    """One bound: cancels its task when its time is over, and says TimeoutError for that."""

    __slots__ = ("_cancelling", "_deadlines", "_expired", "_task", "ends")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines, self._expired, self.ends = deadlines, False, 0.0

    def __enter__(self) -> None:
        task: asyncio.Task[Any] | None = asyncio.current_task()
        if task is None:
            raise RuntimeError("a bound was begun outside a task")
        self._task, self._cancelling = task, task.cancelling()
        self._deadlines.begin(self, task.get_loop())

    def expire(self) -> None:
        """Its time is over."""
        self._expired = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._deadlines.end(self)
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
