"""How far scores and truths agree in rank: the area under the ROC curve, over all items and within the items of each group."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Mapping, Sequence

from sctk_core.errors import ContractError
from sctk_core.statistics.estimate import Estimate, want_pairs
from sctk_core.statistics.means import mean_with_interval
from sctk_core.statistics.shares import Z95, wilson


def rank_agreement(scores: Sequence[float], truths: Sequence[bool], groups: Sequence[str] | None = None) -> Estimate:
    """P(a true item scores above a false one), ties a half (the area under the ROC curve), with its 95 % interval.

    The variance is DeLong's, or with `groups` Obuchowski's (1997, Biometrics 53:567): items of one group (the answers to one
    prompt, say) are not independent. The interval is taken on the logit scale; it needs two groups with items of each kind,
    else `low` and `high` are None.

    >>> rank_agreement([0.1, 0.4, 0.35, 0.8], [False, False, True, True]).value
    0.75
    """
    want_pairs(scores, truths)
    names = list(range(len(scores))) if groups is None else list(groups)
    yes = [score for score, truth in zip(scores, truths, strict=True) if truth]
    no = [score for score, truth in zip(scores, truths, strict=True) if not truth]
    if not yes or not no:
        raise ContractError(
            f"rank agreement: got {len(yes)} true and {len(no)} false items, wanted some of each",
            hint="rank agreement compares true items with false ones",
        )
    of_yes, of_no = _shares_below(yes, no), [1.0 - share for share in _shares_below(no, yes)]
    area = math.fsum(of_yes) / len(yes)
    sides: tuple[dict[object, float], dict[object, float]] = ({}, {})
    shares = {True: iter(of_yes), False: iter(of_no)}
    for truth, name in zip(truths, names, strict=True):
        side = sides[0 if truth else 1]
        side[name] = side.get(name, 0.0) + next(shares[bool(truth)]) - area
    low = high = None
    if min(len(sides[0]), len(sides[1])) > 1:
        low, high = _logit_interval(area, _area_variance(*sides, len(yes), len(no)), len(set(names)))
    return Estimate(value=area, low=low, high=high, n=len(scores))


def _area_variance(yes: Mapping[object, float], no: Mapping[object, float], n_yes: int, n_no: int) -> float:
    """The variance of the area from each group's summed deviations, of true items and of false ones."""
    n_groups = len(yes.keys() | no.keys())
    first = len(yes) / (len(yes) - 1) * math.fsum(d * d for d in yes.values()) / n_yes**2
    second = len(no) / (len(no) - 1) * math.fsum(d * d for d in no.values()) / n_no**2
    both = math.fsum(d * no[name] for name, d in yes.items() if name in no)
    return max(0.0, first + second + 2 * n_groups / (n_groups - 1) * both / (n_yes * n_no))


def rank_agreement_within(
    scores: Sequence[float], truths: Sequence[bool], groups: Sequence[Hashable], *, seed: int = 0
) -> Estimate | None:
    """The mean over groups of the area within each, of those that hold a true and a false item; None where none does.

    The area over all items is high as soon as easy prompts score above hard ones; this one asks whether of two answers to one
    prompt the true one scores higher, which is what a preference pair is made of.
    """
    want_pairs(scores, truths)
    by_group: dict[Hashable, tuple[list[float], list[float]]] = {}
    for score, truth, group in zip(scores, truths, groups, strict=True):
        by_group.setdefault(group, ([], []))[0 if truth else 1].append(score)
    areas = [math.fsum(_shares_below(yes, no)) / len(yes) for yes, no in by_group.values() if yes and no]
    return mean_with_interval(areas, seed=seed) if areas else None


def _shares_below(these: Sequence[float], those: Sequence[float]) -> list[float]:
    """For each of `these` the share of `those` below it, ties a half; by bisection."""
    ordered = sorted(those)
    return [(bisect_left(ordered, x) + bisect_right(ordered, x)) / (2 * len(ordered)) for x in these]


def _logit_interval(area: float, variance: float, n: int) -> tuple[float, float]:
    """The interval of an area in [0, 1]; at the ends, where the variance is zero, Wilson's for n items stands in."""
    if not 0.0 < area < 1.0 or variance == 0.0:
        estimate = wilson(round(area * n), n)
        return float(estimate.low or 0.0), float(estimate.high or 0.0)
    logit, half = math.log(area / (1 - area)), Z95 * math.sqrt(variance) / (area * (1 - area))
    return 1 / (1 + math.exp(-(logit - half))), 1 / (1 + math.exp(-(logit + half)))
