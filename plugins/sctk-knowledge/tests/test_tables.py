"""`sctk knowledge tables`: the form of the paper's Tables 1 and 2, against values that were counted by hand."""

from __future__ import annotations

import pytest
from sctk_cli.verifying.pooling import Cell, Values, pooled
from sctk_cli.verifying.readings import Reading
from sctk_knowledge.tables import accuracies, preferences

ARMS = ("base", "sft", "student")


def reading(right: dict[str, str], preferred: str) -> Reading:
    """By arm "1101": which of the four questions of the set `a` it answers rightly (set `b` the other way round).

    `preferred` is by question of the exam what the comparer says of student and sft in both orders: w(in), l(ose), t(ie), f(irst
    place in both) and - (nothing).
    """
    values = {
        ("test-a.accuracy", arm): {f"q{n}": float(one) for n, one in enumerate(told)} for arm, told in right.items()
    }
    values |= {
        ("test-b.accuracy", arm): {f"r{n}": 1.0 - float(one) for n, one in enumerate(told)}
        for arm, told in right.items()
    }
    columns = {"w": (1.0, 0.0), "l": (-1.0, 0.0), "t": (0.0, 0.0), "f": (0.0, 1.0)}
    counted = {f"e{n}": columns[one] for n, one in enumerate(preferred) if one != "-"}
    values["judge", "student-sft"] = {name: one[0] for name, one in counted.items()}
    values["judge.first-place", "student-sft"] = {name: one[1] for name, one in counted.items()}
    exam = {f"e{n}" for n in range(len(preferred))}
    answered = {("evaluation", arm): exam for arm in ARMS}
    answered |= {(part, arm): {"q0"} for part in ("test-a", "test-b") for arm in ARMS}
    return Reading(values=values, groups={}, costs=(), answered=answered)


RIGHT = {"base": "1000", "sft": "1100", "student": "1110"}
FIRST = reading(RIGHT, "wwltf-")


def told(cell: object) -> tuple[float | None, int]:
    assert isinstance(cell, Cell)
    return (None if cell.value is None else round(cell.value, 6)), cell.n


def test_table_1_has_a_row_for_each_arm_and_a_column_for_each_set() -> None:
    rows = {row["arm"]: row for row in accuracies([FIRST], "sft")}
    assert list(rows) == ["base", "sft", "student", "base - sft", "student - sft"]
    assert [told(rows["student"][name]) for name in ("a", "b", "average")] == [(0.75, 4), (0.25, 4), (0.5, 8)]
    assert [told(rows["base"][name]) for name in ("a", "b", "average")] == [(0.25, 4), (0.75, 4), (0.5, 8)]
    assert [told(rows["student - sft"][name]) for name in ("a", "b", "average")] == [(0.25, 4), (-0.25, 4), (0.0, 8)]


def test_table_2_counts_wins_ties_losses_and_what_was_not_said() -> None:
    (row,) = preferences([FIRST], "sft")
    assert (row["comparer"], row["arm"]) == ("judge", "student")
    assert {name: told(row[name]) for name in ("win", "tie", "lose")} == {
        "win": (0.4, 5),
        "tie": (0.4, 5),
        "lose": (0.2, 5),
    }
    assert told(row["uncounted"]) == (round(1 / 6, 6), 6)
    assert told(row["first chosen"]) == (round(5 / 8, 6), 8)  # of each decided pair one, of the placed pair both


def test_runs_are_pooled_by_seed_and_the_interval_is_within_what_a_share_can_be() -> None:
    second = reading(RIGHT | {"student": "1111"}, "wwwwwl")
    row = next(row for row in accuracies([FIRST, second], "sft") if row["arm"] == "student")
    assert told(row["a"]) == (0.875, 8)
    assert 0.0 <= row["a"].low < 0.875 < row["a"].high <= 1.0
    (row,) = preferences([FIRST, second], "sft")
    assert told(row["win"]) == (round((2 / 5 + 5 / 6) / 2, 6), 11)


def test_without_a_difference_a_paired_interval_is_no_point() -> None:
    cell = pooled([[(0.0, n) for n in range(50)]], paired=True)
    assert (cell.value, cell.n) == (0.0, 50)
    assert cell.low is not None
    assert cell.high is not None
    assert cell.low < 0.0 < cell.high


def test_arms_that_were_not_compared_have_no_row() -> None:
    assert list(preferences([FIRST], "base")) == []


@pytest.mark.parametrize("values", [[], [[]]])
def test_nothing_is_told_as_nothing(values: list[Values]) -> None:
    assert pooled(values) == Cell(value=None, low=None, high=None, n=0)
