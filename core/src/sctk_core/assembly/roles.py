"""Roles: who speaks. The student comes with [model], [backend] and [sampling]; any other role is [roles.NAME] of the recipe.

A role that the recipe leaves out, and each setting that a role leaves out, is as the student's who came: never as one that was
trained on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from sctk_core import config as settings_of
from sctk_core.assembly.drawn import sampling_of
from sctk_core.assembly.parts import Part, answer_of, asked_of, parsed
from sctk_core.conversation import Message, has_unusual_turns
from sctk_core.errors import ConfigError
from sctk_core.identity import content_id, directory_digest
from sctk_core.plan import STUDENT
from sctk_core.plugins import Catalogue
from sctk_core.recipe import ModelSettings, Recipe, RoleSettings, TemplateSettings
from sctk_core.records import ModelRef, Sampling
from sctk_core.thoughts import AS_USUAL, Thoughts


@dataclass(frozen=True, kw_only=True)
class Role:
    """Who plays a role: the model, the backend that runs it, how it is sampled, and what of that a user is told."""

    name: str
    model: ModelRef
    backend: Part
    sampling: Sampling
    thoughts: Thoughts = AS_USUAL
    drawn: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest and the fingerprint hold of it."""
        found = {
            "model": self.model.digest,
            "backend": self.backend.facts,
            "sampling": settings_of.plain(self.sampling),
        }
        return found | self.beside

    @property
    def beside(self) -> dict[str, Any]:
        """What of its template and its thoughts is not as usual."""
        found = {"template": dict(self.model.variables)} if self.model.variables else {}
        return found | ({"thoughts": settings_of.plain(self.thoughts)} if self.thoughts != AS_USUAL else {})


def student_role(recipe: Recipe, backend: Part) -> Role:
    """The student as it came."""
    given = settings_of.parse(ModelSettings, recipe.section("model"), where=recipe.where("model"))
    model = _model(given.path, given.revision, backend, recipe.where("model"))
    template = settings_of.parse(TemplateSettings, recipe.section("template"), where=recipe.where("template"))
    model = _told(model, template.variables or {}, backend, recipe.where("template"))
    thoughts = settings_of.parse(Thoughts, recipe.section("thoughts"), where=recipe.where("thoughts"))
    sampling, drawn = sampling_of(backend, model, recipe.section("sampling"), recipe.where("sampling"))
    return Role(name=STUDENT, model=model, backend=backend, sampling=sampling, thoughts=thoughts, drawn=drawn)


def other_roles(recipe: Recipe, student: Role, catalogue: Catalogue) -> dict[str, Role]:
    """The roles that the recipe gives to somebody."""
    found = recipe.section("roles")
    return {name: _role(name, values, recipe, student, catalogue) for name, values in found.items()}


def _role(name: str, values: Any, recipe: Recipe, student: Role, catalogue: Catalogue) -> Role:
    where = f"[roles.{name}] of {recipe.origins.get('roles.' + name, 'the recipe')}"
    if name == STUDENT:
        raise ConfigError(
            f"{where}: the student is played by [model] and [backend]", hint="move its settings to these sections"
        )
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: got {values!r}, wanted a table", hint='[roles.teacher] and model = "..." below')
    given = settings_of.parse(RoleSettings, values, where=where)
    backend = student.backend
    if given.backend:
        settings = dict(given.backend)
        use = settings.pop("use", student.backend.name)
        below = {} if use != student.backend.name else dict(student.backend.settings)
        backend = parsed("backend", "backend", str(use), below | settings, catalogue, f"{where}, backend", "")
    model = student.model
    if given.model or given.revision or given.backend:
        path = given.model or ("" if hasattr(backend.target, "default_model") else student.model.path)
        model = _model(path, given.revision, backend, where)
    said = recipe.section("sampling") | dict(given.sampling or {})
    sampling, drawn = sampling_of(backend, model, said, f"{where}, sampling")
    thoughts = student.thoughts
    if given.thoughts:
        plain = settings_of.plain(student.thoughts) | dict(given.thoughts)
        thoughts = settings_of.parse(Thoughts, plain, where=f"{where}, thoughts")
    template = settings_of.parse(TemplateSettings, given.template or {}, where=f"{where}, template")
    variables = {**student.model.variables, **(template.variables or {})}
    if template.variables or _renders(backend):
        model = _told(model, variables, backend, f"{where}, template")
    else:
        model = replace(model, variables={})
    return Role(name=name, model=model, backend=backend, sampling=sampling, thoughts=thoughts, drawn=drawn)


def _renders(backend: Part) -> bool:
    """Whether a backend renders chat templates by itself, and takes variables for them."""
    return getattr(backend.target, "template_notes", None) is not None


def _told(model: ModelRef, variables: Mapping[str, Any], backend: Part, where: str) -> ModelRef:
    """The model with the variables of its template."""
    if variables and not _renders(backend):
        raise ConfigError(
            f"{where}: got variables of a chat template, and the backend {backend.name!r} takes none",
            hint="take them out: they would change nothing",
        )
    return replace(model, variables=dict(variables))


def template_notes(roles: Mapping[str, Role]) -> list[str]:
    """What backends say of how they render the conversations of these roles; raises where a template cannot be used."""
    found = [
        note
        for one in _different(roles)
        if _renders(one.backend)
        for note in answer_of(one.backend, "template_notes", one.model)
    ]
    return list(dict.fromkeys(found))


