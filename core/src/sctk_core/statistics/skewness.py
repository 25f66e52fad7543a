"""Student's t of few values whose distribution leans to one side, which the plain test and sign flips take for symmetric.

Johnson 1978 (JASA 73:536): the third moment is put into the statistic. Of 6 to 14 differences drawn from an exponential less its
mean the plain tests are wrong in up to 10 %, nearly all of them below zero; with this beside them in 5 to 7 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def skew_adjusted(values: Sequence[float]) -> float:
    """The two-sided p-value of a mean of zero of n >= 2 values; 1 where the adjustment turns the sign, 0 where all are one value.

    >>> skew_adjusted([0.3, 0.1, 0.4, 0.1, 0.5, 0.9]) < 0.05, skew_adjusted([2.0, 2.0, 2.0])
    (True, 0.0)
    """
    import numpy as np
    from scipy.special import stdtr

    found = np.asarray(values, dtype=np.float64)
    if found.min() == found.max():
        return 0.0
    found = found / np.abs(found).max()
    n, mean = len(found), float(found.mean())
    variance, third = float(found.var(ddof=1)), float(((found - mean) ** 3).mean())
    shifted = mean + third / (6 * variance * n) + third * mean**2 / (3 * variance**2)
    if shifted * mean <= 0:
        return 1.0
    return 2 * float(stdtr(n - 1, -abs(shifted) * math.sqrt(n / variance)))
