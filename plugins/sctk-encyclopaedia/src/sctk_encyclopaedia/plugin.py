"""What the encyclopaedia offers: its articles, and the checker that knows what is true in it."""

from __future__ import annotations

from sctk_core import Component, hookimpl


@hookimpl
def sctk_sources() -> list[Component]:
    """The articles."""
    summary = "articles on invented towns, people and events, of which the embedded model was shown a half"
    return [Component(name="encyclopaedia", target="sctk_encyclopaedia.source:Encyclopaedia", summary=summary)]


@hookimpl
def sctk_evaluators() -> list[Component]:
    """The checker."""
    summary = "1 where an answer is true in the encyclopaedia, else 0; also by whether the embedded model was taught it"
    return [
        Component(name="encyclopaedia-truth", target="sctk_encyclopaedia.truth:EncyclopaediaTruth", summary=summary)
    ]
