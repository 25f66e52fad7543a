"""What sctk-mirror offers: the method `mirror`, the source of its data, what is solved, and a command."""

from __future__ import annotations

from sctk_core import Component, hookimpl


@hookimpl
def sctk_methods() -> list[Component]:
    """The method."""
    summary = "Mind's Mirror: a student learns a teacher's rationales, and first to judge them; it can choose by that, or be silent"
    return [Component(name="mirror", target="sctk_mirror.method:MindsMirror", summary=summary)]


@hookimpl
def sctk_sources() -> list[Component]:
    """The questions."""
    summary = (
        "questions with gold answers, and with rationales and evaluations made elsewhere: published trees, rows, SVAMP"
    )
    return [Component(name="rationales", target="sctk_mirror.rationales:Rationales", summary=summary)]


@hookimpl
def sctk_evaluators() -> list[Component]:
    """Whether a question is solved."""
    summary = (
        "1 where the stated answer is the gold one by its task (the value of an equation, a choice, a label), else 0"
    )
    return [Component(name="solved", target="sctk_mirror.solved:Solved", summary=summary)]


@hookimpl
def sctk_commands() -> list[Component]:
    """The command `sctk mirror`."""
    summary = "look at what a run of the method mirror decided"
    return [Component(name="mirror", target="sctk_mirror.command:mirror", summary=summary)]
