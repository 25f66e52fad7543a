"""Wins, ties, losses and what is not counted, against cases that were counted by hand."""

from __future__ import annotations

import pytest
from sctk_core.run.outcomes import Compared, shares

FIRST, SECOND, TIE = 1.0, -1.0, 0.0
CASES = [
    (FIRST, SECOND, "win"),  # the arm is chosen, wherever it stands
    (SECOND, FIRST, "lose"),
    (FIRST, FIRST, "tie"),  # the place is chosen, whatever stands there
    (SECOND, SECOND, "tie"),
    (FIRST, TIE, "tie"),
    (TIE, FIRST, "tie"),
    (TIE, TIE, "tie"),
]


@pytest.mark.parametrize(("ahead", "behind", "wanted"), CASES)
def test_a_win_is_a_win_in_both_orders(ahead: float, behind: float, wanted: str) -> None:
    one = Compared(ahead=ahead, behind=behind)
    assert one.outcome == wanted
    assert Compared.of((ahead - behind) / 2, (ahead + behind) / 2) == one  # as the two columns hold it


def test_shares_of_a_small_table() -> None:
    """Of six prompts three wins, a loss, a tie by place, and one without a verdict."""
    won, lost, placed = (Compared(ahead=a, behind=b) for a, b in ((FIRST, SECOND), (SECOND, FIRST), (FIRST, FIRST)))
    rows = shares("student-sft", "judge", {"a": won, "b": won, "c": won, "d": lost, "e": placed, "f": None}, {})
    assert {row.metric: (row.value, row.n) for row in rows} == {
        "judge.win": (0.6, 5), "judge.tie": (0.2, 5), "judge.lose": (0.2, 5), "judge.uncounted": (pytest.approx(1 / 6), 6),
        "judge.first-chosen": (0.6, 10),
    }  # fmt: skip
    assert all(
        row.arm == "student-sft" and row.low is not None and row.low < row.value < (row.high or 0) for row in rows
    )


def test_where_every_verdict_is_a_tie_no_place_was_chosen() -> None:
    rows = shares("a-b", "judge", {"a": Compared(ahead=TIE, behind=TIE)}, {})
    assert [row.metric for row in rows] == ["judge.win", "judge.tie", "judge.lose", "judge.uncounted"]


def test_prompts_of_one_document_count_together() -> None:
    """Ten prompts of two documents say less than ten of ten, so their interval is wider."""
    won, lost = Compared(ahead=FIRST, behind=SECOND), Compared(ahead=SECOND, behind=FIRST)
    compared = {str(n): won if n < 5 else lost for n in range(10)}
    width = {}
    for name, groups in (("alone", {}), ("together", {str(n): str(n < 5) for n in range(10)})):
        row = shares("a-b", "judge", compared, groups)[0]
        assert row.low is not None
        assert row.high is not None
        width[name] = row.high - row.low
    assert width["together"] > width["alone"]
