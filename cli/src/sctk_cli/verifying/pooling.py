"""One number of several runs that differ by their seed: the mean with its interval, seeds resampled and prompts within them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from sctk_core.statistics import Estimate, difference_with_interval, mean_with_interval, over_seeds

Values = list[tuple[float, Hashable]]
"""Numbers of one run, each with the group that its prompt belongs to."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A mean with its 95 % interval over `n` numbers of all runs; None: there is nothing, or no interval."""

    value: float | None
    low: float | None
    high: float | None
    n: int

    def __str__(self) -> str:
        if self.value is None:
            return "-"
        interval = "" if self.low is None or self.high is None else f" [{self.low:.3f}, {self.high:.3f}]"
        return f"{self.value:.3f}{interval} of {self.n}"


def pooled(runs: Sequence[Values], *, paired: bool = False) -> Cell:
    """The mean of one run's numbers, or over runs the mean of their means, with its interval within what a share can be.

    `paired`: the numbers are differences of two shares.

    >>> str(pooled([[(1.0, "a"), (0.0, "b")]])), str(pooled([[]]))
    ('0.500 [0.095, 0.905] of 2', '-')
    """
    there = [run for run in runs if run]
    n = sum(map(len, there))
    if not there:
        return Cell(value=None, low=None, high=None, n=0)
    values = [[value for value, _ in run] for run in there]
    groups = [[group for _, group in run] for run in there]
    if len(there) > 1:
        found = over_seeds(values, groups)
    elif paired:
        found = _difference(values[0], groups[0])
    else:
        found = mean_with_interval(values[0], groups[0])
    floor = -1.0 if paired else 0.0
    low, high = found.low, found.high
    return Cell(
        value=found.value,
        low=None if low is None else max(floor, low),
        high=None if high is None else min(1.0, high),
        n=n,
    )


def _difference(values: Sequence[float], groups: Sequence[Hashable]) -> Estimate:
    """The mean of differences of two shares; where all are zero, what as many equal groups leave open."""
    if not any(values):
        values, groups = [0.0] * len(set(groups)), list(dict.fromkeys(groups))
    up, down = ([max(0.0, sign * value) for value in values] for sign in (1, -1))
    return difference_with_interval(up, down, groups if len(set(groups)) < len(groups) else None)