def stand_in_notes(own: Mapping[str, Any], roles: Mapping[str, Role], speaking: Mapping[str, Role]) -> list[str]:
    """Roles that the method's recipe gives to somebody of its own source, `own`, and that the student plays over another one."""
    return [
        f"role {name}, where it is asked: the student as it came plays it; the method's own is of its own source alone, and "
        f"nobody else is named (--set roles.{name}.model=DIR|NAME, or [roles.{name}])"
        for name in own
        if name in speaking and name not in roles
    ]


def sampling_notes(roles: Mapping[str, Role]) -> list[str]:
    """How the texts of these roles are drawn, where the models themselves have a say in it."""
    lines: dict[str, list[str]] = {}
    for name, role in roles.items():
        if role.drawn:
            lines.setdefault(f"{role.model.path}: {role.drawn}", []).append(name)
    return [f"{', '.join(names)}: {line}" for line, names in lines.items()]


def depends_on_batch(role: Role) -> str:
    """Why replies of a role depend on who else is in the batch; "" where they do not."""
    target = role.backend.target
    if hasattr(target, "depends_on_batch"):
        return asked_of(role.backend, "depends_on_batch", role.backend.config, role.model)
    return "as the backend says" if getattr(target, "batch_dependent", False) is True else ""


def context_of(role: Role) -> int | None:
    """How many tokens a prompt and its reply may have, where the backend says so before the model is loaded."""
    if getattr(role.backend.target, "context_of", None) is None:
        return None
    found = answer_of(role.backend, "context_of", role.backend.config, role.model)
    return found if type(found) is int and found > 0 else None


def batch_notes(roles: Mapping[str, Role]) -> list[str]:
    """What no seed can promise of these roles' replies."""
    lines: dict[str, list[str]] = {}
    for name, role in roles.items():
        if why := depends_on_batch(role):
            lines.setdefault(f"{role.backend.name}: {why}", []).append(name)
    return [
        f"replies to {', '.join(names)} depend on who else is in the batch ({why}): drawn anew, some come out otherwise; "
        "replies that are kept are never drawn anew, and equal replies give equal bytes (docs/user.md)"
        for why, names in lines.items()
    ]


def conversation_notes(roles: Mapping[str, Role], source: Any) -> list[str]:
    """What backends say of the source's conversations, which these roles are asked to go on from: all with turns of developers
    and tools, and of the others the longest of each order of roles.

    A conversation that a backend or its template does not take is a ConfigError with its place in the file.
    """
    unusual, longest = getattr(source, "unusual", tuple), getattr(source, "longest", tuple)
    found = []
    for one in _different(roles):
        if getattr(one.backend.target, "conversation_notes", None) is not None:
            found += answer_of(one.backend, "conversation_notes", one.model, chain(unusual(), longest()))
        else:
            found += _taken_by_none(one.backend.name, unusual())
    return list(dict.fromkeys(found))


def _taken_by_none(backend: str, unusual: Iterable[tuple[str, tuple[Message, ...]]]) -> list[str]:
    """The same of a backend that says nothing by itself: it takes users' and assistants' turns, and a system's."""
    n_defining = 0
    for where, messages in unusual:
        if has_unusual_turns(messages):
            raise ConfigError(
                f"{where}: got turns of a developer or a tool, and the backend {backend!r} takes none",
                hint="take the row out, or name another backend",
            )
        n_defining += 1
    return [f"{backend}: {n_defining:,} conversations define tools, which no model is shown"] if n_defining else []


def _different(roles: Mapping[str, Role]) -> list[Role]:
    """One role for each model, backend and set of variables."""
    return list(
        {(one.backend.name, one.model.digest, str(one.model.variables)): one for one in roles.values()}.values()
    )


def refuse_idle(roles: dict[str, Role], used: set[str], recipe: Recipe) -> None:
    """A role that nobody speaks in is an error, for it would change nothing."""
    for name in roles:
        if name not in used:
            speaking = ", ".join(sorted(used - {STUDENT})) or "no other role than the student"
            raise ConfigError(
                f"[roles.{name}] of {recipe.origins.get('roles.' + name, 'the recipe')}: got a role that nobody speaks in: "
                f"this run knows {speaking}",
                hint="take it out: it would change nothing; a component that asks a model names its role with role = ...",
            )


def _model(path: str, revision: str | None, backend: Part, where: str) -> ModelRef:
    """A model, with its digest; without a path the backend's own."""
    if not path and hasattr(backend.target, "default_model"):
        path = str(backend.target.default_model())
    if not path:
        raise ConfigError(
            f"{where}: got no model, wanted path = a directory or a hub name",
            hint=f"the backend {backend.name!r} has none of its own: give one with --model",
        )
    return resolved(ModelRef(path=path, revision=revision), backend, where)


def resolved(model: ModelRef, backend: Part, where: str = "[model]") -> ModelRef:
    """The reference with its digest. Of a hub model, whose bytes are not here, the backend tells how it renders conversations."""
    folder = Path(model.path)
    if folder.is_dir():
        return ModelRef(path=str(folder), revision=model.revision, digest=directory_digest(folder))
    if folder.is_absolute() or model.path.startswith((".", "~")):
        raise ConfigError(
            f"{where} path: got {model.path!r}, where no directory is, wanted a model directory or a hub name",
            hint="check the path",
        )
    template = asked_of(backend, "template_digest", model) if hasattr(backend.target, "template_digest") else ""
    digest = content_id("hub", model.path, model.revision, template)
    return ModelRef(path=model.path, revision=model.revision, digest=digest)
