"""What sctk-mirror offers: the method `mirror`, the sources of its data, and the evaluator that knows what is solved."""

from __future__ import annotations

from sctk_core import Component, hookimpl


@hookimpl
def sctk_evaluators() -> list[Component]:
    """Whether a question is solved."""
    summary = (
        "1 where the stated answer is the gold one by its task (the value of an equation, a choice, a label), else 0"
    )
    return [Component(name="solved", target="sctk_mirror.solved:Solved", summary=summary)]
