"""A number with what stands behind it, and what every room of statistics asks of its input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sctk_core.errors import ContractError


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A value with its 95 % interval and the count behind it; `low` and `high` None: n < 2, so there is no interval.

    `p`, of a difference, is the two-sided p-value of the hypothesis that there is none; None: nothing was tested.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    p: float | None = None


def want_values(n: int, what: str) -> None:
    if n < 1:
        raise ContractError(
            f"{what}: got no values, wanted at least one", hint="nothing was measured; see the failures"
        )


def want_pairs(first: Sequence[object], second: Sequence[object]) -> None:
    want_values(len(first), "a comparison")
    if len(first) != len(second):
        raise ContractError(
            f"a comparison: got {len(first)} and {len(second)} values, wanted as many of each",
            hint="pair the values by prompt before comparing them",
        )


def are_shares(*columns: Sequence[float]) -> bool:
    """Whether all values are 0 or 1, so that their mean is a share."""
    return all(value in (0.0, 1.0) for column in columns for value in column)
