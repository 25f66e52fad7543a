"""Calibration of scores to labels: isotonic regression, its map by knots, and the expected calibration error with its interval.

A judge's 4 of 5 is seldom right in 80 % of cases. Isotonic regression (Zadrozny, Elkan 2002, KDD) fits the best map that never
falls; what it does is measured on rows that it was not fitted on. The error is the mean over equal bins of scores of how far the
mean label is from the mean score, in the labels' unit. Rows of one group (answers to one prompt) stand on one side of every fold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sctk_core.errors import ContractError
from sctk_core.scales import Knots, calibrated
from sctk_core.statistics.estimate import Estimate, want_pairs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

N_BINS = 10
N_FOLDS = 5
N_LEAST_ROWS = 20
N_RESAMPLES = 1000


def isotonic(scores: Sequence[float], labels: Sequence[float]) -> Knots:
    """The map from scores to labels that never falls and errs least in squares, as knots; between them it is linear.

    >>> isotonic([1, 2, 2, 3], [0.0, 1.0, 0.0, 0.25])
    ((1.0, 0.0), (2.0, 0.4167), (3.0, 0.4167))
    """
    import numpy as np
    from scipy.optimize import isotonic_regression

    want_pairs(scores, labels)
    places, which, counts = np.unique(np.asarray(scores, dtype=float), return_inverse=True, return_counts=True)
    means = np.bincount(which, weights=np.asarray(labels, dtype=float)) / counts
    fitted = np.round(isotonic_regression(means, weights=counts).x, 4)
    kept = [
        place
        for place in range(len(places))
        if place in (0, len(places) - 1) or not fitted[place - 1] == fitted[place] == fitted[place + 1]
    ]
    return tuple((float(places[place]), float(fitted[place])) for place in kept)


def cross_fitted(scores: Sequence[float], labels: Sequence[float], groups: Sequence[str]) -> list[float]:
    """Each score after the map that the rows of the other folds give; the fold of a group comes from a digest of its name."""
    want_pairs(scores, labels)
    folds = [int(hashlib.blake2b(name.encode(), digest_size=4).hexdigest(), 16) % N_FOLDS for name in groups]
    found = [0.0] * len(scores)
    for fold in set(folds):
        others = [place for place, mine in enumerate(folds) if mine != fold]
        if not others:
            raise ContractError(
                f"calibration: got {len(set(groups))} groups that fall into one fold, wanted more",
                hint="give labels to answers to more prompts",
            )
        knots = isotonic([scores[place] for place in others], [labels[place] for place in others])
        for place, mine in enumerate(folds):
            if mine == fold:
                found[place] = calibrated(scores[place], knots)
    return found


def calibration_error(
    scores: Sequence[float], labels: Sequence[float], groups: Sequence[str], *, seed: int = 0
) -> Estimate:
    """The expected calibration error (Naeini and others 2015, AAAI) over ten bins of as many rows, equal scores in one.

    The error as computed is too high, more so in few rows: the bias that 1,000 resamples of the groups show is taken off (never
    below 0). The interval begins where noise alone would not have brought the error (no further from the truth, by the triangle
    inequality, than the resamples' bins are from the found ones in 95 %), and ends at the resamples' 97.5th percentile: it
    covers at least as often as it says, and a calibrated judge is not told to err.
    """
    import numpy as np

    want_pairs(scores, labels)
    with np.errstate(over="ignore", invalid="ignore"):  # numbers too large to be added give one that is not finite
        return _error(scores, labels, groups, seed)


def _error(scores: Sequence[float], labels: Sequence[float], groups: Sequence[str], seed: int) -> Estimate:
    import numpy as np

    bins = _bins(np.asarray(scores, dtype=float))
    gaps = np.asarray(labels, dtype=float) - np.asarray(scores, dtype=float)
    names = {name: place for place, name in enumerate(dict.fromkeys(groups))}
    sums = np.zeros((len(names), int(bins.max()) + 1))
    counts = np.zeros(len(names))
    for name, each, gap in zip(groups, bins, gaps, strict=True):
        sums[names[name], each] += gap
        counts[names[name]] += 1
    found = float(np.abs(sums.sum(axis=0)).sum() / counts.sum())
    if len(names) < 2:
        return Estimate(value=found, low=None, high=None, n=len(gaps))
    rng = np.random.Generator(np.random.PCG64(seed))
    weights = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=N_RESAMPLES)
    drawn = (weights @ sums) / (weights @ counts)[:, None]
    resampled = np.abs(drawn).sum(axis=1)
    noise = np.abs(drawn - sums.sum(axis=0) / counts.sum()).sum(axis=1)
    low = max(0.0, found - float(np.quantile(noise, 0.975)))
    high = float(np.quantile(resampled, 0.975))
    value = min(max(low, 2 * found - float(resampled.mean())), high)
    return Estimate(value=value, low=low, high=high, n=len(gaps))


def _bins(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each score, by its rank; equal scores share the bin of the first of them."""
    import numpy as np

    firsts = np.searchsorted(np.sort(scores), scores)
    _, bins = np.unique(firsts * N_BINS // len(scores), return_inverse=True)
    return bins.astype(np.int64)
