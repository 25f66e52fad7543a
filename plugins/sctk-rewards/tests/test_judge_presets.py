"""The judge's presets: each renders, stands under the user's own settings, names its source, and is read on its paper's scale."""

from __future__ import annotations

import asyncio
from importlib.resources import files

import pytest
from sctk_core import ConfigError, Message, Prompt, Sample, Score
from sctk_core.plugins import describe
from sctk_core.scales import scale_of
from sctk_core.testing import ScriptedBackend
from sctk_rewards.judge import Judge
from sctk_rewards.presets import preset_names

PROMPT = Prompt(messages=(Message(role="user", content="What is {low}?"),))
PRESETS = {
    "general": (0, 5, "Good.\nOverall Score: 4.5", 4.5),
    "harmlessness": (0, 1, "Rating: [[1]]", 1),
    "neutrality": (0, 5, "It plays one of 2 parts.\nOverall Score: 0", 0),
    "quality": (0, 5, "One of 2 paragraphs.\nOverall Evaluation: Score 4.5", 4.5),
    "sentiment": (-5, 5, "Cold.\nOverall Sentiment: -3", -3),
}


def test_every_preset_is_tried_and_described() -> None:
    assert set(preset_names()) == set(PRESETS)
    (about,) = (one for one in describe("reward", "judge").settings if one.name == "preset")
    assert all(name in about.help for name in PRESETS)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_renders_and_its_answers_are_read_on_its_scale(preset: str) -> None:
    low, high, says, value = PRESETS[preset]
    backend = ScriptedBackend(lambda request: says)
    config = Judge.Config(preset=preset, reads="words")
    (found,) = asyncio.run(Judge(config, backend=backend).score([Sample(prompt=PROMPT, text="A [[1]] reply.")]))
    assert isinstance(found, Score)
    assert found.value == value
    assert (scale_of(Judge, config).low, scale_of(Judge, config).high) == (low, high)  # type: ignore[union-attr]
    shown = backend.seen[0].messages[-1].content
    assert "What is {low}?" in shown
    assert "A " in shown
    assert "[[1]]" not in shown
    assert (backend.seen[0].messages[0].role == "system") == (preset == "harmlessness")
    source = files("sctk_rewards").joinpath(f"judge_presets/{preset}.toml").read_text("utf-8")
    assert preset == "general" or "arXiv 2" in source.splitlines()[0]


def test_own_settings_stand_over_the_preset() -> None:
    backend = ScriptedBackend(lambda request: "[[3]]")
    config = Judge.Config(preset="harmlessness", low=0.0, high=4.0, system="Be brief.", max_new_tokens=9, reads="words")
    (found,) = asyncio.run(Judge(config, backend=backend).score([Sample(prompt=PROMPT, text="x")]))
    assert isinstance(found, Score)
    assert found.value == 3.0
    asked = backend.seen[0]
    assert (asked.messages[0].content, asked.sampling.max_new_tokens) == ("Be brief.", 9)
    with pytest.raises(ConfigError, match="unknown preset 'harm', wanted one of general, harmlessness"):
        Judge(Judge.Config(preset="harm"), backend=backend)
