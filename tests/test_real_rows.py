"""The real dSC rows through a run as they lie: what `strict` accepts of the first hundred trains, and the rest is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from toy_run import toy_run

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared/data/dsc/sentiments/results_sentiment_review.json"

pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the real dSC rows (../shared) are not here")


def test_strict_accepts_95_of_the_first_hundred(tmp_path: Path) -> None:
    first = tmp_path / "first.json"
    first.write_text(json.dumps(json.loads(REAL.read_text())[:100]))
    result = toy_run(
        tmp_path,
        {
            "source": {"use": "file", "path": str(first), "held_out_share": 0.0},
            "rule": {"use": "strict"},
            "method": {"train_on": "accepted"},
        },
    )
    ledger = {count.stage: count for count in result.ledger}
    assert (
        ledger["chains.draft"].answered,
        ledger["chains.revise.1"].answered,
        ledger["chains.accept.1"].answered,
    ) == (100, 100, 100)
    assert (ledger["student.train"].answered, ledger["chains.make.train"].declined) == (95, 5)
    texts = (result.run / "model" / "texts").read_text()
    assert "A Stunning Cinematic Masterpiece" in texts
    assert result.state == "done"


def test_all_rows_with_a_split_are_evaluated_without_leaks(tmp_path: Path) -> None:
    result = toy_run(
        tmp_path,
        {"source": {"use": "file", "path": str(REAL), "held_out_share": 0.2}, "rule": {"use": "metropolis"}},
    )
    ledger = {count.stage: count for count in result.ledger}
    n_held_out = ledger["base.evaluate"].answered
    assert 10 <= n_held_out <= 32
    assert 118 - 2 * n_held_out <= ledger["chains.draft"].answered <= 118 - n_held_out
    assert {row.n for row in result.metrics if row.arm == "student-base"} == {n_held_out}
