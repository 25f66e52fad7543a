"""`sctk reward check`: what is wrong and what failed, in all and by group; what is missing in a row, by its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sctk_cli.main import main

REWARD = '''
"""Scores the number of letters a; a text without any fails."""
from dataclasses import dataclass
from sctk_core import Component, Failure, Score, hookimpl

class Letters:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""
    def __init__(self, config): pass
    async def score(self, samples):
        return [
            Score(sample=one, name="letters", value=one.text.count("a"), scale="0 up")
            if "a" in one.text else Failure(of=one.id, stage="score", component="letters", kind="parse", reason="no a")
            for one in samples
        ]

@hookimpl
def sctk_rewards():
    return [Component(name="letters", target=f"{__name__}:Letters", summary="counts a")]
'''
ROWS: list[dict[str, Any]] = [
    {"prompt": "p1", "reply": "a", "label": 1, "kind": "short"},
    {"prompt": "p2", "reply": "aa", "label": 1, "kind": "short"},
    {"prompt": "p3", "response": "aaa", "label": 4, "kind": "long"},
    {"prompt": "p4", "completion": "none", "label": 2, "kind": "long"},
]


def checked(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], rows: list[dict[str, Any]], *more: str
) -> tuple[int, str, str]:
    (tmp_path / "letters.py").write_text(REWARD)
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    capfd.readouterr()
    rest = ["--load", str(tmp_path / "letters.py"), *more]
    code = main(["reward", "check", "letters", str(tmp_path / "rows.jsonl"), *rest])
    return code, *capfd.readouterr()


def test_errors_are_counted_of_what_was_scored_and_failures_of_all(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = checked(tmp_path, capfd, ROWS, "--group", "kind", "--json")
    assert code == 0
    found = json.loads(out)
    whole = found["errors"]["all"]
    assert [whole[name]["value"] for name in ("wrong", "too_high", "too_low")] == [2 / 3, 1 / 3, 1 / 3]
    assert (whole["n"], whole["failed"]["value"], found["failures"]) == (4, 0.25, {"no a": 1})
    assert whole["failed"]["low"] == pytest.approx(0.0456, abs=1e-4)  # Wilson of 1 in 4
    assert found["errors"]["kind = long"]["too_low"]["value"] == 1.0
    assert found["errors"]["kind = short"]["wrong"]["value"] == 0.5


def test_a_reader_sees_a_table_and_the_reasons(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _, out, err = checked(tmp_path, capfd, ROWS, "--within", "1")
    assert out.splitlines()[1].split()[:3] == ["all", "4", "0.0%"]
    assert "failed: 1 x no a" in err


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"prompt": "p", "label": 1}, "wanted a reply"),
        ({"reply": "a", "label": 1}, "wanted a prompt"),
        ({"prompt": "p", "reply": "a"}, "wanted a number in 'label'"),
        ({"prompt": "p", "reply": "a", "label": "good"}, "wanted a number in 'label'"),
    ],
)
def test_a_row_without_what_is_measured_is_an_error_with_its_place(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], row: dict[str, Any], wanted: str
) -> None:
    code, _, err = checked(tmp_path, capfd, [ROWS[0], row])
    assert code == 2
    assert "rows.jsonl:2" in err
    assert wanted in err


def test_a_reward_that_asks_a_model_wants_one(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps(ROWS[0]) + "\n")
    capfd.readouterr()
    assert main(["reward", "check", "judge", str(tmp_path / "rows.jsonl")]) == 2
    assert "--backend NAME --model MODEL" in capfd.readouterr().err


def test_a_calibration_is_told_with_what_it_gains(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Scores of 1 to 4 letters for labels that are right in 10, 10, 90 and 90 %."""
    rows = [
        {"prompt": f"p{i}", "reply": "a" * (1 + i % 4), "label": float((i % 4 > 1) == (i % 40 > 3))} for i in range(200)
    ]
    _, out, _ = checked(tmp_path, capfd, rows, "--calibrate", "--json")
    found = json.loads(out)["calibration"]
    assert found["knots"] == [[1.0, 0.1], [2.0, 0.1], [3.0, 0.9], [4.0, 0.9]]
    assert found["error"]["low"] > 1.5
    assert found["after"]["high"] < 0.15
    _, out, _ = checked(tmp_path, capfd, rows, "--calibrate")
    assert "calibration = [[1.0, 0.1], [2.0, 0.1], [3.0, 0.9], [4.0, 0.9]]" in out


