"""The sign-flip test: if two arms are alike, each paired difference could as well have had the other sign.

Fisher's randomisation test for pairs: exact for any distribution that is symmetric about zero, at any n. Of differences that
are all of one size it is McNemar's exact test. Rows of one group flip together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sctk_core.statistics.shares import mcnemar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

N_EXACT = 14
"""Up to so many differences that are not zero all 2^n flips are looked at; above, a sample of them."""
N_FLIPS = 9_999
N_MANY = 10_000
"""Above so many the sum of flipped differences is normal for all that can be told, and its spread is known exactly."""
_AT_ONCE = 2_000_000


def sign_flips(differences: Sequence[float], seed: int) -> float:
    """The two-sided p-value of a mean difference of zero, from n >= 1 differences (of groups: their sums).

    Above 14 differences 9,999 random flips, seeded, and the observed one stand for all (so p >= 0.0001).

    >>> sign_flips([0.3, 0.1, 0.4, 0.1, 0.5, 0.9], 0)
    0.03125
    """
    import numpy as np
    from scipy.special import ndtr

    sizes = np.abs(np.asarray([d for d in differences if d != 0.0], dtype=np.float64))
    up = sum(d > 0 for d in differences)
    if not len(sizes):
        return 1.0
    if sizes.min() == sizes.max():
        return mcnemar(up, len(sizes) - up)
    sizes /= sizes.max()
    observed = abs(float(np.dot(sizes, np.sign([d for d in differences if d != 0.0])))) * (1 - 1e-12)
    if len(sizes) > N_MANY:
        return 2 * float(ndtr(-observed / np.sqrt(np.dot(sizes, sizes))))
    if len(sizes) <= N_EXACT:
        flips = 1 - 2 * ((np.arange(2 ** len(sizes))[:, None] >> np.arange(len(sizes))) & 1)
        return float(np.mean(np.abs(flips @ sizes) >= observed))
    return (1 + _as_far(sizes, observed, np.random.Generator(np.random.PCG64(seed)))) / (1 + N_FLIPS)


def _as_far(sizes: NDArray[np.float64], observed: float, rng: np.random.Generator) -> int:
    """How many of the random flips give a sum as far from zero as what was observed."""
    import numpy as np

    found, left = 0, N_FLIPS
    while left:
        n = min(left, max(1, _AT_ONCE // len(sizes)))
        signs = rng.integers(0, 2, size=(n, len(sizes)), dtype=np.int8).astype(np.float64) * 2 - 1
        found += int(np.sum(np.abs(signs @ sizes) >= observed))
        left -= n
    return found
