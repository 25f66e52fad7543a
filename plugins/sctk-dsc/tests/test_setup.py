"""What the method refuses of a recipe before anything is asked."""

from __future__ import annotations

from typing import Any

import pytest
from sctk_core import Chosen, ConfigError, Sampling, Setup, Voice
from sctk_core.assembly import assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
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


@pytest.mark.parametrize("how", [{}, {"proposal": "suffix", "sweeps": 2}, {"exact": True}])
def test_every_way_to_walk_keeps_to_the_language(how: dict[str, Any]) -> None:
    check_method(DistilledSelfCritique(DscConfig(**how)))
