"""A pass and an arm may set the student's backend otherwise: who is asked then, what is remembered, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_core import ConfigError, Generate
from sctk_core.assembly import Assembly, assemble, notes_before, with_defaults
from sctk_core.plan_rules import complaints_of
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute
from sctk_core.run.units import units_of

HERE = Path(__file__).parent


def assembly(root: Path, changes: dict[str, Any] | None = None) -> Assembly:
    base = root / "base"
    base.mkdir(parents=True, exist_ok=True)
    (base / "skill").write_text("")
    sections: dict[str, Any] = {name: {"use": "toy"} for name in ("source", "trainer")}
    sections |= {"model": {"path": str(base)}, "method": {"use": "loud"}, "backend": {"use": "loud"}}
    sections |= {"evaluator": [{"use": "toy"}]} | (changes or {})
    known = catalogue([HERE / "toy_world.py", HERE / "loud_world.py"])
    return assemble(with_defaults([Layer(origin="test", sections=sections)], known), known)


def run(root: Path, changes: dict[str, Any] | None = None) -> RunResult:
    return execute(assembly(root, changes), out=root / "run")


def texts(result: RunResult, part: str, table: str) -> set[str]:
    return set(pl.read_parquet(result.run / part / table / "*.parquet")["text"].to_list())


def test_it_speaks_as_the_plan_sets_it_and_nobody_else_does(tmp_path: Path) -> None:
    result = run(tmp_path)
    (once,) = texts(result, "evaluation/student", "answers")
    assert texts(result, "drafts", "rows") == {"a!a!"}
    assert texts(result, "evaluation/base", "answers") == {"a!"}
    assert texts(result, "evaluation/louder", "answers") == {once * 3}
    assert once.endswith("a!")


def test_another_setting_of_the_arm_makes_the_arm_anew_and_nothing_else(tmp_path: Path) -> None:
    units = {unit.name: unit.fingerprint for unit in units_of(assembly(tmp_path))}
    louder = assembly(tmp_path, {"method": {"use": "loud", "times": 4}})
    other = {unit.name: unit.fingerprint for unit in units_of(louder)}
    assert {name for name in units if units[name] != other[name]} == {"evaluation/louder", "evaluation"}
    run(tmp_path)
    with pytest.raises(ConfigError, match=r"differ in backend of arms.times \(got 4, the directory has 3\)"):
        execute(louder, out=tmp_path / "run")


def test_what_the_backend_does_not_know_is_refused_and_says_whose_arm_it_is(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"(?s)changed for the arm '\w+': got the unknown key 'times', wanted .*leave \w+ out"
    ):
        assembly(tmp_path, {"backend": {"use": "toy"}})


def test_backends_say_what_to_know_of_a_model_as_it_is_set_and_may_refuse_it(tmp_path: Path) -> None:
    assert notes_before(assembly(tmp_path)) == ["said 2 times", "said 3 times"]
    with pytest.raises(ConfigError, match="got 10, wanted 9 at most"):
        notes_before(assembly(tmp_path, {"method": {"use": "loud", "times": 10}}))


def test_a_setting_that_came_later_is_in_no_fingerprint_at_its_default(tmp_path: Path) -> None:
    plain, said = assembly(tmp_path), assembly(tmp_path, {"backend": {"use": "loud", "whisper": False}})
    used = assembly(tmp_path, {"backend": {"use": "loud", "whisper": True}})
    assert plain.parts["backend"].facts["settings"] == {"times": 1, "mark": "!"}
    assert plain.fingerprint == said.fingerprint != used.fingerprint
    assert used.parts["backend"].facts["settings"]["whisper"] is True


def test_settings_that_are_none_are_a_fault_of_the_plan() -> None:
    plan = (Generate("a", print, makes={}, backend="loud"),)  # type: ignore[arg-type]
    assert any("settings of the backend" in complaint for complaint in complaints_of(plan))
