"""Intervals cover what they claim to, are the same every time, and pair by prompt."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from sctk_core import ContractError, Measure
from sctk_core.statistics import (
    Design,
    agreement,
    compare,
    difference_with_interval,
    mean_with_interval,
    rank_agreement,
    wilson,
)


def coverage(draw: Callable[[random.Random], float], truth: float, n: int, n_trials: int = 200) -> float:
    rng = random.Random(7)
    hits = 0
    for trial in range(n_trials):
        estimate = mean_with_interval([draw(rng) for _ in range(n)], seed=trial)
        assert estimate.low is not None
        assert estimate.high is not None
        hits += estimate.low <= truth <= estimate.high
    return hits / n_trials


# 200 trials of a true 95 % interval give a share below 0.905
# about once in 200; skewed data cost some more, and shares near 1 are covered too often.
@pytest.mark.parametrize(
    ("name", "draw", "truth", "n", "at_least"),
    [
        ("normal", lambda rng: rng.gauss(3, 2), 3.0, 8, 0.905),
        ("normal", lambda rng: rng.gauss(3, 2), 3.0, 60, 0.905),
        ("share", lambda rng: float(rng.random() < 0.8), 0.8, 40, 0.905),
        ("rare", lambda rng: float(rng.random() < 0.95), 0.95, 40, 0.86),
        ("skewed", lambda rng: rng.expovariate(1.0), 1.0, 40, 0.88),
        ("paired", lambda rng: rng.choice((-1.0, 0.0, 0.0, 1.0, 1.0)), 0.2, 50, 0.905),
    ],
)
def test_the_interval_of_a_mean_covers(
    name: str, draw: Callable[[random.Random], float], truth: float, n: int, at_least: float
) -> None:
    covered = coverage(draw, truth, n)
    assert at_least <= covered, f"{name}, n = {n}: covered {covered}"


def test_wilson_covers() -> None:
    rng = random.Random(3)
    hits = 0
    for _ in range(2000):
        estimate = wilson(sum(rng.random() < 0.9 for _ in range(30)), 30)
        assert estimate.low is not None
        assert estimate.high is not None
        hits += estimate.low <= 0.9 <= estimate.high
    assert 0.93 <= hits / 2000 <= 0.98


def test_rank_agreement_covers_and_is_the_area() -> None:
    rng = random.Random(5)
    truth = 0.5 * (1 + math.erf(1 / math.sqrt(2) / math.sqrt(2)))  # P(N(1,1) > N(0,1))
    hits = 0
    for _ in range(500):
        truths = [i % 2 == 0 for i in range(60)]
        estimate = rank_agreement([rng.gauss(float(t), 1) for t in truths], truths)
        assert estimate.low is not None
        assert estimate.high is not None
        hits += estimate.low <= truth <= estimate.high
    assert 0.92 <= hits / 500 <= 0.98
    assert rank_agreement([1, 1, 1, 1], [True, False, True, False]).value == 0.5
    perfect = rank_agreement([1.0, 2.0, 3.0, 4.0], [False, False, True, True])
    assert perfect.value == 1.0
    assert perfect.low is not None
    assert perfect.low < 1.0


def test_rank_agreement_of_answers_to_the_same_prompts_covers() -> None:
    """Three answers to each of 30 prompts share most of their noise: without the groups the interval is far too short."""
    truth = 0.5 * (1 + math.erf(1 / math.sqrt(2) / math.sqrt(2)))
    rng = random.Random(6)
    covered = {True: 0, False: 0}
    for _ in range(300):
        scores, truths, groups = list[float](), list[bool](), list[str]()
        for prompt in range(30):
            shared = rng.gauss(0, 0.95)
            for _ in range(3):
                scores.append(prompt % 2 + shared + rng.gauss(0, math.sqrt(1 - 0.95**2)))
                truths.append(prompt % 2 == 1)
                groups.append(f"p{prompt}")
        for grouped in covered:
            estimate = rank_agreement(scores, truths, groups if grouped else None)
            assert estimate.low is not None
            assert estimate.high is not None
            covered[grouped] += estimate.low <= truth <= estimate.high
    assert covered[True] / 300 >= 0.91
    assert covered[False] / 300 <= 0.85


def test_groups_of_one_are_no_groups() -> None:
    rng = random.Random(8)
    truths = [rng.random() < 0.5 for _ in range(50)]
    scores = [rng.gauss(float(t), 1) for t in truths]
    alone, named = rank_agreement(scores, truths), rank_agreement(scores, truths, [f"p{i}" for i in range(50)])
    assert (named.value, named.low, named.high) == pytest.approx((alone.value, alone.low, alone.high))


def test_an_interval_holds_its_mean_and_narrows_with_n() -> None:
    rng = random.Random(1)
    values = [rng.random() for _ in range(400)]
    small, large = mean_with_interval(values[:25]), mean_with_interval(values)
    for estimate in (small, large):
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low < estimate.value < estimate.high
    width = [(e.high or 0) - (e.low or 0) for e in (small, large)]
    assert 2.5 < width[0] / width[1] < 6  # 4 on average


def test_the_same_in_another_process() -> None:
    code = (
        "from sctk_core.statistics import mean_with_interval as m; print(m([0.1 * i % 1 for i in range(50)], seed=9))"
    )
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert runs == {f"{mean_with_interval([0.1 * i % 1 for i in range(50)], seed=9)}\n"}


def test_one_value_has_no_interval_and_none_at_all_is_an_error() -> None:
    assert mean_with_interval([2.0]).low is None
    with pytest.raises(ContractError, match="got no values"):
        mean_with_interval([])
    with pytest.raises(ContractError, match="got 1 and 2 values"):
        agreement([True], [True, False])
    with pytest.raises(ContractError, match="got 2 true and 0 false"):
        rank_agreement([1, 2], [True, True])


def test_all_right_does_not_mean_certainly_right() -> None:
    share = mean_with_interval([1.0] * 20)
    assert (share.low, share.high) == (wilson(20, 20).low, 1.0)
    same = difference_with_interval([1.0] * 20, [1.0] * 20)
    assert same.low is not None
    assert same.low < 0 < (same.high or 0)
    better = difference_with_interval([1.0] * 20, [0.0] * 20)
    assert better.low is not None
    assert 0.7 < better.low < 1.0
    lengths = difference_with_interval([4.0] * 5, [2.0] * 5)
    assert (lengths.low, lengths.high) == (2.0, 2.0)


def test_compare_pairs_by_prompt_whatever_the_order() -> None:
    base = {"p1": 0.0, "p2": 1.0, "p3": 0.0, "p4": 0.0}
    student = {"p4": 1.0, "p3": 1.0, "p2": 1.0, "p5": 1.0, "p1": None}
    design = Design(differences=[("student", "base"), ("student", "sft")])
    rows = compare("truth", {"base": base, "student": student, "sft": {}}, design)
    assert [(row.arm, row.metric, row.n, row.n_asked) for row in rows[:3]] == [
        ("base", "truth", 4, 5),
        ("student", "truth", 4, 5),
        ("student-base", "truth", 3, 5),
    ]
    assert [row.value for row in rows[:3]] == pytest.approx([0.25, 1.0, 2 / 3])
    shuffled = {"base": dict(reversed(base.items())), "student": student, "sft": {}}
    assert compare("truth", shuffled, design) == rows
    assert all(isinstance(row, Measure) for row in rows)


def test_pairing_takes_the_prompts_own_variation_out() -> None:
    rng = random.Random(2)
    base = {f"p{i}": rng.gauss(0, 10) for i in range(40)}
    student = {prompt: value + 1 + rng.gauss(0, 0.1) for prompt, value in base.items()}
    arm, _, difference = compare(
        "reward", {"base": base, "student": student}, Design(differences=[("student", "base")])
    )
    assert (arm.high or 0) - (arm.low or 0) > 4
    assert (difference.low or 0) > 0.9


def test_a_thousand_values_take_less_than_a_second() -> None:
    rng = random.Random(4)
    values = [rng.random() for _ in range(1000)]
    began = time.process_time()
    mean_with_interval(values)
    assert time.process_time() - began < 2.0


def test_huge_and_tiny_values_do_not_overflow() -> None:
    estimate = mean_with_interval([1e300, -1e300, 1e300])
    assert estimate.low is not None
    assert math.isfinite(estimate.low)
    assert math.isfinite(estimate.high or math.nan)


def test_an_interval_of_shares_holds_its_share() -> None:
    for n in range(1, 60):
        for n_yes in (0, n):
            estimate = wilson(n_yes, n)
            assert estimate.low is not None
            assert estimate.high is not None
            assert 0.0 <= estimate.low <= estimate.value <= estimate.high <= 1.0
