"""A pass: every item walked, a bounded number at a time, finished pages handed to the store.

Memory does not grow with the number of items: they are drawn when there is room, and a finished item is rows on disk.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sctk_core.errors import ConfigError
from sctk_core.pipeline.deadlines import Deadlines, left_alone
from sctk_core.pipeline.events import Event, ItemFinished
from sctk_core.pipeline.failing import Failing
from sctk_core.pipeline.item import Walked, walked
from sctk_core.pipeline.patience import Patience
from sctk_core.plan import Generate

UNKNOWN = 8
"""Asks of an item whose steps depend on it, where its time is reckoned."""
SELDOM = 20_000
"""New objects between two searches for garbage while a pass is under way (Python's own: 700)."""


class PageStore(Protocol):
    """What a pass needs of the store: which items are finished, and where finished pages go."""

    def finished(self) -> Iterator[int]:
        """The numbers of the finished items, rising."""
        ...

    def finish(self, number: int, walked: Walked) -> Awaitable[None]:
        """Keeps a finished item; it is on disk when the awaited call returns."""
        ...


@dataclass(frozen=True, kw_only=True)
class Pass:
    """A Generate at work: its crew, how many walks start at each row, how many are in flight.

    `timeout_s` is the time of one ask (None: no bound), `max_failed` the share of a step that may fail.
    """

    generate: Generate
    crew: Any
    chains: int = 1
    concurrency: int = 64
    patience: Patience | None = None
    timeout_s: float | None = None
    max_failed: float = 1.0
    stuck: Callable[[str, asyncio.Task[Any]], None] = left_alone

    def deadlines(self) -> Deadlines | None:
        """The time of a walk: twice that of all its asks, for what it does in between is bounded by nothing else."""
        n_asks = self.generate.n_asks() or UNKNOWN
        return None if self.timeout_s is None else Deadlines(2 * self.timeout_s * (1 + n_asks), self.stuck)


async def walk_all(
    work: Pass, records: Iterable[Any], store: PageStore, n_items: int, notify: Callable[[Event], None]
) -> int:
    """Walks what the store does not hold and gives the number of items; `n_items` is how many there will be."""
    total = n_done = 0
    room = asyncio.Semaphore(work.concurrency)
    if work.patience is not None:
        work.patience.room = room

    failing, deadlines = Failing(work.max_failed), work.deadlines()

    parent, broken = asyncio.current_task(), asyncio.Event()

    def ending() -> bool:
        return broken.is_set() or (parent is not None and parent.cancelling() > 0)

    async def one(number: int, record: Any, chain: int) -> None:
        nonlocal n_done
        try:
            item = await walked(work.generate, record, chain, work.crew, deadlines, ending)
            await store.finish(number, item)
            failing.note(item.page)
        except BaseException:
            broken.set()
            raise
        finally:
            room.release()
        n_done += 1
        notify(ItemFinished(n_done=n_done, n_items=n_items))

    done = _Merge(store.finished())
    with seldom_collected():
        async with first_error(asyncio.TaskGroup()) as group:
            for record in records:
                for chain in range(work.chains):
                    number, total = total, total + 1
                    if done.has(number):
                        n_done += 1
                        continue
                    await room.acquire()
                    group.create_task(one(number, record, chain))
    return total


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Walks make many short-lived objects and few cycles: what was there before is not searched for garbage again and again."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(max(before[0], SELDOM) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class _Merge:
    """Whether a rising number is in a rising sequence, asked in order."""

    def __init__(self, numbers: Iterator[int]) -> None:
        self._numbers = numbers
        self._next = next(numbers, None)

    def has(self, number: int) -> bool:
        while self._next is not None and self._next < number:
            self._next = next(self._numbers, None)
        return self._next == number


def one_scale(records: Iterable[Any], generate: Generate) -> Iterator[Any]:
    """The items as they are; scores that were made elsewhere for some of an item's texts and not for all are refused.

    The rest would be the reward's, and an acceptance rule would weigh two scales against each other.
    """
    for record in records:
        given = getattr(record, "given", None)
        if given is not None and any(isinstance(value, float | int) for value in given.answers.values()):
            _refuse_two_scales(record, given.answers, generate)
        yield record


def _refuse_two_scales(record: Any, answers: Mapping[str, Any], generate: Generate) -> None:
    scored = [step for step, value in answers.items() if isinstance(value, float | int)]
    verbs = {step.partition(".")[0] for step in scored}
    names = (step.name for step in generate.declared(record))
    owed = [name for name in names if name.partition(".")[0] in verbs and name not in answers]
    if owed:
        n_given = len(scored)
        fewer = f"[method] sweeps = {n_given - 1}, or " if n_given > 1 else ""
        raise ConfigError(
            f"prompt {record.id}: got {n_given} given scores, wanted {n_given + len(owed)}, one for each text that the method "
            "scores, or none: the reward's would be on another scale",
            hint=f"{fewer}name the score columns otherwise: the reward then scores all texts",
        )


class first_error:  # noqa: N801 - reads as a verb in `async with`
    """A task group whose first error comes out by itself: a command shows one message, not a group of them."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group

    async def __aenter__(self) -> asyncio.TaskGroup:
        return await self._group.__aenter__()

    async def __aexit__(self, *raised: Any) -> None:
        try:
            await self._group.__aexit__(*raised)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
