"""What the method refuses of a recipe before anything is asked."""

from __future__ import annotations

from typing import Any

import pytest
from sctk_core import Chosen, ConfigError, Sampling, Setup, Voice
from sctk_core.assembly import assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer, Recipe
from sctk_core.testing import ScriptedBackend, check_method
from sctk_critics.constitution import Constitution
from sctk_dsc.method import DistilledSelfCritique, DscConfig

CREW = ("critic", "reward")


def assembled(**sections: dict[str, Any]) -> None:
    """The default recipe of dSC with some settings changed, assembled."""
    known = catalogue([])
    sections["method"] = {"use": "dsc"} | sections.get("method", {})
    recipe = with_defaults([Layer(origin="test", sections=sections)], known)
    assemble(recipe, known)


def test_scores_that_may_be_below_zero_are_no_likelihoods() -> None:
    with pytest.raises(ConfigError, match="'lexicon', whose scores are -1 to 1"):
        assembled(rule={"likelihood": "score", "temperature": 1.0})
    assembled(rule={"likelihood": "score", "temperature": 1.0}, reward={"use": "judge"})
    assembled(rule={"likelihood": "exp"})


REFUSED = [
    ({"method": {"proposal": "suffix", "exact": True}}, "exact = true beside proposal"),
    ({"method": {"proposal": "suffix", "exact": "measured"}}, 'exact = "measured" beside proposal'),
    ({"method": {"exact": "measured"}, "sampling": {"temperature": 0.7}}, 'exact = "measured": got drafts drawn at'),
    ({"method": {"proposal": "suffix"}, "sampling": {"stop": ["."]}}, "sampling.stop"),
    ({"method": {"exact": True}, "rule": {"use": "strict"}}, "the rule 'strict', which reads no ratio"),
    ({"method": {"exact": True}, "sampling": {"temperature": 0.7}}, "drafts drawn at temperature 0.7"),
    (
        {"method": {"exact": True}, "critic": {"critiques": {"top_p": 0.9}}},
        "critiques drawn at temperature 1, top_p 0.9",
    ),
    (
        {
            "method": {"exact": True},
            "critic": {"role": "judge"},
            "roles": {"judge": {"backend": {"use": "transformers"}}},
        },
        "a critic in the words of 'judge'",
    ),
]


@pytest.mark.parametrize(("sections", "words"), REFUSED)
def test_what_an_exact_chain_cannot_have_is_refused(sections: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        assembled(**sections)


def test_what_an_exact_chain_can_have_is_taken() -> None:
    assembled(method={"proposal": "suffix"}, sampling={"temperature": 0.7, "top_p": 0.9})
    assembled(method={"exact": True})
    assembled(method={"exact": "measured"})


def test_a_backend_that_cannot_go_on_or_tell_log_probabilities_is_refused_by_name() -> None:
    voice = Voice(backend="server", target=ScriptedBackend, model="", sampling=Sampling())
    chosen = {
        name: Chosen(name=name, target=Constitution, config=Constitution.Config(), role="teacher") for name in CREW
    }
    setup = Setup(
        chosen=chosen | {"rule": Chosen(name="metropolis", target=None, config=None)}, voices={"teacher": voice}
    )
    for how, words in [({"proposal": "suffix"}, "go on after given tokens"), ({"exact": True}, "no log-probabilities")]:
        with pytest.raises(ConfigError, match=f"'server', which .*{words}"):
            DistilledSelfCritique(DscConfig(**how)).check(setup)


def recipe_of(**sections: dict[str, Any]) -> Recipe:
    """The recipe that a preset and some sections make."""
    return with_defaults([Layer(origin="test", sections=sections)], catalogue([]))


def test_presets_choose_what_the_paper_chose_and_a_recipe_may_say_otherwise() -> None:
    safety = recipe_of(method={"use": "dsc", "preset": "paper-safety"})
    assert (safety.section("rule")["likelihood"], safety.section("rule")["temperature"]) == ("score", 1.0)
    assert (safety.use("reward"), safety.section("reward")["high"]) == ("judge", 1.0)
    assembled(method={"preset": "paper-safety"})
    sentiment = recipe_of(method={"use": "dsc", "preset": "paper-sentiment"}, reward={"use": "judge", "low": 1.0})
    assert (sentiment.section("rule")["likelihood"], sentiment.use("reward")) == ("score", "judge")
    assert "model" not in sentiment.section("reward")
    assembled(method={"preset": "paper-sentiment"}, reward={"use": "judge", "low": 1.0})
    assembled(method={"preset": "paper-privacy"})
    privacy = recipe_of(method={"use": "dsc", "preset": "paper-privacy"})
    assert (privacy.use("source"), privacy.use("reward")) == ("nano-privacy", "personal-data")
    assert privacy.section("reward")["kinds"] == ["person"]
    with pytest.raises(ConfigError, match="counts no persons"):
        assembled(method={"preset": "paper-privacy"}, reward={"use": "lexicon"})
    assembled(method={"preset": "paper-privacy"}, reward={"use": "judge", "low": -9.0, "high": 0.0})
    with pytest.raises(ConfigError, match="unknown preset 'paper-safty', wanted one of paper-privacy") as caught:
        assembled(method={"preset": "paper-safty"})
    assert "paper-safety" in caught.value.hint


@pytest.mark.parametrize(
    "how", [{}, {"proposal": "suffix", "sweeps": 2}, {"exact": True, "sweeps": 2}, {"exact": "measured"}]
)
def test_every_way_to_walk_keeps_to_the_language(how: dict[str, Any]) -> None:
    check_method(DistilledSelfCritique(DscConfig(**how, arms=("all",), system_prompt="Be kind.")))
