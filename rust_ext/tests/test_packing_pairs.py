"""Preference pairs: both sides in one bin, a sequence each."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packing_oracle import best_fit, packed_rows, table_of
from sctk_rs import packing
from sctk_rs.packing import How


def pair_oracle(pairs: list[tuple[int, int]], capacity: int, overflow: str) -> list[list[tuple[int, int, int]]]:
    """Bins of (row, tokens of the first side, tokens of the second)."""
    kept = {}
    for row, (a, b) in enumerate(pairs):
        if a + b > capacity:
            if overflow == "drop":
                continue
            half = capacity // 2
            a = min(a, capacity - min(b, half))
            b = capacity - a
        if a + b:
            kept[row] = (a, b)
    bins = best_fit([(row, 0, a + b) for row, (a, b) in kept.items()], capacity, 10**9)
    return [[(row, *kept[row]) for row, _, _ in held] for held in bins]


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=30),
    st.integers(1, 40),
    st.sampled_from(["truncate", "drop"]),
)
def test_pairs_stay_together(pairs: list[tuple[int, int]], capacity: int, overflow: str) -> None:
    first, second = table_of([a for a, _ in pairs]), table_of([b for _, b in pairs])
    columns = {
        f"{side}_{name}": table[name]
        for side, table in (("chosen", first), ("rejected", second))
        for name in table.column_names
    }
    names = {name: (f"chosen_{name}", f"rejected_{name}") for name in ("input_ids", "mask")}
    packed = packing.Packer(capacity, overflow=overflow).pack_pairs(pa.table(columns), names)
    want = pair_oracle(pairs, capacity, overflow)
    got = packed_rows(packed)
    assert got["input_ids"] == [
        [row * 1000 + t for row, a, b in held for n in (a, b) for t in range(n)] for held in want
    ]
    assert got["seq_lengths"] == [[n for _, a, b in held for n in (a, b)] for held in want]
    assert got["position_ids"] == [[t for _, a, b in held for n in (a, b) for t in range(n)] for held in want]
    assert memoryview(packed.plan.order).tolist() == [row for held in want for row, _, _ in held]
    assert packed.loss.tokens_lost == sum(map(sum, pairs)) - sum(a + b for held in want for _, a, b in held)


def test_pairs_of_different_groups_never_share_a_bin_whoever_copies_them() -> None:
    first, second = table_of([n % 50 for n in range(300)]), table_of([n % 37 for n in range(300)])
    keys = [f"source {n % 4}" for n in range(300)]
    table = pa.table({"a": first["input_ids"], "b": second["input_ids"], "source": keys})

    def packed(**how: object) -> packing.Packed:
        return packing.Packer(200, seed=5, how=How(**how)).pack_pairs(table, {"ids": ("a", "b")}, groups="source")

    once = packed()
    bins = [memoryview(once.plan.order)[a:b].tolist() for a, b in itertools.pairwise(memoryview(once.plan.bin_offsets))]
    assert all(len({keys[row] for row in held}) == 1 for held in bins)
    assert sorted(row for held in bins for row in held) == [n for n in range(300) if n % 50 + n % 37]
    for how in ({"threads": 2}, {"threads": 8}, {"store": "scalar"}, {"store": "plain"}):
        assert packed_rows(packed(**how)) == packed_rows(once)


def test_pairs_cannot_be_split() -> None:
    table = pa.table({"a": [[1]], "b": [[2]]})
    for packer in (packing.Packer(10, "wrapped"), packing.Packer(10, overflow="split")):
        with pytest.raises(ValueError, match="pairs cannot be wrapped or split"):
            packer.pack_pairs(table, {"ids": ("a", "b")})
