"""What a comparer of two arms says, as shares: how often the first wins, ties, loses or is not counted, and which place is chosen.

A win is a preference in both orders, a loss likewise; where the orders disagree, or one of them is a tie, it is a tie (arXiv
2406.11275, section 4.1, after Self-Rewarding LMs, 2401.10020). What has no verdict in one of its orders is not counted: wins,
ties and losses are shares of what is, so they add up to 1.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sctk_core.records import Measure

Outcome = Literal["win", "tie", "lose"]
OUTCOMES: tuple[Outcome, ...] = ("win", "tie", "lose")
UNCOUNTED, FIRST_CHOSEN = "uncounted", "first-chosen"


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """Both orders of one prompt: by how much the place that the arm stands in is preferred, first as the first, then as the second.

    Each is above 0 where the first of the two places is preferred: `ahead` with the arm in it, `behind` with the other arm in it.
    """

    ahead: float
    behind: float

    @classmethod
    def of(cls, preferred: float, placed: float) -> Compared:
        """Out of half the difference and half the sum of both orders, as they are stored.

        >>> Compared.of(0.0, 1.0), Compared.of(1.0, 0.0).outcome
        (Compared(ahead=1.0, behind=1.0), 'win')
        """
        return cls(ahead=placed + preferred, behind=placed - preferred)

    @property
    def outcome(self) -> Outcome:
        """What the arm came to."""
        if self.ahead > 0 > self.behind:
            return "win"
        return "lose" if self.ahead < 0 < self.behind else "tie"

    @property
    def firsts(self) -> tuple[float, ...]:
        """For each order that is no tie, 1 where the first place was chosen, else 0."""
        return tuple(float(one > 0) for one in (self.ahead, self.behind) if one)


def shares(
    arms: str, metric: str, compared: Mapping[str, Compared | None], groups: Mapping[str, Hashable], seed: int = 0
) -> list[Measure]:
    """The shares of two arms ("student-sft") by prompt id, with 95 % intervals; None: not counted. Prompts of a group are resampled
    together.
    """
    told = {prompt: one for prompt, one in compared.items() if one is not None}
    outcomes = {prompt: one.outcome for prompt, one in told.items()}
    rows: dict[str, list[tuple[str, float]]] = {
        name: [(prompt, float(found == name)) for prompt, found in outcomes.items()] for name in OUTCOMES
    }
    rows[UNCOUNTED] = [(prompt, float(one is None)) for prompt, one in compared.items()]
    rows[FIRST_CHOSEN] = [(prompt, first) for prompt, one in told.items() for first in one.firsts]
    return [_share(arms, f"{metric}.{name}", values, groups, seed) for name, values in rows.items() if values]


def _share(
    arms: str, metric: str, values: Sequence[tuple[str, float]], groups: Mapping[str, Hashable], seed: int
) -> Measure:
    from sctk_core.statistics import groups_of, mean_with_interval

    among = groups_of((prompt for prompt, _ in values), groups)
    found = mean_with_interval([one for _, one in values], among, seed=seed)
    return Measure(arm=arms, metric=metric, value=found.value, low=found.low, high=found.high, n=found.n)
