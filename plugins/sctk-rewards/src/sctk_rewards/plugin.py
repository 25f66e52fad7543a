"""What sctk-rewards offers: rewards without weights, and one over any transformers classifier."""

from __future__ import annotations

from collections.abc import Sequence

from sctk_core import Component, hookimpl


@hookimpl
def sctk_rewards() -> Sequence[Component]:
    """The rewards, by name."""
    return [
        Component(
            name="lexicon", target="sctk_rewards.lexicon:Lexicon", summary="praise minus blame in words, with negation"
        ),
        Component(
            name="refusal",
            target="sctk_rewards.refusal:Refusal",
            summary="1 where what is harmful is declined and the rest is helped",
        ),
        Component(name="rules", target="sctk_rewards.rules:Rules", summary="share of your own rules that a text keeps"),
        Component(
            name="classifier",
            target="sctk_rewards.classifier:Classifier",
            summary="any transformers sequence classifier, labels by its own map (extra: classifier)",
        ),
        Component(name="judge", target="sctk_rewards.judge:Judge", summary="the run's own model rates the reply"),
    ]
