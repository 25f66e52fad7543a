"""How sure a number is: bootstrap intervals, paired by prompt, and agreement between two judges.

Every interval is 95 %. Means use the percentile bootstrap with 2,000 resamples, expanded for small n as Hesterberg (2015,
The American Statistician 69:371) does: the tail shares are those that give a normal sample's t interval, since the plain
percentile interval is too short by about sqrt((n - 1) / n). Shares use Wilson's score interval, the area under the curve
DeLong's, clustered by prompt where asked. Where all values are equal no resample differs: shares then keep Wilson's
interval, paired differences of two shares the Agresti-Min one, and other constants get an interval of width zero. Resampling
is seeded by what is measured and reads values in the order of their prompts' ids, so equal values give equal intervals.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from statistics import NormalDist

from sctk_core.errors import ContractError
from sctk_core.identity import seed_from
from sctk_core.records import Measure

N_RESAMPLES = 2000
_NORMAL = NormalDist()
_Z95 = _NORMAL.inv_cdf(0.975)


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A value with its 95 % interval and the count behind it; `low` and `high` None: n < 2, so there is no interval."""

    value: float
    low: float | None
    high: float | None
    n: int


def mean_with_interval(values: Sequence[float], *, seed: int = 0) -> Estimate:
    """The mean of n >= 1 values and its expanded percentile bootstrap interval.

    >>> mean_with_interval([1.0, 2.0, 3.0, 4.0]) == mean_with_interval([1.0, 2.0, 3.0, 4.0])
    True
    """
    n = len(values)
    _want_values(n, "a mean")
    mean = math.fsum(values) / n
    if n < 2:
        return Estimate(value=mean, low=None, high=None, n=n)
    if min(values) == max(values):
        low, high = _interval_of_equal_shares(values[0], n)
        return Estimate(value=mean, low=low, high=high, n=n)
    low, high = _percentiles(_resampled_means(values, seed), _expanded_tail(n))
    return Estimate(value=mean, low=low, high=high, n=n)


def difference_with_interval(first: Sequence[float], second: Sequence[float], *, seed: int = 0) -> Estimate:
    """The mean of first[i] - second[i] over n >= 1 pairs, and its interval by resampling pairs."""
    _want_pairs(first, second)
    n = len(first)
    differences = [a - b for a, b in zip(first, second, strict=True)]
    shares = set(first) | set(second) <= {0.0, 1.0}
    if n > 1 and min(differences) == max(differences) and shares:
        low, high = _agresti_min(differences)
        return Estimate(value=differences[0], low=low, high=high, n=n)
    if n > 1 and min(differences) == max(differences):
        return Estimate(value=differences[0], low=differences[0], high=differences[0], n=n)
    return mean_with_interval(differences, seed=seed)


def wilson(n_yes: int, n: int) -> Estimate:
    """The share n_yes / n and Wilson's 95 % score interval.

    >>> estimate = wilson(9, 10)
    >>> estimate.value, round(estimate.low, 3), round(estimate.high, 3)
    (0.9, 0.596, 0.982)
    """
    _want_values(n, "a share")
    share, z2 = n_yes / n, _Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = centre - half if n_yes > 0 else 0.0  # exactly, where rounding would leave the interval beside its share
    high = centre + half if n_yes < n else 1.0
    return Estimate(value=share, low=low, high=high, n=n)


def agreement(first: Sequence[bool], second: Sequence[bool]) -> Estimate:
    """The share of items on which two binary judges say the same, with Wilson's interval.

    >>> agreement([True, True, False, False], [True, False, False, False]).value
    0.75
    """
    _want_pairs(first, second)
    return wilson(sum(bool(a) == bool(b) for a, b in zip(first, second, strict=True)), len(first))


def rank_agreement(scores: Sequence[float], truths: Sequence[bool], groups: Sequence[str] | None = None) -> Estimate:
    """P(a true item scores above a false one), ties a half (the area under the ROC curve), with its 95 % interval.

    The variance is DeLong's, or with `groups` Obuchowski's (1997, Biometrics 53:567): items of one group (the answers to one
    prompt, say) are not independent. The interval is taken on the logit scale; it needs two groups with items of each kind,
    else `low` and `high` are None.

    >>> rank_agreement([0.1, 0.4, 0.35, 0.8], [False, False, True, True]).value
    0.75
    """
    _want_pairs(scores, truths)
    names = list(range(len(scores))) if groups is None else list(groups)
    yes = [score for score, truth in zip(scores, truths, strict=True) if truth]
    no = [score for score, truth in zip(scores, truths, strict=True) if not truth]
    if not yes or not no:
        raise ContractError(
            f"rank agreement: got {len(yes)} true and {len(no)} false items, wanted some of each",
            hint="rank agreement compares true items with false ones",
        )
    of_yes, of_no = _shares_below(yes, no), [1.0 - share for share in _shares_below(no, yes)]
    area = math.fsum(of_yes) / len(yes)
    sides: tuple[dict[object, float], dict[object, float]] = ({}, {})
    shares = {True: iter(of_yes), False: iter(of_no)}
    for truth, name in zip(truths, names, strict=True):
        side = sides[0 if truth else 1]
        side[name] = side.get(name, 0.0) + next(shares[bool(truth)]) - area
    low = high = None
    if min(len(sides[0]), len(sides[1])) > 1:
        low, high = _logit_interval(area, _area_variance(*sides, len(yes), len(no)), len(set(names)))
    return Estimate(value=area, low=low, high=high, n=len(scores))


