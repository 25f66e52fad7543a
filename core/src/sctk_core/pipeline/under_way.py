"""Requests whose answer is under way: the same question of two items is asked once.

A request that a chain draws has a seed of its own and is like no other. A likelihood has none: two items with equal texts ask for
the very same. Whoever asks, in whatever loop, may wait for whoever asked first; a waiter never holds what another waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import Future

from sctk_core.records import Failure, Reply, Request

Answer = Future[Reply | None]
"""The reply, or None where there was none: who waited asks by itself."""


class UnderWay:
    """The answers that are under way, by the keys of their requests."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}

    def begun(self, requests: Iterable[Request]) -> tuple[dict[str, Answer], dict[str, Answer]]:
        """By key: the answers that the caller is to bring, and those that others are bringing. `ended` must follow."""
        mine: dict[str, Answer] = {}
        others: dict[str, Answer] = {}
        for each in requests:
            if each.key in mine:
                continue
            answer = Answer()
            answer.set_running_or_notify_cancel()  # who waits may be cancelled, and the answer is not
            first = self._answers.setdefault(each.key, answer)
            (mine if first is answer else others)[each.key] = first
        return mine, others

    def ended(self, mine: Mapping[str, Answer], answers: Iterable[Reply | Failure] = ()) -> None:
        """Lets those go on that wait for these answers, which stand in the order of the keys; none: nothing came."""
        found: list[Reply | Failure | None] = [*answers] or [None] * len(mine)
        for (key, waited), answer in zip(mine.items(), found, strict=True):
            del self._answers[key]
            waited.set_result(answer if isinstance(answer, Reply) else None)


async def waited_for(answer: Answer) -> Reply | None:
    """The answer that another brings."""
    return await asyncio.wrap_future(answer)
