"""Means over seeds: the interval holds what it says with and without differences between seeds, and verdicts are as defined."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sctk_core.errors import ContractError
from sctk_core.statistics import Estimate, borne_out, over_seeds
from sctk_core.statistics.verdicts import NOT_DECIDED, NOT_SUPPORTED, SUPPORTED

N_RUNS, MOST = 150, 10
"""Of 150 runs with 2.5 % of false claims on a side, more than 10 happen in less than 1 of 500."""


def false_claims(n_seeds: int, spread: float, *, n: int = 60, of_a_group: int = 1) -> tuple[int, int]:
    """How often, of 150 runs without a true effect, the interval lies above zero, and how often below; prompts vary by 1."""
    rng = np.random.default_rng(17)
    above = below = 0
    for run in range(N_RUNS):
        rows = [np.repeat(rng.normal(size=n // of_a_group), of_a_group) + spread * rng.normal() for _ in range(n_seeds)]
        groups = [[place // of_a_group for place in range(len(row))] for row in rows]
        found = over_seeds([row.tolist() for row in rows], groups, seed=run)
        assert found.low is not None
        assert found.high is not None
        above, below = above + (found.low > 0), below + (found.high < 0)
    return above, below


@pytest.mark.parametrize("spread", [0.0, 1.0])
@pytest.mark.parametrize("n_seeds", [3, 5])
def test_without_an_effect_a_claim_is_hardly_ever_supported(n_seeds: int, spread: float) -> None:
    assert max(false_claims(n_seeds, spread)) <= MOST


def test_prompts_of_one_group_are_not_so_many_prompts() -> None:
    assert max(false_claims(5, 0.1, of_a_group=6)) <= MOST


def test_seeds_count_alike_and_the_interval_is_wider_the_further_they_are_apart() -> None:
    close = over_seeds([[0.5, 0.7] * 20, [0.6] * 10, [0.5, 0.7] * 5])
    apart = over_seeds([[0.1, 0.3] * 20, [0.6] * 10, [0.9, 1.1] * 5])
    assert close.value == pytest.approx(0.6)
    assert apart.value == pytest.approx(0.6)
    assert close.n == apart.n == 3
    assert apart.low is not None
    assert close.low is not None
    assert apart.low < 0 < 0.4 < close.low


def test_equal_inputs_give_equal_intervals_and_one_seed_gives_none() -> None:
    rows = [[0.0, 1.0, 1.0, -1.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]]
    assert over_seeds(rows, seed=4) == over_seeds(rows, seed=4)
    alone = over_seeds(rows[:1])
    assert (alone.value, alone.low, alone.high, alone.n) == (0.25, None, None, 1)


def test_rows_that_are_all_equal_leave_open_what_the_rule_of_three_leaves_open() -> None:
    found = over_seeds([[0.0] * 20] * 5, reach=1.0)
    assert (found.low, found.high) == (-0.03, 0.03)
    most = over_seeds([[1.0] * 20] * 5, reach=1.0)
    assert (most.low, most.high) == (pytest.approx(0.94), 1.0)


def test_nothing_is_no_mean() -> None:
    with pytest.raises(ContractError):
        over_seeds([])
    with pytest.raises(ContractError):
        over_seeds([[1.0], []])


def estimate(low: float | None, high: float | None, n: int = 5) -> Estimate:
    return Estimate(value=0.0, low=low, high=high, n=n)


@pytest.mark.parametrize(
    ("found", "least", "word", "why"),
    [
        (estimate(0.06, 0.2), 0.05, SUPPORTED, ""),
        (estimate(0.05, 0.2), 0.05, NOT_DECIDED, "within"),
        (estimate(0.01, 0.04), 0.05, NOT_SUPPORTED, "smaller than what counts"),
        (estimate(-0.2, -0.1), 0.05, NOT_SUPPORTED, "the other way round"),
        (estimate(-0.04, 0.1), -0.05, SUPPORTED, ""),
        (estimate(-0.2, -0.06), -0.05, NOT_SUPPORTED, "the other way round"),
        (estimate(0.5, 0.6, n=2), 0.05, NOT_DECIDED, "seeds"),
        (estimate(None, None), 0.05, NOT_DECIDED, ""),
    ],
)
def test_a_verdict_is_what_the_whole_interval_says(found: Estimate, least: float, word: str, why: str) -> None:
    said = borne_out(found, least, 100)
    assert said[0] == word
    assert why in said[1]


def test_few_prompts_and_failures_leave_a_claim_undecided() -> None:
    good = estimate(0.2, 0.4)
    assert borne_out(good, 0.05, 5)[0] == NOT_DECIDED
    assert borne_out(good, 0.05, 6)[0] == SUPPORTED
    assert borne_out(good, 0.05, 6, [estimate(0.1, 0.3), estimate(0.3, 0.5)])[0] == SUPPORTED
    assert borne_out(good, 0.05, 6, [estimate(0.0, 0.3), estimate(0.3, 0.5)]) == (
        NOT_DECIDED,
        "the failures could turn it",
    )


def test_the_mean_does_not_overflow_where_its_values_do_not() -> None:
    assert math.isfinite(over_seeds([[1e300, 1e299]] * 3).value)
