"""Length as a covariate: what is left of a difference between arms where their answers are equally long."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sctk_core.statistics.estimate import Estimate, want_pairs

N_LEAST = 10
"""Below so many pairs a slope says more about chance than about length."""


def at_equal_length(differences: Sequence[float], lengths: Sequence[float]) -> Estimate | None:
    """The intercept of differences on differences in length (any unit), by least squares over n pairs.

    The interval and p-value are Student's t with n - 2 degrees of freedom and the HC3 variance (MacKinnon, White 1985), which
    holds where the spread changes with length. None below 10 pairs or where all pairs differ equally in length.
    """
    import numpy as np
    from scipy.special import stdtr, stdtrit

    want_pairs(differences, lengths)
    n = len(differences)
    if n < N_LEAST or min(lengths) == max(lengths):
        return None
    y, x = np.asarray(differences, dtype=np.float64), np.asarray(lengths, dtype=np.float64)
    design = np.column_stack([np.ones(n), x / np.abs(x).max()])
    inverse = np.linalg.pinv(design.T @ design)
    found = inverse @ design.T @ y
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    residual = (y - design @ found) / np.clip(1 - leverage, 1e-6, None)
    error = math.sqrt(max(0.0, float((inverse @ (design.T * residual**2) @ design @ inverse)[0, 0])))
    value = float(found[0])
    if error == 0.0:
        return Estimate(value=value, low=value, high=value, n=n, p=1.0 if value == 0.0 else 0.0)
    half = float(stdtrit(n - 2, 0.975)) * error
    return Estimate(
        value=value, low=value - half, high=value + half, n=n, p=2 * float(stdtr(n - 2, -abs(value) / error))
    )
