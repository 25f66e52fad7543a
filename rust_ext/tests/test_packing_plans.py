"""Plans of lengths against the oracle, and their refusals."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packing_oracle import LENGTHS, STRATEGIES, Piece, bins_of, oracle
from sctk_rs import packing


@settings(max_examples=300)
@given(
    LENGTHS,
    st.integers(1, 50),
    st.sampled_from(STRATEGIES),
    st.sampled_from(["truncate", "split", "drop"]),
    st.sampled_from([None, 1, 2, 5]),
)
def test_plans_equal_the_oracle(
    lengths: list[int], capacity: int, strategy: str, overflow: str, most_rows: int | None
) -> None:
    plan = packing.plan(lengths, capacity, strategy, overflow=overflow, most_rows=most_rows)
    want = oracle(lengths, capacity, strategy, overflow, most_rows or 10**9)
    assert bins_of(plan, lengths, capacity) == want
    kept = sum(n for held in want for _, _, n in held)
    assert plan.loss.tokens_kept == kept
    assert plan.loss.tokens_lost == sum(lengths) - kept
    assert plan.loss.rows_empty == lengths.count(0)
    told = {"truncate": plan.loss.rows_truncated, "split": plan.loss.rows_split, "drop": plan.loss.rows_dropped}
    longer = 0 if strategy == "wrapped" else sum(n > capacity for n in lengths)
    assert told == {"truncate": 0, "split": 0, "drop": 0} | {overflow: longer}


@pytest.mark.parametrize("kind", ["b", "B", "h", "H", "i", "I", "l", "L", "q", "Q"])
def test_lengths_of_every_form_give_one_plan(kind: str) -> None:
    lengths = [3, 9, 1, 4, 4, 0, 7]
    want = memoryview(packing.plan(lengths, 10).order).tolist()
    forms = [np.array(lengths, kind), pa.array(np.array(lengths, kind)), pl.Series(lengths)]
    forms += [pa.array([[0] * n for n in lengths], pa.list_(pa.int32())), pa.chunked_array([lengths[:2], lengths[2:]])]
    for form in forms:
        assert memoryview(packing.plan(form, 10).order).tolist() == want


@given(LENGTHS, st.integers(0, 2**64 - 1), st.sampled_from(STRATEGIES))
def test_a_seed_orders_the_bins_and_changes_nothing_else(lengths: list[int], seed: int, strategy: str) -> None:
    def plan(seed: int | None) -> list[list[Piece]]:
        return bins_of(packing.plan(lengths, 60, strategy, seed=seed), lengths, 60)

    assert plan(seed) == plan(seed)
    assert sorted(plan(seed)) == sorted(plan(None))


def test_different_seeds_differ() -> None:
    lengths = list(range(1, 200))
    orders = {bytes(packing.plan(lengths, 200, seed=seed).order) for seed in range(20)}
    assert len(orders) == 20


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4)), max_size=60), st.sampled_from(STRATEGIES))
def test_groups_are_planned_apart(rows: list[tuple[int, int]], strategy: str) -> None:
    lengths, keys = [n for n, _ in rows], [key for _, key in rows]
    first_seen = list(dict.fromkeys(keys))
    want: list[list[Piece]] = []
    for key in first_seen:
        members = [row for row in range(len(rows)) if keys[row] == key]
        alone = oracle([lengths[row] for row in members], 30, strategy, "error", 10**9)
        want += [[(members[row], start, n) for row, start, n in held] for held in alone]
    for groups in (keys, np.array(keys, np.int64), [f"source {key}" for key in keys], pa.array(keys, pa.int32())):
        plan = packing.plan(lengths, 30, strategy, groups=groups)
        assert bins_of(plan, lengths, 30) == want


def test_plans_of_more_than_two_to_the_31_tokens_are_right() -> None:
    lengths = np.full(600_000, 4000, np.int64)
    plan = packing.plan(lengths, 4096)
    assert (len(plan), plan.loss.tokens_kept) == (600_000, 2_400_000_000)
    plan = packing.plan(lengths, 4096, "wrapped")
    assert len(plan) == -(-2_400_000_000 // 4096)
    assert np.asarray(plan.n_tokens).sum(dtype=np.int64) == 2_400_000_000


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"capacity": 0}, ValueError, "capacity: got 0"),
        ({"capacity": 2**24 + 1}, ValueError, "capacity: got 16777217"),
        ({"capacity": 3}, ValueError, "row 1 has 4 tokens"),
        ({"strategy": "worst-fit"}, ValueError, 'strategy: got "worst-fit"'),
        ({"overflow": "ignore"}, ValueError, 'overflow: got "ignore"'),
        ({"most_rows": 0}, ValueError, "most_rows: got 0"),
        ({"groups": [1]}, ValueError, "groups: got 1 keys, wanted 2"),
        ({"lengths": [3, -1]}, ValueError, "row 1: its length is negative"),
        ({"lengths": [3, 2**50]}, ValueError, "row 1: its length is negative or above"),
        ({"lengths": ["a"]}, TypeError, "wanted integers"),
        ({"lengths": np.array([1.5])}, TypeError, "wanted integers"),
        ({"lengths": np.arange(10)[::2]}, ValueError, "wanted it contiguous"),
        ({"lengths": pa.array([1, None])}, ValueError, "row 1 is null"),
        ({"lengths": pa.array([1.5])}, TypeError, "got float64"),
    ],
)
def test_what_cannot_be_planned_is_refused(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    arguments = {"lengths": [2, 4], "capacity": 10} | arguments
    with pytest.raises(error, match=message) as caught:
        packing.plan(**arguments)  # type: ignore[arg-type]
    assert "\nhint: " in str(caught.value)
