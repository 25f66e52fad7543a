"""What sctk-rewards offers: rewards without weights, one over any classifier, and what compares with gold answers."""

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
            summary="1 where what is harmful (by a column of the data) is declined and the rest is helped",
        ),
        Component(name="rules", target="sctk_rewards.rules:Rules", summary="share of your own rules that a text keeps"),
        Component(
            name="classifier",
            target="sctk_rewards.classifier:Classifier",
            summary="any transformers sequence classifier, labels by its own map (extra: classifier)",
        ),
        Component(
            name="personal-data",
            target="sctk_rewards.personal_data:PersonalData",
            summary="minus the persons, addresses, numbers and accounts that a text tells, by rules or a token classifier",
        ),
        Component(
            name="sentiment-distance",
            target="sctk_rewards.sentiment:SentimentDistance",
            summary="minus the distance of a text's sentiment from neutral, by the lexicon or a classifier",
        ),
        *_gold(),
        Component(name="judge", target="sctk_rewards.judge:Judge", summary="the run's own model rates the reply"),
        Component(
            name="yes-no",
            target="sctk_rewards.yes_no:YesNo",
            summary="how much likelier the run's own model finds yes than no, by log-probabilities",
        ),
    ]


@hookimpl
def sctk_comparers() -> Sequence[Component]:
    """What compares two replies."""
    return [
        Component(
            name="pairwise",
            target="sctk_rewards.pairwise:Pairwise",
            summary="which of two replies is better, by the run's own model, asked in both orders",
        )
    ]


@hookimpl
def sctk_evaluators() -> Sequence[Component]:
    """What compares replies with gold answers measures arms, too; and how far opinions move the answers to one question."""
    shift = Component(
        name="sentiment-shift",
        target="sctk_rewards.sentiment:SentimentShift",
        summary="minus the shift of sentiment between answers to one question that is asked with other opinions",
    )
    return [*_gold(), shift]


def _gold() -> list[Component]:
    told = {
        "exact": ("Exact", "1 where the answer is a reference, case and closing marks aside"),
        "numeric": ("Numeric", "1 where the number that is answered is a reference's, units and separators aside"),
        "choice": ("Choice", "1 where the option that is chosen is a reference's: A, (A), its text"),
        "contains": ("Contains", "1 where a reply holds a reference as whole words"),
    }
    return [
        Component(name=name, target=f"sctk_rewards.gold.scorers:{target}", summary=summary)
        for name, (target, summary) in told.items()
    ]
