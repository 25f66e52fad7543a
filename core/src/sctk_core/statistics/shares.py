"""Shares: Wilson's interval of one, the Agresti-Min interval of a paired difference, and McNemar's exact test of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from sctk_core.statistics.estimate import Estimate, want_pairs, want_values

Z95 = NormalDist().inv_cdf(0.975)


def wilson(n_yes: float, n: float) -> Estimate:
    """The share n_yes / n and Wilson's (1927) 95 % score interval; `n` may be an effective count, and is rounded in what is said.

    >>> estimate = wilson(9, 10)
    >>> estimate.value, round(estimate.low, 3), round(estimate.high, 3)
    (0.9, 0.596, 0.982)
    """
    want_values(math.ceil(n), "a share")
    share, z2 = n_yes / n, Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    low = centre - half if n_yes > 0 else 0.0  # exactly, where rounding would leave the interval beside its share
    high = centre + half if n_yes < n else 1.0
    return Estimate(value=share, low=low, high=high, n=round(n))


def agreement(first: Sequence[bool], second: Sequence[bool]) -> Estimate:
    """The share of items on which two binary judges say the same, with Wilson's interval.

    >>> agreement([True, True, False, False], [True, False, False, False]).value
    0.75
    """
    want_pairs(first, second)
    return wilson(sum(bool(a) == bool(b) for a, b in zip(first, second, strict=True)), len(first))


def agresti_min(up: int, down: int, n: int) -> tuple[float, float]:
    """The 95 % interval of (up - down) / n, a paired difference of shares with `up` and `down` discordant pairs of n.

    Half a pair is added to each of the four cells (Agresti, Min 2005, Statistics in Medicine 24:729).
    """
    n, more, less = n + 2, up + 0.5, down + 0.5
    centre, half = (more - less) / n, Z95 * math.sqrt(more + less - (more - less) ** 2 / n) / n
    return max(-1.0, centre - half), min(1.0, centre + half)


def mcnemar(up: int, down: int) -> float:
    """The exact two-sided p-value of `up` against `down` discordant pairs (McNemar 1947, by the binomial).

    >>> mcnemar(4, 0), mcnemar(3, 3)
    (0.125, 1.0)
    """
    from scipy.special import bdtr

    if up + down == 0:
        return 1.0
    return min(1.0, 2.0 * float(bdtr(min(up, down), up + down, 0.5)))
