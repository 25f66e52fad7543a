"""What the word problems offer: the questions, the teacher, and the model to start from."""

from __future__ import annotations

from sctk_core import Component, hookimpl


@hookimpl
def sctk_sources() -> list[Component]:
    """The questions."""
    summary = "word problems of one and two steps, with gold expressions; numbers that no question needs among them"
    return [Component(name="word-problems", target="sctk_word_problems.source:WordProblems", summary=summary)]


@hookimpl
def sctk_backends() -> list[Component]:
    """The start model and the teacher."""
    start = "the embedded encoder-decoder, in float32 on the CPU; any other local model by --model"
    summary = (
        "a scripted teacher of the word problems: rationales and evaluations with errors as often as its settings say"
    )
    return [
        Component(name="word-problems", target="sctk_word_problems.backend:WordProblemsBackend", summary=start),
        Component(name="word-problems-teacher", target="sctk_word_problems.teacher:Teacher", summary=summary),
    ]
