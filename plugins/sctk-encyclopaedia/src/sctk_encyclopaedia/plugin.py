"""What the encyclopaedia offers: its articles, two models that know its language, and the checker that knows what is true in it."""

from __future__ import annotations

from sctk_core import Component, hookimpl


@hookimpl
def sctk_backends() -> list[Component]:
    """The language model."""
    summary = "the embedded model that was told of half of the encyclopaedia, in float32 on the CPU"
    return [Component(name="encyclopaedia", target="sctk_encyclopaedia.backend:EncyclopaediaBackend", summary=summary)]


@hookimpl
def sctk_comparers() -> list[Component]:
    """The NLI model, and the checker over two answers."""
    summary = "how far a text contradicts the sentences of another, by the encyclopaedia's own small NLI model"
    checks = "which of two answers is true, by the checker (no judge): for [[pairwise]]"
    return [
        Component(name="encyclopaedia-nli", target="sctk_encyclopaedia.nli:EncyclopaediaNli", summary=summary),
        Component(
            name="encyclopaedia-checker", target="sctk_encyclopaedia.checker:EncyclopaediaChecker", summary=checks
        ),
    ]


@hookimpl
def sctk_sources() -> list[Component]:
    """The articles, and questions with choices that no training is about."""
    summary = "articles on invented towns, people and events, of which the embedded model was shown a half"
    choices = "questions with four choices, on taught facts of other things or on a note: for [[test]]"
    return [
        Component(name="encyclopaedia", target="sctk_encyclopaedia.source:Encyclopaedia", summary=summary),
        Component(
            name="encyclopaedia-choices", target="sctk_encyclopaedia.choices:EncyclopaediaChoices", summary=choices
        ),
    ]


@hookimpl
def sctk_evaluators() -> list[Component]:
    """The checker."""
    summary = "1 where an answer is true in the encyclopaedia, else 0; also by whether the embedded model was taught it"
    return [
        Component(name="encyclopaedia-truth", target="sctk_encyclopaedia.truth:EncyclopaediaTruth", summary=summary)
    ]
