"""Scales: over what a reward's numbers range, and what a difference of one means.

A temperature is chosen in these units: at the same T a difference of one means something else to a reward of 0 or 1 than to a
judge of 0 to 5. A reward class states its `scale`, a `Scale` or a static method of its settings that gives one.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from sctk_core.errors import CheckFailed


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """From `low` (worst) to `high` (best), None: no bound; `unit` says in words what a difference of one means.

    >>> str(Scale(low=0.0, high=1.0, unit="from no rule kept to all of them"))
    '0 to 1; a difference of 1: from no rule kept to all of them'
    >>> str(Scale(low=None, high=0.0, unit="one name that is told"))
    'at most 0; a difference of 1: one name that is told'
    """

    low: float | None = None
    high: float | None = None
    unit: str

    def __str__(self) -> str:
        low, high = ("" if end is None else f"{end:g}" for end in (self.low, self.high))
        span = f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}" if high else ""
        return f"{span or 'unbounded'}; a difference of 1: {self.unit}"

    def holds(self, value: float) -> bool:
        """Whether a score lies within the bounds."""
        return (-inf if self.low is None else self.low) <= value <= (inf if self.high is None else self.high)


def spread_of(scores: Iterable[Any], spent: Mapping[str, Any] | None = None) -> dict[str, float]:
    """`spread`: the standard deviation of a table of scores (n - 1), which is what a temperature "auto" is fitted to.

    One standard deviation of what the drafts score is then worth one nat: whatever the reward's unit, the posterior is tilted, or
    a label is sure, as much as texts of this model differ. Scores that do not differ give no temperature: CheckFailed.
    """
    from statistics import stdev

    values = [score.value for score in scores]
    found = stdev(values) if len(values) > 1 else 0.0
    if not found:
        raise CheckFailed(
            f'temperature = "auto": got {len(values)} drafts that all score alike, wanted scores that differ',
            hint="name a temperature: a quarter of the difference of scores that matters to you is a beginning",
        )
    return {"spread": found}


Knots = tuple[tuple[float, ...], ...]
"""(score, calibrated score), rising in the first and never falling in the second."""


def calibrated(value: float, knots: Knots) -> float:
    """A score through a map that is linear between its knots, and level beyond the first and the last.

    >>> calibrated(2.0, ((1.0, 0.0), (3.0, 0.5))), calibrated(9.0, ((1.0, 0.0), (3.0, 0.5)))
    (0.25, 0.5)
    """
    low = max((knot for knot in knots if knot[0] <= value), default=knots[0])
    high = min((knot for knot in knots if knot[0] >= value), default=knots[-1])
    if low[0] >= high[0]:
        return high[1]
    return low[1] + (high[1] - low[1]) * (value - low[0]) / (high[0] - low[0])


def scale_of(target: Any, config: Any) -> Scale | None:
    """What a reward class, with these settings, states of its scale; None where it states nothing that can be used."""
    stated = inspect.getattr_static(target, "scale", None)
    found = target.scale(config) if isinstance(stated, staticmethod) else stated
    return found if isinstance(found, Scale) else None
