"""How much of each step fails while a pass is under way: a run in which nearly all fails stops early, whatever comes after.

Items come back in any order, so a share that is only a little over the bound says nothing before the pass is done; one that is over
it by four standard deviations does.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import NamedTuple

from sctk_core.pipeline.notes import FAILED, Page

FEWEST, DEVIATIONS = 20, 4.0
"""Asks of a step before its share says anything, and by how much a share is over the bound that is told before the end."""


class Cause(NamedTuple):
    """Who failed, and why, in the words that a ledger counts by."""

    component: str
    kind: str
    reason: str


class TooManyFailed(Exception):
    """Of a step more failed than may."""

    def __init__(self, step: str, asked: int, failed: int, causes: Counter[Cause]) -> None:
        super().__init__(f"{step}: {failed} of {asked}")
        self.step, self.asked, self.failed, self.causes = step, asked, failed, causes


def surely_over(failed: int, asked: int, most: float) -> bool:
    """Whether so many failures are surely more than a share of `most`, in whatever order they came.

    >>> surely_over(19, 20, 0.5), surely_over(18, 20, 0.5), surely_over(70, 100, 0.5), surely_over(20, 20, 1.0)
    (True, False, False, False)
    """
    return asked >= FEWEST and failed - most * asked > DEVIATIONS * math.sqrt(most * (1 - most) * asked)


class Failing:
    """Counts what finished items came to, by step."""

    def __init__(self, most: float) -> None:
        self._most = most
        self._asked: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._causes: Counter[tuple[str, Cause]] = Counter()

    def note(self, page: Page) -> None:
        """Counts a page; TooManyFailed where that is one too many."""
        self._asked.update([line.step for line in page.lines])
        if not page.failures:
            return
        self._causes.update((one.stage, Cause(one.component, one.kind, one.reason)) for one in page.failures)
        for step in [line.step for line in page.lines if line.outcome == FAILED]:
            self._failed[step] += 1
            if surely_over(self._failed[step], self._asked[step], self._most):
                causes = Counter({cause: n for (stage, cause), n in self._causes.items() if stage == step})
                raise TooManyFailed(step, self._asked[step], self._failed[step], causes)
