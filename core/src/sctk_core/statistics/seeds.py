"""Over seeds: the mean of what every seed says, seeds resampled outside and their prompts within them.

A hierarchical bootstrap (Saravanan, Berman and Sober 2020, arXiv 2007.07797): a resample draws seeds with replacement, and for each
that it draws, prompts of that seed, by groups where rows have them. Five seeds vary too little when they are resampled, and the
normal quantile is too near for them, so deviations from the mean are stretched by sqrt(S / (S - 1)) t(S - 1) / z, S the number of
seeds, as `means.py` stretches the tails of few rows. With no difference between seeds the interval is too wide, never too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from sctk_core.statistics.estimate import Estimate, want_values
from sctk_core.statistics.means import N_RESAMPLES, grouped, resampled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Z = 1.959963984540054
THREE = 3.0
"""Of n prompts that all say the same, at most 3 / n of all prompts say otherwise, at 95 % (the rule of three)."""


def over_seeds(
    values: Sequence[Sequence[float]],
    groups: Sequence[Sequence[Hashable] | None] | None = None,
    *,
    reach: float = 1.0,
    seed: int = 0,
) -> Estimate:
    """The mean over seeds of the means of their rows, with its interval; `n` counts seeds, and of one there is no interval.

    `values` are by seed the (paired) differences of its prompts, `groups` likewise their groups. `reach` is the furthest that a
    difference can lie from zero: where all rows of all seeds are equal, the interval is what so many equal rows leave open.
    """
    import numpy as np
    from scipy.special import stdtrit

    want_values(len(values), "a mean over seeds")
    for one in values:
        want_values(len(one), "a seed's mean")
    means = [math.fsum(one) / len(one) for one in values]
    mean, n = math.fsum(means) / len(means), len(means)
    if n < 2:
        return Estimate(value=mean, low=None, high=None, n=n)
    if len({value for one in values for value in one}) == 1:
        share = min(1.0, THREE / sum(map(len, values)))
        return Estimate(value=mean, low=mean - share * (mean + reach), high=mean + share * (reach - mean), n=n)
    parts = [grouped(one, groups[place] if groups else None) for place, one in enumerate(values)]
    drawn = _drawn(parts, np.random.Generator(np.random.PCG64(seed)))
    stretch = math.sqrt(n / (n - 1)) * float(stdtrit(n - 1, 0.975)) / Z
    low, high = (mean + stretch * (float(end) - mean) for end in np.quantile(drawn, [0.025, 0.975]))
    return Estimate(value=mean, low=low, high=high, n=n)


def _drawn(
    parts: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]], rng: np.random.Generator
) -> NDArray[np.float64]:
    """The means of 2,000 resamples: seeds with replacement, and each time anew the groups within them."""
    import numpy as np

    picked = rng.integers(0, len(parts), size=(N_RESAMPLES, len(parts)))
    found = np.empty(picked.shape)
    for place, (sums, counts) in enumerate(parts):
        here = picked == place
        found[here] = resampled(sums, counts, rng, int(here.sum()))
    means: NDArray[np.float64] = found.mean(axis=1)
    return means
