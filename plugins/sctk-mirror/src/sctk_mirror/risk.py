"""Risk and coverage: what is wrong among the answers that one is surest of, and the area under that curve (AURC).

Answers are taken in the order of their confidence, the surest first; at coverage k / N the risk is the share of wrong ones among
the first k (El-Yaniv and Wiener, JMLR 11, 2010; Geifman and El-Yaniv, arXiv 1805.08206). The area is the mean risk over all k: 0
where all is right, the share of wrong answers where confidence says nothing. Ties are taken in no order: each counts their mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sctk_mirror.records import Decided

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

N_RESAMPLES = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """An area, or a difference of two, with its 95 % interval by resampled questions, and their number.

    `low` and `high` None: fewer than two questions, or all are right or all wrong, of which no resample differs.
    """

    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """At a threshold of confidence: how many are answered, and what share of these is wrong."""

    threshold: float
    n: int
    coverage: float
    risk: float


def curve(confidences: Sequence[float], right: Sequence[float]) -> list[Point]:
    """The risk at each confidence that occurs, the surest first.

    >>> [(point.coverage, point.risk) for point in curve([0.9, 0.9, 0.1], [1.0, 1.0, 0.0])]
    [(0.6666666666666666, 0.0), (1.0, 0.3333333333333333)]
    """
    both, found = sorted(zip(confidences, right, strict=True), reverse=True), list[Point]()
    wrong = 0.0
    for place, (confidence, value) in enumerate(both, start=1):
        wrong += 1.0 - value
        if place == len(both) or both[place][0] < confidence:
            found.append(Point(threshold=confidence, n=place, coverage=place / len(both), risk=wrong / place))
    return found


def area(confidences: Sequence[float], right: Sequence[float], *, seed: int = 0) -> Area:
    """The area under the curve of risk by coverage.

    >>> area([0.9, 0.5, 0.1], [1.0, 1.0, 0.0]).value == 1 / 9, area([0.5, 0.5], [1.0, 0.0]).value
    (True, 0.5)
    """
    ranks, wrong = _ordered(confidences, right)
    return _with_interval([(ranks, wrong)], [1.0], seed)


def difference(one: Mapping[str, Decided], other: Mapping[str, Decided], *, seed: int = 0) -> Area | None:
    """The area of one rule less that of another over the questions that both have, the same ones in each resample; None: none."""
    import numpy as np

    shared = sorted(one.keys() & other.keys())
    if not shared:
        return None
    sides = []
    for rule in (one, other):
        confidences = np.array([rule[name].confidence for name in shared])
        wrong = np.array([1.0 - (rule[name].right or 0.0) for name in shared])
        sides.append((-confidences, wrong))
    return _with_interval(sides, [1.0, -1.0], seed)


def by_rule(rows: Sequence[Decided]) -> dict[str, dict[str, Decided]]:
    """What was decided by rule and question, of questions with a gold answer."""
    found: dict[str, dict[str, Decided]] = {}
    for row in rows:
        if row.right is not None:
            found.setdefault(row.rule, {})[row.question.id] = row
    return found


def areas(rows: Sequence[Decided], spent: Mapping[str, Any]) -> Mapping[str, float]:
    """The numbers of a fit: of every rule that says how sure it is the area, with its interval where there is one."""
    found: dict[str, float] = {"n": float(len({row.question.id for row in rows if row.right is not None}))}
    for rule, decided in by_rule(rows).items():
        if rule != "first":
            taken = list(decided.values())
            one = area([row.confidence for row in taken], [row.right or 0.0 for row in taken])
            numbers = {"aurc": one.value, "aurc-low": one.low, "aurc-high": one.high}
            found |= {f"{rule}.{name}": value for name, value in numbers.items() if value is not None}
    return found


def _ordered(confidences: Sequence[float], right: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np

    return -np.asarray(confidences, dtype=np.float64), 1.0 - np.asarray(right, dtype=np.float64)


def _area(order: NDArray[np.float64], wrong: NDArray[np.float64]) -> float:
    """The mean over k of the share of wrong ones among the k first; `order` rises from the surest, ties share their mean."""
    import numpy as np

    _, group = np.unique(order, return_inverse=True)
    counts = np.bincount(group)
    means = np.bincount(group, weights=wrong) / counts
    in_order = np.repeat(means, counts)
    return float(np.mean(np.cumsum(in_order) / np.arange(1, len(in_order) + 1)))


def _with_interval(
    sides: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]], signs: Sequence[float], seed: int
) -> Area:
    """A signed sum of areas, and the 2.5 % and 97.5 % quantiles of resamples of the questions."""
    import numpy as np

    n = len(sides[0][0])

    def total(places: NDArray[np.int64]) -> float:
        return sum(
            sign * _area(order[places], wrong[places]) for sign, (order, wrong) in zip(signs, sides, strict=True)
        )

    value = total(np.arange(n))
    if n < 2 or all(len(np.unique(wrong)) == 1 for _, wrong in sides):
        return Area(value=value, low=None, high=None, n=n)
    rng = np.random.Generator(np.random.PCG64(seed))
    draws = [total(rng.integers(0, n, size=n)) for _ in range(N_RESAMPLES)]
    low, high = np.quantile(draws, [0.025, 0.975])
    return Area(value=value, low=float(low), high=float(high), n=n)
