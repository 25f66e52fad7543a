"""The method's own recipe: whose teacher it has, and whom the user's takes the place of; the preset."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from sctk_core.assembly import with_defaults
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
    assert found.section("trainer")["optimiser"] == {"learning_rate": 5e-5, "batch": 16}
    method = found.section("method")
    assert (method["student"], method["schedule"]["compute"]) == ({"words": "reasons"}, "published")
    assert method["evaluator"] == {"stage": "first", "shown": "rationale", "noise": "none"}
    assert set(tomllib.loads(MindsMirror.presets["paper"])) == {"method", "sampling", "trainer"}


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
