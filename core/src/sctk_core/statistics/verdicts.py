"""What may be said in words of a difference: only what its interval, its test and the failures behind it all bear out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sctk_core.records import Measure
from sctk_core.statistics.estimate import Estimate

LEVEL = 0.05
N_LEAST = 6
"""Of five pairs even five of one sign happen by chance in 1 of 16 (2 / 2^5), so nothing is said below six."""
ABOVE, BELOW = "above zero", "below zero"
TOO_FEW = f"fewer than {N_LEAST} pairs: no claim"
UNDECIDED = "not told apart from zero"
UNDONE = "not told apart from zero: the failures could undo it"


def verdict(found: Estimate, at_worst: Sequence[Estimate] = ()) -> str:
    """The claim that a difference bears; `at_worst`, the same with all failures counted for one arm and then for the other."""
    if found.n < N_LEAST:
        return TOO_FEW
    claim = _claim(found)
    return UNDONE if claim != UNDECIDED and any(_claim(one) != claim for one in at_worst) else claim


def _claim(found: Estimate) -> str:
    if found.low is None or found.high is None or (found.p is not None and found.p >= LEVEL):
        return UNDECIDED
    return ABOVE if found.low > 0 else BELOW if found.high < 0 else UNDECIDED


def is_claim(words: str | None) -> bool:
    """Whether the words say that a difference is there.

    >>> is_claim("above zero"), is_claim("not told apart from zero")
    (True, False)
    """
    return (words or "").startswith((ABOVE, BELOW))


def with_holm(measures: Sequence[Measure], metrics: set[str]) -> list[Measure]:
    """The rows, the tested differences of `metrics` with their p-values adjusted for their number (Holm 1979).

    Of k tests the i-th smallest p-value is multiplied by k - i + 1, and never falls below the one before. A claim that does not
    outlive that says so beside the plain verdict.
    """
    tested = sorted(
        (i for i, one in enumerate(measures) if one.p is not None and one.metric in metrics),
        key=lambda i: (measures[i].p, i),
    )
    rows, least = list(measures), 0.0
    for rank, i in enumerate(tested):
        least = max(least, min(1.0, (rows[i].p or 0.0) * (len(tested) - rank)))
        words = rows[i].verdict
        if is_claim(words) and least >= LEVEL:
            words = f"{words}, but not among {len(tested)} tests"
        rows[i] = replace(rows[i], p_holm=least, verdict=words)
    return rows
