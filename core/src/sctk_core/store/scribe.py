"""A thread that writes a SQLite file: what comes while it writes is written next, all in one transaction.

The loop that feeds the engine never waits for a disk; whoever must know that something is written awaits it. A write that the
disk refuses is an error of everybody who waits for it, and of all that come after.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sctk_core.refusals import out_of
from sctk_core.store.failures import writing

Job = Callable[[sqlite3.Connection], None]
MOST = 1000
AT_ONCE = 32
"""Rows of one INSERT: each statement that is run gives the interpreter away once, and it is slow to come back."""


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows for a table: `into` is the statement up to its VALUES, `width` their number of columns.

    What stands beside each other in one group is written by one statement; `then` is called when all is committed, with whether
    each row of the group went in (INSERT OR IGNORE may leave some out).
    """

    into: str
    width: int
    rows: Sequence[Sequence[Any]]
    then: Callable[[bool], None]


class _Order:
    """One write, and who waits for it."""

    __slots__ = ("_told", "future", "job", "loop")

    def __init__(self, job: Job | Insert) -> None:
        self.job = job
        self.loop: asyncio.AbstractEventLoop | None = None
        self.future: asyncio.Future[None] | None = None
        self._told: queue.SimpleQueue[BaseException | None] | None = None

    def waiting(self) -> queue.SimpleQueue[BaseException | None]:
        """Where a caller without a loop hears of it."""
        self._told = queue.SimpleQueue()
        return self._told

    def tell(self, error: BaseException | None) -> None:
        """Tells a caller without a loop."""
        if self._told is not None:
            self._told.put(error)


class Scribe:
    """Writes to one database, in the order of the orders; `after` is called with the connection when a group is committed."""

    def __init__(self, path: Path, schema: str, *, after: Job | None = None) -> None:
        self._path, self._after = path, after
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self.database = open_database(path)
            self.database.executescript(schema)
        self._orders: queue.SimpleQueue[list[_Order] | None] = queue.SimpleQueue()
        self._gathered: list[_Order] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._refused: BaseException | None = None
        self.n_left_out = 0
        """Rows that INSERT OR IGNORE left out, because others stood there."""

    def written(self, job: Job | Insert) -> asyncio.Future[None]:
        """Gives the job to the thread; the future is done when it is on disk.

        What one turn of the loop orders is handed over together: it is one transaction, and the loop is called back once.
        """
        order = _Order(job)
        loop = order.loop = asyncio.get_running_loop()
        order.future = loop.create_future()
        with self._lock:
            self._gathered.append(order)
            first = len(self._gathered) == 1
        if first:
            loop.call_soon(self._hand_over)
        return order.future

    def write(self, job: Job | Insert) -> None:
        """Writes now, and waits for it; for callers without a loop."""
        order = _Order(job)
        ended = order.waiting()
        with self._lock:
            self._gathered.append(order)
        self._hand_over()
        error = ended.get()
        if error is not None:
            raise error

    def _hand_over(self) -> None:
        with self._lock:
            orders, self._gathered = self._gathered, []
            if self._thread is None and orders:
                thread = threading.Thread(target=self._work, daemon=True, name=f"sctk-{self._path.stem}")
                try:
                    thread.start()
                except RuntimeError as error:
                    _tell(orders, out_of(error) or error)
                    return
                self._thread = thread
            if orders:
                self._orders.put(orders)

    def _work(self) -> None:
        ended = False
        while not ended:
            orders, ended = self._group()
            for first in range(0, len(orders), MOST):
                some = orders[first : first + MOST]
                _tell(some, self._commit(some))

    def _group(self) -> tuple[list[_Order], bool]:
        """All orders that are there, at least some; and whether they are the last."""
        group: list[_Order] = []
        found = self._orders.get()
        while found is not None:
            group += found
            if len(group) >= MOST:
                return group, False
            try:
                found = self._orders.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit(self, orders: list[_Order]) -> BaseException | None:
        if self._refused is not None:
            return self._refused
        try:
            with writing(self._path):
                with self.database:
                    committed = _written(self.database, [order.job for order in orders])
                for inserts, n_left_out in committed:
                    self.n_left_out += n_left_out
                    for insert in inserts:
                        insert.then(not n_left_out)
                if self._after is not None:
                    self._after(self.database)
        except BaseException as error:  # noqa: BLE001 - handed on to those who wait
            self._refused = error
            return error
        return None

    def close(self, last: Job | None = None) -> None:
        """Ends the thread when all is written, does a last thing outside any transaction, and gives the file back."""
        self._hand_over()
        if self._thread is not None:
            self._orders.put(None)
            self._thread.join()
            self._thread = None
        if last is not None and self._refused is None:
            with contextlib.suppress(sqlite3.Error):
                last(self.database)
        self.database.close()


def _written(database: sqlite3.Connection, jobs: Sequence[Job | Insert]) -> list[tuple[Sequence[Insert], int]]:
    """Runs the jobs in order, neighbours that go into one table together; each such group, and the count of its rows left out."""
    committed: list[tuple[Sequence[Insert], int]] = []
    beside: list[Insert] = []
    for job in jobs:
        if isinstance(job, Insert):
            if beside and beside[0].into != job.into:
                committed += _inserted(database, beside)
                beside = []
            beside.append(job)
            continue
        committed += _inserted(database, beside)
        beside = []
        job(database)
    return committed + _inserted(database, beside)


def _inserted(database: sqlite3.Connection, inserts: Sequence[Insert]) -> list[tuple[Sequence[Insert], int]]:
    if not inserts:
        return []
    into, width = inserts[0].into, inserts[0].width
    rows = [row for insert in inserts for row in insert.rows]
    before, one = database.total_changes, "(" + ", ".join("?" * width) + ")"
    for first in range(0, len(rows), AT_ONCE):
        some = rows[first : first + AT_ONCE]
        database.execute(f"{into} VALUES {', '.join([one] * len(some))}", list(chain.from_iterable(some)))
    return [(inserts, len(rows) - (database.total_changes - before))]


def _tell(orders: Sequence[_Order], error: BaseException | None) -> None:
    """Tells everybody who waits: each loop is called once for all."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for order in orders:
        order.tell(error)
        if order.loop is not None and order.future is not None:
            by_loop.setdefault(order.loop, []).append(order.future)
    for loop, futures in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, futures, error)
        except RuntimeError:  # the loop was closed in the meantime: nobody waits any more
            continue


def _settle(futures: Sequence[asyncio.Future[None]], error: BaseException | None) -> None:
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


def open_database(path: Path) -> sqlite3.Connection:
    """A connection that several threads may use in turn, and several processes beside each other (WAL)."""
    database = sqlite3.connect(path, timeout=30, check_same_thread=False, cached_statements=256)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    return database
