"""Tables in what judges write: only a row named for the whole is the score, and a line that says the total wins over any row."""

from __future__ import annotations

import pytest
from sctk_core import Failure
from sctk_core.parsing import parse_score, parse_verdict


def score(text: str, low: float = 0, high: float = 5) -> float | None:
    found = parse_score(text, low=low, high=high)
    return None if isinstance(found, Failure) else found


def made(heads: str, *rows: str) -> str:
    """A table of Markdown: cells parted by "/"."""
    lines = [heads, "/".join("---" for _ in heads.split("/")), *rows]
    return "\n".join("| " + line.replace("/", " | ") + " |" for line in lines)


ASKED = ("1/Does it greet?/yes/1", "2/Does it answer?/partly/2")


@pytest.mark.parametrize("first", ["#", "No.", "Nr", "Item", "Step", "", "Q", "Check"])
@pytest.mark.parametrize("second", ["Question", "Prompt", "Task", "Criterion"])
@pytest.mark.parametrize("last", ["Points", "Score", "Marks", "Result"])
def test_rows_that_are_only_numbered_are_no_score(first: str, second: str, last: str) -> None:
    table = made(f"{first}/{second}/Met/{last}", *ASKED)
    assert score(table) is None
    assert score(f"{table}\n\n**Total: 3**") == 3
    assert score(f"{table}\n\nIt is short.\n\nOverall Score: 4") == 4
    assert score(f"Overall Score: 4\n\n{table}") == 4


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        (made("#/Criterion/Score", "1/Clear/4", "2/Right/2", "3/Overall/3"), 3),
        (made("#/Criterion/Score", "1/Clear/4", "2/Right/2", "/**Overall**/**3**"), 3),
        (made("#/Criterion/Met/Points", *ASKED, "Total///3"), 3),
        (made("#/Criterion/Met/Points", *ASKED, "/Total//3"), 3),
        (made("Criterion/Reason/Score", "Clear/two typos/4", "Overall/fair/3"), 3),
        (made("Criterion/Weight/Score", "Clear/2/4", "Overall/3/2"), 2),
        (made("Criterion/Score (0-5)", "Clear/4", "Overall/3"), 3),
        (made("Criterion/Score/Max", "Clear/1/2", "Total/3/5"), 3),
        (made("Score/Reason", "3/two typos"), 3),
        (made("Criterion/Draft/Final score", "Overall/2/4"), 4),
        (made("Q1/Q2/Overall", "4/2/3"), 3),
        # nothing that is the score of the whole, or on another scale
        (made("Criterion/Score (0-10)", "Clear/4", "Overall/3"), None),
        (made("Criterion/Score/Max", "Clear/4/5", "Total/4/10"), None),
        (made("Score/Meaning", "1/bad", "5/good"), None),
        (made("Score/Meaning", "1/bad", "5/good") + "\n\nScore: 3", 3),
        (made("Rank/Response/Score", "1/A/4", "2/B/4"), None),
        (made("#/Points", "1/2", "2/2"), None),
        (made("Claim/Score", "1 of the first part/3", "2 of the second/3"), None),
        (made("Criterion/Weight/Score", "Clear/3/4", "Right/2/4"), None),
        (made("#/Criterion/Score", "1/Clear/4", "2/Overall tone/5"), None),
        (made("Criterion/Response A/Response B", "Overall/4/2"), None),
        ("| Overall | 4 | 2 |", None),
    ],
)
def test_a_row_is_read_by_its_name_and_its_column(table: str, wanted: float | None) -> None:
    assert score(table) == wanted


def test_verdicts_stand_in_their_column() -> None:
    assert parse_verdict(made("#/Part/Why/Verdict", "1/Facts/right/keep", "2/Overall/rude/revise")) == "revise"
    assert isinstance(parse_verdict(made("#/Part/Verdict", "1/Facts/keep", "2/Tone/revise")), Failure)
