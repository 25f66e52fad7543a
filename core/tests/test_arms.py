"""Arms with walks of their own, and a comparer over two arms in both orders: what they ask, of whom, and what is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_core.assembly import assemble, with_defaults
from sctk_core.errors import ConfigError
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute

HERE = Path(__file__).parent
TOY: dict[str, Any] = {"use": "toy"}


def run_arms(root: Path, changes: dict[str, Any] | None = None, out: str = "run") -> RunResult:
    """The method of toy_arms.py in the toy world."""
    base = root / "base"
    base.mkdir(parents=True, exist_ok=True)
    (base / "skill").write_text("")
    sections: dict[str, Any] = {name: dict(TOY) for name in ("backend", "source", "critic", "reward", "trainer")}
    sections |= {"model": {"path": str(base)}, "method": {"use": "arms"}, "evaluator": [dict(TOY)]}
    sections |= {"pairwise": [{"use": "longer"}]} | (changes or {})
    known = catalogue([HERE / "toy_world.py", HERE / "toy_arms.py"])
    return execute(assemble(with_defaults([Layer(origin="test", sections=sections)], known), known), out=root / out)


def value(result: RunResult, arm: str, metric: str) -> tuple[float, int]:
    found = next(row for row in result.metrics if (row.arm, row.metric) == (arm, metric))
    return found.value, found.n


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return run_arms(tmp_path_factory.mktemp("arms"))


def test_each_arm_asks_what_its_walk_declares(result: RunResult) -> None:
    stages = {stage.stage: stage for stage in result.ledger}
    assert result.state == "done"
    assert {name: stages[name].asked for name in stages if name.startswith(("best", "refined", "prompted"))} | {} == {
        "best-of-4.answer": 40, "best-of-4.score.0": 40, "best-of-4.make.answers": 10,
        "prompted.evaluate": 10, "prompted.make.answers": 10,
        "refined.evaluate": 10, "refined.critique.1": 10, "refined.revise.1": 10, "refined.make.answers": 10,
    } | {name: 10 for name in stages if ".measure." in name and name.startswith(("best", "refined", "prompted"))}  # fmt: skip


def test_who_is_asked_is_told_by_arm_and_role(result: RunResult) -> None:
    usage = {(one.part, one.role): one.requests for one in result.usage}
    assert usage == {
        ("chains", "teacher"): 36, ("evaluation/base", "student"): 10, ("evaluation/prompted", "student"): 10,
        ("evaluation/best-of-4", "student"): 40, ("evaluation/refined", "student"): 30, ("evaluation/student", "student"): 10,
    }  # fmt: skip


def test_the_student_criticises_in_its_own_words_only_in_its_own_arm(result: RunResult) -> None:
    texts = pl.read_parquet(result.run / "evaluation/refined/critiques/*.parquet")["text"].to_list()
    assert all(text.startswith("better ") for text in texts)  # the trained student, whose skill it is
    teacher = pl.read_parquet(result.run / "chains/critiques/*.parquet")["text"].to_list()
    assert not any(text.startswith("better ") for text in teacher)


def test_arms_and_pairs_are_measured(result: RunResult) -> None:
    assert value(result, "base", "truth") == (0.0, 10)
    assert value(result, "refined", "truth") == value(result, "student", "truth") == (1.0, 10)
    assert value(result, "best-of-4", "reward")[0] >= value(result, "base", "reward")[0]
    assert {row.arm for row in result.metrics if row.metric == "truth"} >= {"student-base", "best-of-4-base"}


def test_a_comparer_sees_two_arms_in_both_orders(result: RunResult) -> None:
    """A longer student is preferred by 1, and the lean to the first place is told apart from it."""
    assert value(result, "student-base", "longer") == (1.0, 10)
    assert value(result, "student-base", "longer.first-place") == (0.25, 10)
    ledger = {stage.stage: stage.asked for stage in result.ledger}
    assert ledger["student-base.measure.longer"] == ledger["best-of-4-base.measure.longer.first-place"] == 10


def test_wins_ties_and_losses_are_shares_beside_it(result: RunResult) -> None:
    """The student wins in both orders, and of its two orders the first place is chosen in one."""
    shares = {name: value(result, "student-base", f"longer.{name}") for name in ("win", "tie", "lose", "uncounted")}
    assert shares == {"win": (1.0, 10), "tie": (0.0, 10), "lose": (0.0, 10), "uncounted": (0.0, 10)}
    assert value(result, "student-base", "longer.first-chosen") == (0.5, 20)


def test_what_a_comparer_does_not_say_is_uncounted_and_no_difference_of_arms(tmp_path: Path) -> None:
    result = run_arms(tmp_path, {"pairwise": [{"use": "picky"}]})
    assert value(result, "student-base", "picky.uncounted") == (0.1, 10)
    assert value(result, "student-base", "picky.win") == (1.0, 9)
    assert not [
        row.metric for row in result.metrics if row.metric.startswith("picky") and row.metric.endswith(".judged")
    ]


def test_arms_that_nobody_trains_answer_before_the_training(tmp_path: Path) -> None:
    failing = {"trainer": TOY | {"at": "train", "how": "raise"}}
    with pytest.raises(Exception, match=r"the trainer .toy. of"):
        run_arms(tmp_path, failing)
    assert {path.name for path in (tmp_path / "run" / "evaluation").iterdir()} == {"base", "prompted", "best-of-4"}


def test_the_words_of_a_method_are_its_own_and_a_strange_section_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown section") as caught:
        run_arms(tmp_path, {"comparator": {"use": "longer"}})
    assert "the method reads" in caught.value.hint
