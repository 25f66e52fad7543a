"""The method's own recipe: whose teacher it has, and whom the user's takes the place of; the preset."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from sctk_core.assembly import with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer, Recipe
from sctk_mirror.method import MindsMirror

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
