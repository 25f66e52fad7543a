"""What the parts of a run say of its models and conversations before anything is asked; an error of theirs ends it there."""

from __future__ import annotations

from sctk_core.assembly.assemble import Assembly
from sctk_core.assembly.parts import answer_of
from sctk_core.assembly.roles import conversation_notes, template_notes
from sctk_core.plan import Train


def notes_before(assembly: Assembly) -> list[str]:
    """Notes for the user; raises a ConfigError for a model or a conversation that a backend or a trainer does not take."""
    rendered = template_notes(assembly.speaking) + conversation_notes(assembly.conversing, assembly.source.instance)
    return [*rendered, *training_notes(assembly)]


def training_notes(assembly: Assembly) -> list[str]:
    """What trainers say of the student by their static `model_notes(config, model)`, where they have one."""
    parts = [assembly.trainer_of(one) for one in assembly.plan if isinstance(one, Train)]
    able = [part for part in parts if getattr(part.target, "model_notes", None) is not None]
    notes = [note for part in able for note in answer_of(part, "model_notes", part.config, assembly.student.model)]
    return list(dict.fromkeys(notes))
