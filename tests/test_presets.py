"""The critic's presets and the embedded world speak the same words: the world's model was taught exactly these prompts."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from sctk_critics.prompts import preset_names, read_prompts

TASKS = files("sctk_nano").joinpath("tasks")
pytestmark = pytest.mark.skipif(not TASKS.is_dir(), reason="the embedded world is not part of this checkout yet")


@pytest.mark.parametrize("task", ["sentiment", "safety", "privacy", "role-play", "sycophancy"])
def test_a_preset_asks_in_the_words_that_the_world_was_taught(task: str) -> None:
    assert task in preset_names()
    taught = tomllib.loads(TASKS.joinpath(f"{task}.toml").read_text("utf-8"))["prompts"]
    prompts = read_prompts(task)
    assert (prompts.critique.text, prompts.revise.text) == (taught["critique"], taught["revise"])


def test_rdpos_role_play_asks_its_judge_what_the_world_taught() -> None:
    from sctk_nano.world.personas import JUDGE
    from sctk_rdpo.method import RefinedDpo

    assert tomllib.loads(RefinedDpo.tasks["role-play"])["reward"]["ask"] == JUDGE
