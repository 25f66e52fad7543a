"""How well chains mix: autocorrelation, effective sample size, and the rank-normalised split R-hat of several chains.

R-hat and the effective size are those of Vehtari, Gelman, Simpson, Carpenter and Buerkner (Bayesian Analysis 16, 2021): near 1,
and near the number of draws, where the chains of one prompt cannot be told apart; R-hat above 1.01 says that they can. A
trace is [C chains, S states] of one number; where it never changes nothing can be said of it, and the answer is NaN.
"""

from __future__ import annotations

import math
from typing import Any

LEAST_STATES = 4
"""Of a chain that is split in halves, which need two states each."""
Trace = Any
"""An array of floats [C, S]."""


def r_hat(trace_CS: Trace) -> float:
    """The rank-normalised split R-hat, the larger of that of the values and of their distance from the median."""
    import numpy as np

    halves = _split(np.asarray(trace_CS, dtype=float))
    folded = abs(halves - np.median(halves))
    return max(_plain_r_hat(_z_of_ranks(halves)), _plain_r_hat(_z_of_ranks(folded)), key=lambda one: (one == one, one))


def effective_size(trace_CS: Trace) -> float:
    """How many independent draws the rank-normalised split chains are worth (Geyer's initial monotone sequence)."""
    import numpy as np

    halves = _z_of_ranks(_split(np.asarray(trace_CS, dtype=float)))
    n_chains, n = halves.shape
    within, total = _variances(halves)
    if not within:
        return math.nan
    centred = halves - halves.mean(axis=1, keepdims=True)
    lagged = [float((centred[:, : n - lag] * centred[:, lag:]).sum(axis=1).mean()) / n for lag in range(n)]
    rho = [1 - (within - value) / total for value in lagged]
    rho[0] = 1.0
    time, last = -1.0, math.inf
    for lag in range(0, n - 1, 2):
        pair = min(last, rho[lag] + rho[lag + 1])
        if pair < 0:
            break
        time, last = time + 2 * pair, pair
    most = n_chains * n * math.log10(n_chains * n)
    return float(min(n_chains * n / max(time, 1e-12), most))


def lag_one(trace_CS: Trace) -> float:
    """The correlation of a state's number with the next one's, about the mean of all chains."""
    import numpy as np

    trace = np.asarray(trace_CS, dtype=float)
    centred = trace - trace.mean()
    spread = float((centred**2).mean())
    return float((centred[:, :-1] * centred[:, 1:]).mean()) / spread if spread else math.nan


def _split(trace: Trace) -> Trace:
    """Each chain as two; the middle state of an odd number is left out."""
    import numpy as np

    half = trace.shape[1] // 2
    return np.concatenate([trace[:, :half], trace[:, trace.shape[1] - half :]])


def _z_of_ranks(values: Trace) -> Trace:
    """The normal scores of the ranks among all values (ties share their mean rank)."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    ranks = rankdata(values, method="average").reshape(values.shape)
    return ndtri((ranks - 0.375) / (values.size + 0.25))


def _plain_r_hat(halves: Trace) -> float:
    within, total = _variances(halves)
    return math.sqrt(total / within) if within else math.inf if total else math.nan


def _variances(halves: Trace) -> tuple[float, float]:
    """The mean variance within chains, and the variance of all that between and within give."""
    n = halves.shape[1]
    within = float(halves.var(axis=1, ddof=1).mean())
    between = float(halves.mean(axis=1).var(ddof=1))
    return within, within * (n - 1) / n + between