def _area_variance(yes: Mapping[object, float], no: Mapping[object, float], n_yes: int, n_no: int) -> float:
    """The variance of the area from each group's summed deviations, of true items and of false ones."""
    n_groups = len(yes.keys() | no.keys())
    first = len(yes) / (len(yes) - 1) * math.fsum(d * d for d in yes.values()) / n_yes**2
    second = len(no) / (len(no) - 1) * math.fsum(d * d for d in no.values()) / n_no**2
    both = math.fsum(d * no[name] for name, d in yes.items() if name in no)
    return max(0.0, first + second + 2 * n_groups / (n_groups - 1) * both / (n_yes * n_no))


def compare(
    metric: str,
    per_sample: Mapping[str, Mapping[str, float | None]],
    differences: Sequence[tuple[str, str]],
    *,
    seed: int = 0,
) -> list[Measure]:
    """Rows of one metric: each arm's mean, then each paired difference ("student-base") over prompts that both arms answered.

    `per_sample` maps arm -> prompt id -> value; None is a value that could not be measured and enters nothing. An arm or a
    difference with nothing behind it has no row.
    """
    arms = {
        arm: {prompt: float(value) for prompt, value in sorted(values.items()) if value is not None}
        for arm, values in per_sample.items()
    }
    rows = []
    for arm, values in arms.items():
        if values:
            estimate = mean_with_interval(list(values.values()), seed=seed_from(seed, "bootstrap", metric, arm))
            rows.append(_measure(arm, metric, estimate))
    for one, other in differences:
        both = [prompt for prompt in arms.get(one, {}) if prompt in arms.get(other, {})]
        if both:
            first, second = [arms[one][prompt] for prompt in both], [arms[other][prompt] for prompt in both]
            estimate = difference_with_interval(first, second, seed=seed_from(seed, "bootstrap", metric, one, other))
            rows.append(_measure(f"{one}-{other}", metric, estimate))
    return rows


def _measure(arm: str, metric: str, estimate: Estimate) -> Measure:
    return Measure(arm=arm, metric=metric, value=estimate.value, low=estimate.low, high=estimate.high, n=estimate.n)


def _resampled_means(values: Sequence[float], seed: int) -> list[float]:
    """The sorted means of 2,000 resamples with replacement. Scaled to [0, 1] first, so that sums neither overflow nor cancel."""
    n, lowest = len(values), min(values)
    span = max(values) - lowest
    unit = [(value - lowest) / span for value in values]
    pick = random.Random(seed).choices  # noqa: S311 - statistics, not secrets
    return sorted(lowest + span * (sum(pick(unit, k=count)) / n) for count in repeat(n, N_RESAMPLES))


def _percentiles(ordered: Sequence[float], tail: float) -> tuple[float, float]:
    """The values that leave a share `tail` of the ordered means on each side."""
    last = len(ordered) - 1
    rank = tail * last
    below, part = int(rank), rank - int(rank)
    low = ordered[below] + part * (ordered[below + 1] - ordered[below])
    high = ordered[last - below] - part * (ordered[last - below] - ordered[last - below - 1])
    return low, high


def _expanded_tail(n: int) -> float:
    """The tail share whose normal quantile is sqrt(n / (n - 1)) times the t quantile of n - 1 degrees of freedom."""
    return _NORMAL.cdf(-math.sqrt(n / (n - 1)) * _t975(n - 1))


def _t975(degrees: int) -> float:
    """The 97.5 % quantile of Student's t: tabled for 1 to 3 degrees, else the Cornish-Fisher expansion (error < 0.02)."""
    if degrees <= 3:
        return (12.7062, 4.30265, 3.18245)[degrees - 1]
    z = _Z95
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return math.fsum(term / float(degrees) ** power for power, term in enumerate(terms))


def _interval_of_equal_shares(value: float, n: int) -> tuple[float, float]:
    if value not in (0.0, 1.0):
        return value, value
    estimate = wilson(int(value) * n, n)
    return float(estimate.low or 0.0), float(estimate.high or 0.0)


def _agresti_min(differences: Sequence[float]) -> tuple[float, float]:
    """The interval of a paired difference of shares with half a pair added to each of the four cells (Agresti, Min 2005)."""
    n = len(differences) + 2
    up, down = sum(d > 0 for d in differences) + 0.5, sum(d < 0 for d in differences) + 0.5
    centre, half = (up - down) / n, _Z95 * math.sqrt(up + down - (up - down) ** 2 / n) / n
    return max(-1.0, centre - half), min(1.0, centre + half)


def _shares_below(these: Sequence[float], those: Sequence[float]) -> list[float]:
    """For each of `these` the share of `those` below it, ties a half; by bisection."""
    from bisect import bisect_left, bisect_right

    ordered = sorted(those)
    return [(bisect_left(ordered, x) + bisect_right(ordered, x)) / (2 * len(ordered)) for x in these]


def _logit_interval(area: float, variance: float, n: int) -> tuple[float, float]:
    """The interval of an area in [0, 1]; at the ends, where the variance is zero, Wilson's for n items stands in."""
    if not 0.0 < area < 1.0 or variance == 0.0:
        estimate = wilson(round(area * n), n)
        return float(estimate.low or 0.0), float(estimate.high or 0.0)
    logit, half = math.log(area / (1 - area)), _Z95 * math.sqrt(variance) / (area * (1 - area))
    return 1 / (1 + math.exp(-(logit - half))), 1 / (1 + math.exp(-(logit + half)))


def _want_values(n: int, what: str) -> None:
    if n < 1:
        raise ContractError(
            f"{what}: got no values, wanted at least one", hint="nothing was measured; see the failures"
        )


def _want_pairs(first: Sequence[float], second: Sequence[float]) -> None:
    _want_values(len(first), "a comparison")
    if len(first) != len(second):
        raise ContractError(
            f"a comparison: got {len(first)} and {len(second)} values, wanted as many of each",
            hint="pair the values by prompt before comparing them",
        )
