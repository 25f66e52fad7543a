"""Means: Student's t interval for few rows, the BCa bootstrap for more, groups resampled where rows are of one group.

A mean of rows that fall into groups is a ratio, of the groups' sums to their counts; all is computed of those two columns. Rows
without groups are groups of one. BCa is bias-corrected and accelerated (Efron 1987, JASA 82:171), its tail shares expanded for
small n as Hesterberg (2015, The American Statistician 69:371) does, since a resample of n rows varies too little by (n - 1) / n.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from sctk_core.statistics.estimate import Estimate, are_shares, want_pairs, want_values
from sctk_core.statistics.flips import sign_flips
from sctk_core.statistics.shares import agresti_min, mcnemar, wilson
from sctk_core.statistics.skewness import skew_adjusted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

N_RESAMPLES = 2000
N_FEW = 15
N_MANY = 10_000
"""Below `N_FEW` groups the interval is Student's t, as a bootstrap of few covers too little; above `N_MANY` the two are one."""
_AT_ONCE = 2_000_000


def mean_with_interval(values: Sequence[float], groups: Sequence[Hashable] | None = None, *, seed: int = 0) -> Estimate:
    """The mean of n >= 1 values with its interval: Wilson's of a share, else BCa of 15 to 10,000 groups and t of others.

    >>> mean_with_interval([1.0, 2.0, 3.0, 4.0]) == mean_with_interval([1.0, 2.0, 3.0, 4.0])
    True
    """
    n = len(values)
    want_values(n, "a mean")
    mean = _mean(values)
    if n < 2:
        return Estimate(value=mean, low=None, high=None, n=n)
    sums, counts = grouped(values, groups)
    if are_shares(values):
        found = wilson(mean * _effective(sums, counts), _effective(sums, counts))
        return Estimate(value=mean, low=found.low, high=found.high, n=n)
    if len(sums) < 2:
        return Estimate(value=mean, low=None, high=None, n=n)
    low, high = _interval(sums, counts, seed)
    return Estimate(value=mean, low=low, high=high, n=n)


def difference_with_interval(
    first: Sequence[float], second: Sequence[float], groups: Sequence[Hashable] | None = None, *, seed: int = 0
) -> Estimate:
    """The mean of first[i] - second[i] over n >= 1 pairs, with its interval and the sign-flip test of its being zero.

    Of two shares the interval is Agresti and Min's and the test McNemar's exact one; else as of a mean, groups flipped whole, and
    below `N_FEW` groups the p-value is the larger of the sign flips' and of Student's t adjusted for skewness.
    """
    want_pairs(first, second)
    differences = [a - b for a, b in zip(first, second, strict=True)]
    n, mean, shares = len(differences), _mean(differences), are_shares(first, second)
    sums, counts = grouped(differences, groups)
    if len(sums) < 2:
        return Estimate(value=mean, low=None, high=None, n=n)
    if shares and len(sums) == n:
        up, down = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
        low, high = agresti_min(up, down, n)
        return Estimate(value=mean, low=low, high=high, n=n, p=mcnemar(up, down))
    low, high = _interval(sums, counts, seed)
    if shares:
        low, high = max(-1.0, low), min(1.0, high)
    leaning = skew_adjusted(sums.tolist()) if len(sums) < N_FEW else 0.0
    return Estimate(value=mean, low=low, high=high, n=n, p=max(sign_flips(sums.tolist(), seed), leaning))


def _mean(values: Sequence[float]) -> float:
    """The mean, scaled by the number first where the sum would overflow."""
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)


def grouped(
    values: Sequence[float], groups: Sequence[Hashable] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The sums and the counts of the groups, in the order in which they are met."""
    import numpy as np

    if groups is None:
        return np.asarray(values, dtype=np.float64), np.ones(len(values))
    places: dict[Hashable, int] = {}
    index = [places.setdefault(group, len(places)) for group in groups]
    return np.bincount(index, weights=values).astype(np.float64), np.bincount(index).astype(np.float64)


def _effective(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    """The count of independent rows that a share of grouped rows is worth: n over the design effect (Kish 1965), at most n."""
    n, n_groups = float(counts.sum()), len(counts)
    share = float(sums.sum()) / n
    if n_groups == n or share in (0.0, 1.0):
        return float(n_groups)
    of_groups = n_groups / max(1, n_groups - 1) * float(((sums - share * counts) ** 2).sum()) / n**2
    return n if of_groups == 0.0 else min(n, share * (1 - share) / of_groups)


def _interval(sums: NDArray[np.float64], counts: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """The interval of sums / counts, computed on values between 0 and 1 so that it neither overflows nor cancels."""
    lowest, scale = float((sums / counts).min()), float((sums / counts / 2).max() - (sums / counts / 2).min())
    if scale == 0.0:
        return lowest, lowest
    unit = (sums / 2 - lowest / 2 * counts) / scale
    low, high = _student(unit, counts) if not N_FEW <= len(sums) <= N_MANY else _bca(unit, counts, seed)
    return lowest + 2 * (scale * low), lowest + 2 * (scale * high)


def _student(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> tuple[float, float]:
    from scipy.special import stdtrit

    n_groups, n = len(sums), float(counts.sum())
    mean = float(sums.sum()) / n
    variance = n_groups / (n_groups - 1) * float(((sums - mean * counts) ** 2).sum()) / n**2
    half = float(stdtrit(n_groups - 1, 0.975)) * math.sqrt(variance)
    return mean - half, mean + half


def _bca(sums: NDArray[np.float64], counts: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """The BCa interval of a ratio by 2,000 resamples of its groups, with expanded tails."""
    import numpy as np
    from scipy.special import ndtr, ndtri, stdtrit

    n = len(sums)
    mean = sums.sum() / counts.sum()
    draws = np.sort(resampled(sums, counts, np.random.Generator(np.random.PCG64(seed))))
    left_out = (sums.sum() - sums) / (counts.sum() - counts)
    pull = left_out.mean() - left_out
    acceleration = float((pull**3).sum() / (6 * ((pull**2).sum()) ** 1.5 + 1e-300))
    below = (np.sum(draws < mean) + 0.5 * np.sum(draws == mean)) / len(draws)
    bias = float(ndtri(np.clip(below, 1 / len(draws), 1 - 1 / len(draws))))
    wide = math.sqrt(n / (n - 1)) * float(stdtrit(n - 1, 0.975))
    tails = [float(ndtr(bias + (bias + z) / max(0.1, 1 - acceleration * (bias + z)))) for z in (-wide, wide)]
    low, high = np.quantile(draws, tails)
    return float(low), float(high)


def resampled(
    sums: NDArray[np.float64], counts: NDArray[np.float64], rng: np.random.Generator, n_resamples: int = N_RESAMPLES
) -> NDArray[np.float64]:
    """The ratios of resamples with replacement, some at once so that memory stays flat."""
    import numpy as np

    n, found = len(sums), np.empty(n_resamples)
    step = max(1, _AT_ONCE // n)
    for start in range(0, n_resamples, step):
        picked = rng.integers(0, n, size=(min(step, n_resamples - start), n))
        found[start : start + step] = sums[picked].sum(axis=1) / counts[picked].sum(axis=1)
    return found
