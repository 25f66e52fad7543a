"""The critic's presets: each of the papers' six tasks has one in the paper's own words that renders and names its source."""

from __future__ import annotations

import asyncio
from importlib.resources import files

import pytest
from sctk_core import Critique, Message, Prompt, Sample
from sctk_core.plugins import describe
from sctk_core.testing import ScriptedBackend
from sctk_critics.constitution import Constitution
from sctk_critics.prompts import preset_names

PROMPT = Prompt(messages=(Message(role="user", content="Ask {response}."),))
PAPERS = {
    "paper-safety": ("2312.01957", "harmful, unethical, racist, sexist, toxic, dangerous, or illegal"),
    "paper-sentiment": ("2312.01957", "could be made more positive"),
    "paper-privacy": ("2312.01957", "personal identifiable information"),
    "paper-role-play": ("2402.08005", "contradicts"),
    "paper-sycophancy": ("2402.08005", "biased or subjective"),
}


def test_every_preset_is_described_and_says_where_it_is_from() -> None:
    (about,) = (one for one in describe("critic", "constitution").settings if one.name == "preset")
    assert [name for name in preset_names() if name not in about.help] == []
    assert {name for name in preset_names() if name.startswith("paper-")} == set(PAPERS)
    for name, (source, _) in PAPERS.items():
        first = files("sctk_critics").joinpath(f"presets/{name}.toml").read_text("utf-8").splitlines()[0]
        assert f"arXiv {source}" in first
        assert "MIT" in first


@pytest.mark.parametrize("preset", preset_names())
def test_a_preset_asks_for_a_critique_and_a_revision(preset: str) -> None:
    backend = ScriptedBackend(
        lambda request: "A new answer." if len(request.messages) > 4 else "It is harsh.\nVerdict: revise"
    )
    critic = Constitution(Constitution.Config(preset=preset), backend=backend)
    (critique,) = asyncio.run(critic.critique([Sample(prompt=PROMPT, text="Go {away}.")]))
    assert isinstance(critique, Critique)
    (revision,) = asyncio.run(critic.revise([critique]))
    assert isinstance(revision, Sample)
    first, second = (request.messages for request in backend.seen)
    assert second[: len(first)] == first
    assert (first[0].role == "system") == (preset == "paper-role-play")
    asked = first[-1].content
    assert PAPERS.get(preset, ("", "Verdict: keep"))[1] in asked
    assert ("Verdict" in asked) == (preset not in PAPERS)
