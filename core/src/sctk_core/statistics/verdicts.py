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


SUPPORTED, NOT_SUPPORTED, NOT_DECIDED = "supported", "not supported", "undecided"
N_LEAST_SEEDS = 3
"""Two seeds tell how far they are apart, and hardly how far others would be."""


def borne_out(found: Estimate, least: float, n_rows: int, at_worst: Sequence[Estimate] = ()) -> tuple[str, str]:
    """What a mean over seeds says of the claim that it is at least `least`: the verdict, and why where that is not plain.

    Supported: the interval lies wholly above `least`. Not supported: wholly below it, so that the effect, if there is one, is
    too small to count or goes the other way. Undecided: `least` lies within, there are fewer than three seeds or six rows in the
    smallest of them (`n_rows`), or the failures, put where they do the claim most harm and most good, could turn it (`at_worst`).
    """
    if found.n < N_LEAST_SEEDS:
        return NOT_DECIDED, f"fewer than {N_LEAST_SEEDS} seeds"
    if n_rows < N_LEAST:
        return NOT_DECIDED, f"fewer than {N_LEAST} prompts in a seed"
    word = _side(found, least)
    if any(_side(one, least) != word for one in at_worst):
        return NOT_DECIDED, "the failures could turn it"
    if word == NOT_SUPPORTED:
        return word, "the other way round" if found.high is not None and found.high < 0 else "smaller than what counts"
    return word, "" if word == SUPPORTED else "the smallest effect that counts lies within the interval"


def _side(found: Estimate, least: float) -> str:
    if found.low is None or found.high is None:
        return NOT_DECIDED
    return SUPPORTED if found.low > least else NOT_SUPPORTED if found.high < least else NOT_DECIDED


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