def test_few_rows_calibrate_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = checked(tmp_path, capfd, ROWS, "--calibrate")
    assert (code, "calibration: too few rows were scored" in out) == (0, True)


@pytest.mark.parametrize(("at_most", "code"), [("0.6", 1), ("0.7", 0)])
def test_a_reward_that_is_wrong_too_often_ends_with_1(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], at_most: str, code: int
) -> None:
    got, out, told = checked(tmp_path, capfd, ROWS, "--at-most", at_most)
    assert got == code
    assert "66.7%" in out
    assert ("reward letters: got 66.7%" in told) == bool(code)


def test_a_reward_that_scores_nothing_is_not_let_pass(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, _, told = checked(tmp_path, capfd, ROWS[3:], "--at-most", "1")
    assert (code, "letters.py" in told, "answered none of 1: 1 x parse: no a" in told) == (1, True, True)


def test_gold_answers_reach_the_rewards_that_compare_with_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"prompt": "2 + 3?", "reply": "It is 5.", "reference": 5, "label": 1},
        {"prompt": "A prime?", "reply": "7", "reference": ["2", "7"], "label": 1},
        {"prompt": "2 + 2?", "reply": "5", "reference": "4", "label": 1},
        {"prompt": "Why?", "reply": "5", "label": 0},
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["reward", "check", "numeric", str(tmp_path / "rows.jsonl"), "--json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["failures"] == {"the prompt has no reference": 1}
    assert found["errors"]["all"]["wrong"]["value"] == 1 / 3
    (tmp_path / "rows.jsonl").write_text(json.dumps({"prompt": "p", "reply": "r", "reference": {"a": 1}, "label": 1}))
    assert main(["reward", "check", "numeric", str(tmp_path / "rows.jsonl")]) == 2
    assert "rows.jsonl:1: got a gold answer that is dict" in capfd.readouterr().err


def test_gold_answers_of_csv_may_be_lists(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        """prompt,reply,label,reference\nWho?,It was Ada.,1,"[""Bo"", ""Ada""]"\nWho?,It was Cy.,0,"['Bo', 'Ada']"\n"""
    )
    code = main(["reward", "check", "contains", str(path), "--json"])
    found = json.loads(capfd.readouterr().out)
    assert (code, found["failures"], found["errors"]["all"]["wrong"]["value"]) == (0, {}, 0.0)


def test_what_a_reward_notes_of_its_scores_is_counted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    noting = REWARD.replace('scale="0 up")', 'scale="0 up", note="cut" * (len(one.text) > 2))')
    (tmp_path / "noting.py").write_text(noting)
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    told = ["reward", "check", "letters", str(tmp_path / "rows.jsonl"), "--load", str(tmp_path / "noting.py")]
    assert main(told) == 0
    assert "scored, and noted: 1 x cut" in capfd.readouterr().err
    assert main([*told, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["notes"] == {"cut": 1}


def test_the_answer_is_scored_and_a_thought_before_it_is_not(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"prompt": "p1", "reply": "<think>aaaa</think>a", "label": 1},
        {"prompt": "p2", "reply": "aaaa\n</think>\n\naa", "label": 2},
        {"prompt": "p3", "reply": "<think>aaa", "label": 3},
        {"prompt": "p4", "reply": "aaa", "label": 3},
    ]
    code, out, _ = checked(tmp_path, capfd, rows, "--json")
    found = json.loads(out)
    assert (code, found["errors"]["all"]["wrong"]["value"], found["errors"]["all"]["failed"]["value"]) == (0, 0.0, 0.25)
    assert found["failures"] == {"a thought that never ends": 1}
    code, _, err = checked(tmp_path, capfd, rows[2:3])
    assert code != 0
    assert "a thought that never ends" in err
