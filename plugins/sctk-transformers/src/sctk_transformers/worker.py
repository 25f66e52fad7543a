"""A thread that owns the engine: requests come in from any event loop, replies go out as futures.

All requests in flight lie in one queue, so separate `generate` calls share batches. An error of one step fails the rows of
that step and no others; a cancelled request leaves its batch at the next step.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from sctk_transformers.engine import Engine, Row

T = TypeVar("T")
Job = Callable[[], None]


class Worker:
    """Runs jobs and the engine's steps on one thread until closed; `last_step` is when it ended one, by `time.monotonic()`."""

    def __init__(self) -> None:
        self.engine: Engine | None = None
        self.last_step = time.monotonic()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sctk-transformers", daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], T]) -> Future[T]:
        """Runs `function` on the thread, between two steps."""
        future: Future[T] = Future()
        self._jobs.put(_Call(function, future))
        return future

    def close(self) -> None:
        """Ends the thread after the step that it is in; what is in flight is cancelled."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            busy = self.engine is not None and self.engine.busy
            try:
                job = self._jobs.get(block=not busy)
            except queue.Empty:
                self._step()
                self.last_step = time.monotonic()
                continue
            if job is None:
                break
            job()
            self.last_step = time.monotonic()
        for row in self._dropped():
            row.done.cancel()

    def _step(self) -> None:
        engine = self.engine
        if engine is None:
            return
        try:
            engine.step()
        except Exception as error:  # noqa: BLE001 - it becomes a Failure of each row, by boundary(), in backend.py
            for row in self._dropped():
                row.fail(error)

    def _dropped(self) -> list[Row]:
        return self.engine.drop_all() if self.engine else []


class _Call(Generic[T]):
    """A function whose outcome, an exception included, becomes a future's."""

    def __init__(self, function: Callable[[], T], future: Future[T]) -> None:
        self.function = function
        self.future = future

    def __call__(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            self.future.set_result(self.function())
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            self.future.set_exception(error)
