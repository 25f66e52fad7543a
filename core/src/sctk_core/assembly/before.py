"""What the parts of a run say of its models and conversations before anything is asked; an error of theirs ends it there."""

from __future__ import annotations

from collections.abc import Sequence

from sctk_core.assembly.assemble import Assembly
from sctk_core.assembly.parts import Part, answer_of
from sctk_core.assembly.roles import conversation_notes, template_notes
from sctk_core.plan import Train, walked
from sctk_core.records import ModelRef


def notes_before(assembly: Assembly) -> list[str]:
    """Notes for the user; raises a ConfigError for a model or a conversation that a backend or a trainer does not take."""
    rendered = template_notes(assembly.speaking) + conversation_notes(assembly.conversing, assembly.source.instance)
    return [*rendered, *backend_notes(assembly), *training_notes(assembly)]


def backend_notes(assembly: Assembly) -> list[str]:
    """What backends say of their models by a static `model_notes(config, model)`, as roles and arms set them."""
    roles = [(role.backend, role.model) for role in assembly.speaking.values()]
    arms = [(assembly.backend_of(one), assembly.student.model) for one in walked(assembly.plan) if one.backend]
    return _model_notes([*roles, *arms])


def training_notes(assembly: Assembly) -> list[str]:
    """What trainers say of the student by their static `model_notes(config, model)`, where they have one."""
    parts = [assembly.trainer_of(one) for one in assembly.plan if isinstance(one, Train)]
    return _model_notes([(part, assembly.student.model) for part in parts])


def _model_notes(asked: Sequence[tuple[Part, ModelRef]]) -> list[str]:
    able = [(part, model) for part, model in asked if getattr(part.target, "model_notes", None) is not None]
    notes = [note for part, model in able for note in answer_of(part, "model_notes", part.config, model)]
    return list(dict.fromkeys(notes))
