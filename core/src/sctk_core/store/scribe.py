"""A thread that writes a SQLite file: what comes while it writes is written next, all in one transaction.

The loop that feeds the engine never waits for a disk; whoever must know that something is written awaits it. A write that the
disk refuses is an error of everybody who waits for it, and of all that come after.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sctk_core.store.failures import writing

Job = Callable[[sqlite3.Connection], None]
MOST = 1000


@dataclass(frozen=True, slots=True)
class _Order:
    job: Job
    done: Callable[[BaseException | None], None]


class Scribe:
    """Writes to one database, in the order of the orders; `after` is called with the connection when a group is committed."""

    def __init__(self, path: Path, schema: str, *, after: Job | None = None) -> None:
        self._path, self._after = path, after
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.database = open_database(path)
            self.database.executescript(schema)
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def written(self, job: Job) -> asyncio.Future[None]:
        """Gives the job to the thread; the future is done when it is on disk."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def settle(error: BaseException | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)

        self._give(_Order(job, lambda error: None if loop.is_closed() else _call(loop, settle, error)))
        return future

    def write(self, job: Job) -> None:
        """Writes now, and waits for it; for callers without a loop."""
        ended: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._give(_Order(job, ended.put))
        error = ended.get()
        if error is not None:
            raise error

    def _give(self, order: _Order) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True, name=f"sctk-{self._path.stem}")
            self._thread.start()
        self._orders.put(order)

    def _work(self) -> None:
        while True:
            group = self._group()
            orders = [order for order in group if order is not None]
            error = self._commit(orders) if orders else None
            for order in orders:
                order.done(error)
            if len(orders) < len(group):
                return

    def _group(self) -> list[_Order | None]:
        """All orders that are there, at least one; None is the last."""
        group = [self._orders.get()]
        while group[-1] is not None and len(group) < MOST:
            try:
                group.append(self._orders.get_nowait())
            except queue.Empty:
                break
        return group

    def _commit(self, orders: list[_Order]) -> BaseException | None:
        try:
            with writing(self._path):
                with self.database:
                    for order in orders:
                        order.job(self.database)
                if self._after is not None:
                    self._after(self.database)
        except BaseException as error:  # noqa: BLE001 - handed on to those who wait
            return error
        return None

    def close(self) -> None:
        """Ends the thread when all is written, and gives the file back."""
        if self._thread is not None:
            self._orders.put(None)
            self._thread.join()
            self._thread = None
        self.database.close()


def _call(loop: asyncio.AbstractEventLoop, settle: Callable[[Any], None], error: BaseException | None) -> None:
    try:
        loop.call_soon_threadsafe(settle, error)
    except RuntimeError:  # the loop was closed in the meantime: nobody waits any more
        return


def open_database(path: Path) -> sqlite3.Connection:
    """A connection that several threads may use in turn, and several processes beside each other (WAL)."""
    database = sqlite3.connect(path, timeout=30, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    return database
