"""Core's own components, offered like anybody's."""

from __future__ import annotations

from collections.abc import Sequence

from sctk_core.hookspecs import Component, hookimpl


@hookimpl
def sctk_sources() -> Sequence[Component]:
    """The sources that read files."""
    summary = "prompts, or prompts with drafts, revisions and scores, from files (JSON, CSV, Parquet, ...)"
    choices = (
        "questions with choices, of which the likeliest is the answer, from files as ARC, MMLU or HellaSwag have them"
    )
    return [
        Component(name="file", target="sctk_core.builtin.file_source:FileSource", summary=summary),
        Component(name="choices", target="sctk_core.builtin.choices_source:ChoicesSource", summary=choices),
    ]


@hookimpl
def sctk_evaluators() -> Sequence[Component]:
    """Evaluators that look at the text alone."""
    return [
        Component(
            name="length",
            target="sctk_core.builtin.evaluators:Length",
            summary="words, characters and tokens of each reply, and whether it was cut off",
        ),
        Component(
            name="diversity",
            target="sctk_core.builtin.evaluators:Diversity",
            summary="share of a reply's word pairs that no other reply of its arm has",
        ),
        Component(
            name="accuracy",
            target="sctk_core.builtin.evaluators:Accuracy",
            summary="whether the choice that was taken is the right one, of questions with choices",
        ),
    ]


@hookimpl
def sctk_watchers() -> Sequence[Component]:
    """The watcher that keeps events."""
    summary = "writes every event of a run as one line of JSON, with the time"
    return [Component(name="event-log", target="sctk_core.builtin.event_log:EventLog", summary=summary)]
