"""The method's own recipe: whose teacher it has, and whom the user's takes the place of; the preset."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from sctk_core import ConfigError
from sctk_core.assembly import Assembly, assemble, with_defaults
from sctk_core.claims import claims_of
from sctk_core.config import parse
from sctk_core.plan import Arm, Evaluate
from sctk_core.plan_rules import complaints_of
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer, Recipe
from sctk_mirror.method import MindsMirror
from sctk_mirror.settings import CHOOSING, TRAINED, MirrorArm, MirrorConfig, Mirrored

TEACHER = {"backend": {"use": "word-problems-teacher"}}


def recipe(**sections: Any) -> Recipe:
    method = {"use": "mirror"} | sections.pop("method", {})
    above = {"method": method, "backend": {"use": "transformers"}, "model": {"path": "somewhere"}} | sections
    return with_defaults([Layer(origin="test", sections=above)], catalogue())


@pytest.mark.parametrize(
    ("sections", "wanted"),
    [
        ({}, TEACHER),
        ({"roles": {"teacher": {"sampling": {"temperature": 0.5}}}}, TEACHER | {"sampling": {"temperature": 0.5}}),
        ({"roles": {"teacher": {"model": "ORG/LARGER"}}}, {"model": "ORG/LARGER"}),
        ({"roles": {"teacher": {"model": "big", "backend": {"use": "openai"}}}}, {"model": "big", "backend": {"use": "openai"}}),
        ({"source": {"use": "file", "path": "questions.jsonl"}}, None),
        ({"source": {"use": "word-problems", "n_prompts": 5}}, TEACHER),
    ],
)  # fmt: skip
def test_the_scripted_teacher_is_of_its_own_world_alone(
    sections: dict[str, Any], wanted: dict[str, Any] | None
) -> None:
    assert recipe(**sections).section("roles").get("teacher") == wanted


def test_the_preset_has_the_published_values() -> None:
    found = recipe(method={"preset": "paper"})
    trainer = found.section("trainer")
    assert (trainer["alpha"], trainer["dropout"]) == (0.5, 0.1)
    assert trainer["optimiser"] == {"learning_rate": 5e-5, "batch": 16}
    method = found.section("method")
    assert (method["student"], method["schedule"]["compute"]) == ({"words": "reasons"}, "published")
    assert method["evaluator"] == {"stage": "first", "shown": "rationale", "noise": "none"}
    assert set(tomllib.loads(MindsMirror.presets["paper"])) == {"method", "sampling", "trainer"}


def test_questions_of_ones_own_have_the_published_lengths() -> None:
    own = recipe(source={"use": "rationales", "path": "questions.jsonl"})
    assert (own.section("method")["schedule"]["epochs"], own.section("sampling")["max_new_tokens"]) == (60.0, 256)
    embedded = recipe()
    assert (embedded.section("method")["schedule"]["epochs"], embedded.section("sampling")["max_new_tokens"]) == (
        8.0,
        128,
    )
    said = recipe(source={"use": "rationales", "path": "q.jsonl"}, method={"schedule": {"epochs": 2.0}})
    assert said.section("method")["schedule"]["epochs"] == 2.0


def test_reading_says_which_form_is_run() -> None:
    config = MindsMirror.Config()
    assert "question and rationale" in MindsMirror.reading(config)
    assert "as many rows as the others" in MindsMirror.reading(config)


@pytest.mark.parametrize("stage", ["first", "joint"])
@pytest.mark.parametrize("arm", ["", "all", *TRAINED, *CHOOSING])
def test_every_arm_makes_a_plan_of_its_own(arm: MirrorArm, stage: str) -> None:
    config = MirrorConfig(arms=(arm,) if arm else (), evaluator=Mirrored(stage=stage))  # type: ignore[arg-type]
    plan = MindsMirror(config).plan()
    assert not complaints_of(plan)
    arms = {one.name for part in plan if isinstance(part, Evaluate) for one in part.arms}
    assert {"base", "student"} | ({arm} if arm not in ("", "all") else set()) <= arms


def test_the_arms_of_every_claim_are_in_its_experiments() -> None:
    claims = claims_of(MindsMirror, "mirror")
    assert len({one.id for one in claims}) == len(claims) == 13
    for claim in claims:
        for _, experiment, arm in claim.terms:
            config = parse(MirrorConfig, experiment.sections["method"], where="test")
            plan = MindsMirror(config).plan()
            name = "inference" if claim.metric.startswith("inference.") else "evaluation"
            evaluation = next(part for part in plan if isinstance(part, Evaluate) and part.name == name)
            assert arm in {one.name for one in evaluation.arms if isinstance(one, Arm)}, (claim.id, arm)


def assembled(tmp_path: Path, layers: dict[str, dict[str, Any]], rows: str) -> Assembly:
    """The recipe of layers by origin, put together; ROWS in a flag stands for a file of these lines."""
    (tmp_path / "rows.jsonl").write_text(rows, encoding="utf-8")
    flag = {"source": {"use": "file", "path": str(tmp_path / "rows.jsonl")}, "method": {"use": "mirror"}}
    found = [Layer(origin="flag", sections=flag), *(Layer(origin=name, sections=one) for name, one in layers.items())]
    known = catalogue()
    return assemble(with_defaults(found, known), known)


CHOICES = '{"question": "Where do fish live?", "choices": ["sky", "sea"], "answer": "sea"}\n' * 2
MINE = """
def show(row):
    return row['q']

