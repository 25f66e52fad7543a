"""Evaluation at two temperatures: the recipe's, and 0 beside it."""

from __future__ import annotations

from pathlib import Path

from outcomes import balanced, tables
from sctk_core.plan import Arm, Evaluate, Train, at_two_temperatures
from toy_run import toy_run


async def walk(prompt: object, crew: object) -> dict[str, object]:
    return {}


def test_each_evaluation_is_followed_by_itself_at_temperature_0_of_the_arms_that_just_answer() -> None:
    arms = (Arm("base"), Arm("best", model="base", walk=walk), Arm("student"))  # type: ignore[arg-type]
    plan = (Train("student", on="a.b"), Evaluate(*arms), Evaluate(Arm("base"), name="other"))
    _, _, greedy, _, other = at_two_temperatures(plan)
    assert isinstance(greedy, Evaluate)
    assert isinstance(other, Evaluate)
    assert ([arm.name for arm in greedy.arms], greedy.differences) == (["base", "student"], (("student", "base"),))
    assert (greedy.name, other.name, greedy.greedy, other.greedy) == ("greedy", "other-greedy", True, True)
    again = at_two_temperatures((Evaluate(Arm("base"), greedy=True), Evaluate(Arm("base"), name="greedy")))
    assert [one.name for one in again if isinstance(one, Evaluate)] == ["evaluation", "greedy", "greedy-greedy"]


def test_a_run_measures_both_and_the_second_can_be_added_later(tmp_path: Path) -> None:
    first = toy_run(tmp_path, {})
    assert not any(row.metric.startswith("greedy.") for row in first.metrics)
    before = tables(first.run)
    both = toy_run(tmp_path, {"run": {"eval_greedy": True}})
    assert balanced(both.ledger)
    assert {name: data for name, data in tables(both.run).items() if name in before} == before
    rows = {(row.metric, row.arm): row for row in both.metrics}
    assert rows["greedy.truth", "student-base"].value == rows["truth", "student-base"].value == 1.0
    asked = {one.part: one.requests - one.recalled for one in both.usage}
    assert {part: n for part, n in asked.items() if part.startswith("greedy")} == {
        "greedy/base": 10, "greedy/sft": 10, "greedy/student": 10,
    }  # fmt: skip
    whole = toy_run(tmp_path / "whole", {"run": {"eval_greedy": True}})
    assert tables(whole.run) == tables(both.run)
