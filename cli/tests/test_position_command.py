"""`sctk judge position`: a judge that prefers a place is told from one that prefers a text, and from one that nobody can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sctk_cli.main import main
from sctk_cli.position import bias

COMPARER = '''
"""Prefers the longer text by LEAN letters more where it stands first; a text that says "mute" fails."""
from dataclasses import dataclass
from sctk_core import Component, Failure, Score, hookimpl

class Lean:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        """How many letters the first place is worth."""
        lean: int = 0
    def __init__(self, config): self.config = config
    async def compare(self, pairs):
        return [self.one(a, b) for a, b in pairs]
    def one(self, a, b):
        if "mute" in a.text + b.text:
            return Failure(of=a.id, stage="compare", component="lean", kind="parse", reason="mute")
        more = len(a.text) + self.config.lean - len(b.text)
        return Score(sample=a, against=b, name="lean", value=(more > 0) - (more < 0))

@hookimpl
def sctk_comparers():
    return [Component(name="lean", target=f"{__name__}:Lean", summary="leans")]
'''


def told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], rows: list[dict[str, Any]], *more: str
) -> tuple[int, str, str]:
    (tmp_path / "lean.py").write_text(COMPARER)
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    capfd.readouterr()
    code = main(
        ["judge", "position", "lean", str(tmp_path / "pairs.jsonl"), "--load", str(tmp_path / "lean.py"), *more]
    )
    return code, *capfd.readouterr()


PAIRS = [{"prompt": f"p{i}", "chosen": "aa", "rejected": "a" * (1 + i % 4)} for i in range(40)]


def test_a_fair_judge_chooses_each_place_as_often(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(tmp_path, capfd, PAIRS, "--json")
    found = json.loads(out)
    assert (code, found["pairs"], found["first_place"]["value"], found["p"]) == (0, 40, 0.5, 1.0)
    assert (found["ties"]["value"], found["same_in_both_orders"]["value"]) == (0.25, 0.75)
    assert found["right"]["value"] == pytest.approx(1 / 3)  # the longer one is the chosen one in a third


def test_a_judge_that_prefers_the_first_place_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [*PAIRS, {"prompt": "q", "first": "mute", "second": "a"}]
    _, out, err = told(tmp_path, capfd, rows, "--set", "lean=9", "--json")
    found = json.loads(out)
    assert (found["first_place"]["value"], found["first_place_twice"], found["second_place_twice"]) == (1.0, 40, 0)
    assert found["first_place"]["low"] > 0.85
    assert found["p"] < 1e-9
    assert (found["failed"]["value"], found["failures"]) == (pytest.approx(1 / 41), {"mute": 2})
    _, out, err = told(tmp_path, capfd, rows, "--set", "lean=9")
    assert "the first place won twice in 40 pairs, the second in 0" in out
    assert "failed: 2 x mute" in err


def test_the_two_orders_of_a_pair_are_not_two_judgements() -> None:
    """The interval of a judge that always takes the first place is that of 20 pairs, not of 40 choices."""
    found = bias([(1.0, 1.0)] * 20, [False] * 20)
    assert found["first_place"]["low"] == pytest.approx(20 / (20 + 1.96**2), abs=1e-3)


def test_nothing_read_is_no_share() -> None:
    found = bias([(None, 1.0), (None, None)], [True, True])
    assert (found["failed"]["value"], found["first_place"], found["right"]) == (1.0, None, None)


def test_a_row_without_two_replies_is_an_error_with_its_place(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, err = told(tmp_path, capfd, [PAIRS[0], {"prompt": "p", "chosen": "a"}])
    assert code == 2
    assert "pairs.jsonl:2" in err


def test_answers_are_compared_and_thoughts_before_them_are_not(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"prompt": "q", "chosen": "<think>a</think>aaa", "rejected": "<think>aaaaaaaaaaaa</think>a"}] * 4
    _, out, _ = told(tmp_path, capfd, rows, "--json")
    assert json.loads(out)["right"]["value"] == 1.0
    code, _, err = told(tmp_path, capfd, [*rows, {"prompt": "q", "chosen": "a", "rejected": "<think>a"}])
    assert code == 2
    assert "pairs.jsonl:5: rejected: got a thought that never ends" in err