def conclude(text):
    return text

def equal(one, other):
    return one == other
"""


@pytest.mark.parametrize("said", [{"run": {"task": "cqa"}}, {"method": {"task": "cqa"}}])
def test_a_task_is_named_once(tmp_path: Path, said: dict[str, Any]) -> None:
    """--task NAME or method.task, and source and evaluator are of it too; --prompts is read by the source `rationales`."""
    found = assembled(tmp_path, {"--set": said}, CHOICES)
    assert found.parts["source"].name == "rationales"
    assert {part.config.task for part in (found.parts["method"], found.parts["source"], *found.evaluators)} == {"cqa"}
    prompts = [*found.source.instance.prompts(), *found.source.instance.held_out()]
    assert {prompt.messages[0].content for prompt in prompts} == {
        "Where do fish live?\nAnswer Choices:\n(a) sky\n(b) sea"
    }
    assert {prompt.reference for prompt in prompts} == {"sea"}


def test_a_task_of_ones_own_is_named_once(tmp_path: Path) -> None:
    task = tmp_path / "mine.py"
    task.write_text(MINE, encoding="utf-8")
    found = assembled(tmp_path, {"--set": {"method": {"task": str(task)}}}, '{"q": "one?", "label": "1"}\n')
    assert {part.config.task for part in (found.parts["source"], *found.evaluators)} == {str(task)}


def test_what_is_said_of_a_source_or_an_evaluator_stays(tmp_path: Path) -> None:
    above = {"method": {"task": "cqa"}, "evaluator": [{"use": "solved", "task": "svamp"}, {"use": "length"}]}
    found = assembled(tmp_path, {"--set": above}, CHOICES)
    assert [getattr(part.config, "task", None) for part in found.evaluators] == ["svamp", None]
    with pytest.raises(ConfigError, match="wanted one task"):
        assembled(tmp_path, {"--set": {"method": {"task": "cqa"}, "source": {"task": "svamp"}}}, CHOICES)


def test_word_problems_are_of_no_other_task() -> None:
    known = catalogue()
    sections = {"method": {"use": "mirror"}, "run": {"task": "anli1"}}
    recipe = with_defaults([Layer(origin="flag", sections=sections)], known)
    with pytest.raises(ConfigError, match="'word-problems' of the task 'svamp'"):
        assemble(recipe, known)


def test_prompts_with_columns_named_are_read_by_the_source_that_has_them(tmp_path: Path) -> None:
    rows = '{"asked": "1 + 1?", "gold": "1 + 1"}\n' * 3
    columns = {"source": {"columns": {"prompt": "asked", "reference": "gold"}}}
    assert assembled(tmp_path, {"--set": columns}, rows).parts["source"].name == "file"


def test_rows_of_other_methods_are_read_too(tmp_path: Path) -> None:
    found = assembled(tmp_path, {}, '{"prompt": "1 + 1?", "reference": "1 + 1"}\n')
    prompts = [*found.source.instance.prompts(), *found.source.instance.held_out()]
    assert [(one.messages[0].content, one.reference) for one in prompts] == [("1 + 1?", "1 + 1")]


@pytest.mark.parametrize(("above", "told"), [({}, True), ({"roles": {"teacher": TEACHER}}, False)])
def test_that_the_student_plays_the_teacher_is_told(tmp_path: Path, above: dict[str, Any], told: bool) -> None:
    found = assembled(tmp_path, {"--set": above}, '{"question": "1 + 1?", "label": "1 + 1"}\n')
    assert (
        any("role teacher, where it is asked: the student as it came plays it" in note for note in found.notes) == told
    )
    own = assemble(
        with_defaults([Layer(origin="flag", sections={"method": {"use": "mirror"}})], catalogue()), catalogue()
    )
    assert not any("plays it" in note for note in own.notes)
