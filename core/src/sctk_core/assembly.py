"""What a recipe comes to: every component found, its settings parsed, the model named, and the run's fingerprint.

Nothing here asks a model anything. What can change data goes into the fingerprint (components and versions, settings, seed,
model digest, the source's own digest); what cannot (concurrency, time-outs) does not.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sctk_core import config as settings_of
from sctk_core.config import suggestion
from sctk_core.errors import ConfigError, PluginError, SctkError, boundary
from sctk_core.identity import content_id, directory_digest, fingerprint
from sctk_core.pipeline.stages import AcceptStep, Collect, CritiqueStep, ReviseStep, ScoreStep, Stage, Train
from sctk_core.plugins import Built, Catalogue, build, load, target_of
from sctk_core.recipe import COMPONENTS, LISTED, PROMPTS, Layer, ModelSettings, Recipe, RunSettings, merge
from sctk_core.records import ModelRef, Sampling


@dataclass(frozen=True, kw_only=True)
class Part:
    """One section's component before it is built: who provides it and the settings it will get."""

    section: str
    kind: str
    name: str
    target: Any
    config: Any
    distribution: str
    version: str
    settings: Mapping[str, Any]

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the manifest and the fingerprint hold of it; files that the settings name are read once for both."""
        who: dict[str, Any] = {"name": self.name, "distribution": self.distribution, "version": self.version}
        who |= {"settings": settings_of.identity(self.config)}
        return who | ({"digest": self._digest()} if hasattr(self.target, "digest_of") else {})

    def _digest(self) -> str:
        """The digest of files that the settings only name (a classifier's weights, say), by the component's own word."""
        return _asked_of(self, "digest_of", self.config)


@dataclass(frozen=True, kw_only=True)
class Curate:
    """One `[[curate]]` of the recipe: its curator, the tables that it is asked of, and its name in the ledger."""

    part: Part
    tables: tuple[str, ...]
    name: str

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest and the fingerprint hold of it."""
        return self.part.facts | {"of": list(self.tables)}

    def stage(self, table: str) -> str:
        """Its row in the ledger for one table."""
        return f"curate.{self.name}.{table}"


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """A recipe, resolved: parts by section, stages, model, settings, and the fingerprint of it all."""

    recipe: Recipe
    catalogue: Catalogue
    parts: Mapping[str, Part]
    curation: tuple[Curate, ...]
    evaluators: tuple[Part, ...]
    watchers: tuple[Part, ...]
    stages: tuple[Stage, ...]
    settings: RunSettings
    sampling: Sampling
    model: ModelRef
    source: Built
    fingerprint: str = ""

    @property
    def method(self) -> str:
        """The name of the method."""
        return self.parts["method"].name

    @property
    def components(self) -> dict[str, dict[str, Any]]:
        """What the manifest holds of all parts, by section."""
        parts = {section: part.facts for section, part in self.parts.items()}
        parts |= {f"curate.{curate.name}": curate.facts for curate in self.curation}
        return parts | {f"evaluator.{part.name}": part.facts for part in self.evaluators}

    def curates(self, table: str) -> tuple[Curate, ...]:
        """What the recipe asks of one table, or of the prompts, in its order."""
        return tuple(curate for curate in self.curation if table in curate.tables)

    @property
    def plan(self) -> tuple[str, ...]:
        """The names of all stages in order, curation among them."""
        before = [curate.stage(PROMPTS) for curate in self.curates(PROMPTS)]
        names: list[str] = []
        for stage in self.stages:
            names.append(stage.name)
            if isinstance(stage, Collect):
                names += [curate.stage(stage.table) for curate in self.curates(stage.table)]
        return (*before, *names)

    def built(self, section: str, needs: Mapping[str, Any]) -> Any:
        """The component of a section, ready to work."""
        return _build(self.parts[section], self.catalogue, needs, self.recipe.where(section)).instance

    def listed(self, part: Part, needs: Mapping[str, Any]) -> Any:
        """A curator, an evaluator or a watcher, ready to work."""
        return _build(part, self.catalogue, needs, f"[[{part.section}]] {part.name}").instance


def _build(part: Part, catalogue: Catalogue, needs: Mapping[str, Any], where: str) -> Built:
    return build(part.kind, part.name, part.settings, needs, where=where, among=catalogue)


def with_defaults(layers: list[Layer], catalogue: Catalogue) -> Recipe:
    """The recipe of the layers over the defaults of the method that they name and of the backend that this makes.

    A method class has `recipe`, TOML text. A backend class may have `trainer_defaults`: for a trainer's name the settings that
    suit its own model, where neither recipe nor flag says otherwise (a model of 3 M weights wants another learning rate).
    """
    named = merge(layers).use("method")
    if named is None:
        raise ConfigError(
            "the recipe: got no method, wanted [method] with use", hint="sctk run --plugin rdpo, or [method] use = ..."
        )
    method = target_of(load("method", named, among=catalogue))
    below = [Layer(origin=f"default of {named}", sections=tomllib.loads(getattr(method, "recipe", "")))]
    recipe = merge([*below, *layers])
    backend = recipe.use("backend")
    if backend is not None and recipe.section("model").get("path", "") == "":
        suits = getattr(target_of(load("backend", backend, among=catalogue)), "trainer_defaults", {})
        trainers = {section: recipe.use(section) for section, kind in COMPONENTS.items() if kind == "trainer"}
        sections = {section: {"use": use} | suits[use] for section, use in trainers.items() if use in suits}
        below.append(Layer(origin=f"default of {backend}", sections=sections))
    return merge([*below, *layers])


def assemble(recipe: Recipe, catalogue: Catalogue) -> Assembly:
    """All parts of a recipe, checked; a part that the method does not use is an error, for it would change nothing."""
    method = _part("method", recipe, catalogue)
    stages = tuple(_build(method, catalogue, {}, recipe.where("method")).instance.stages())
    wanted = _wanted(stages)
    _refuse_unused(recipe, wanted)
    parts = {"method": method} | {section: _part(section, recipe, catalogue) for section in wanted}
    curation = _curation(recipe, stages, catalogue)
    evaluators = tuple(_listed("evaluator", row, catalogue) for row in _evaluators(recipe, parts["source"]))
    watchers = tuple(_listed("watcher", row, catalogue) for row in recipe.watchers)
    run = settings_of.parse(RunSettings, recipe.section("run"), where=recipe.where("run"))
    model = _model(recipe, parts["backend"])
    source = _build(parts["source"], catalogue, {"model": model}, recipe.where("source"))
    sampling = settings_of.parse(Sampling, recipe.section("sampling"), where=recipe.where("sampling"))
    named = {
        "parts": {section: part.facts for section, part in parts.items()},
        "evaluators": [part.facts for part in evaluators],
        "model": model.digest,
        "run": settings_of.identity(run),
        "sampling": settings_of.plain(sampling),
        "source": source.instance.digest() if hasattr(source.instance, "digest") else "",
    }
    if curation:  # a recipe without it keeps the fingerprint that it had before there was any
        named["curation"] = [curate.facts for curate in curation]
    return Assembly(
        recipe=recipe, catalogue=catalogue, parts=parts, curation=curation, evaluators=evaluators, watchers=watchers,
        stages=stages, settings=run, sampling=sampling, model=model, source=source, fingerprint=fingerprint(**named),
    )  # fmt: skip


def _wanted(stages: tuple[Stage, ...]) -> list[str]:
    """The sections that the stages need, in the order in which a run meets them."""
    wanted = ["source", "backend"]
    for stage in stages:
        match stage:
            case CritiqueStep() | ReviseStep():
                wanted.append("critic")
            case ScoreStep():
                wanted.append("reward")
            case AcceptStep():
                wanted.append("rule")
            case Train():
                wanted.append(stage.section)
            case _:
                pass
    return list(dict.fromkeys(wanted))


def _refuse_unused(recipe: Recipe, wanted: list[str]) -> None:
    for section in recipe.sections:
        if section in COMPONENTS and section != "method" and section not in wanted:
            raise ConfigError(
                f"{recipe.where(section)}: got a section that the method {recipe.use('method')!r} does not read",
                hint=f"take it out: it would change nothing; the method reads {', '.join(wanted)}",
            )


def _part(section: str, recipe: Recipe, catalogue: Catalogue) -> Part:
    kind, name, where = COMPONENTS[section], recipe.use(section), recipe.where(section)
    if name is None:
        raise ConfigError(
            f"{where}: got no component, wanted use = a {kind}", hint="`sctk plugins` lists what is installed"
        )
    return _parsed(section, kind, name, recipe.section(section), catalogue, where)


def _evaluators(recipe: Recipe, source: Part) -> list[Mapping[str, Any]]:
    """The evaluators of the recipe, and those that the source brings because only they know the truth of its prompts."""
    named = [row["use"] for row in recipe.evaluators]
    brought = [{"use": name} for name in getattr(source.target, "evaluators", ()) if name not in named]
    return [*brought, *recipe.evaluators]


def _curation(recipe: Recipe, stages: tuple[Stage, ...], catalogue: Catalogue) -> tuple[Curate, ...]:
    """The recipe's curators; one that is named again for other settings is numbered, so that its ledger is its own."""
    tables = [stage.table for stage in stages if isinstance(stage, Collect)]
    found: list[Curate] = []
    seen: Counter[str] = Counter()
    for row in recipe.curation:
        part = _listed("curate", {key: value for key, value in row.items() if key != "of"}, catalogue)
        name = part.name.rpartition("/")[2]
        seen[name] += 1
        number = f"-{seen[name]}" if seen[name] > 1 else ""
        found.append(Curate(part=part, tables=_tables_of(row, tables), name=name + number))
    return tuple(found)


def _tables_of(row: Mapping[str, Any], tables: list[str]) -> tuple[str, ...]:
    """The tables that a [[curate]] is asked of: those that `of` names, else all training tables."""
    of = row.get("of", tables)
    names = [of] if isinstance(of, str) else of
    known = [PROMPTS, *tables]
    strangers = [name for name in names if name not in known] if isinstance(names, list) else [of]
    if strangers or not names:
        raise ConfigError(
            f"[[curate]] {row['use']}, of: got {strangers[0] if strangers else of!r}, wanted {' or '.join(map(repr, known))}",
            hint=suggestion(str(strangers[0]), known) if strangers else "leave `of` out: all training tables",
        )
    return tuple(name for name in known if name in names)


def _listed(section: str, row: Mapping[str, Any], catalogue: Catalogue) -> Part:
    settings = {key: value for key, value in row.items() if key != "use"}
    return _parsed(section, LISTED[section], row["use"], settings, catalogue, f"[[{section}]] {row['use']}")


def _parsed(section: str, kind: str, name: str, settings: dict[str, Any], catalogue: Catalogue, where: str) -> Part:
    loaded = load(kind, name, among=catalogue)
    target = target_of(loaded)
    return Part(
        section=section, kind=kind, name=name, target=target, settings=settings, distribution=loaded.distribution,
        version=loaded.version, config=settings_of.parse(target.Config, settings, where=where),
    )  # fmt: skip


def _model(recipe: Recipe, backend: Part) -> ModelRef:
    """The model that is drafted with and trained, with its digest."""
    given = settings_of.parse(ModelSettings, recipe.section("model"), where=recipe.where("model"))
    path, revision = given.path, given.revision
    if not path and hasattr(backend.target, "default_model"):
        path = str(backend.target.default_model())
    if not path:
        raise ConfigError(
            f"{recipe.where('model')}: got no model, wanted path = a directory or a hub name",
            hint=f"the backend {backend.name!r} has none of its own: give one with --model",
        )
    return resolved(ModelRef(path=path, revision=revision), backend)


def resolved(model: ModelRef, backend: Part) -> ModelRef:
    """The reference with its digest. Of a hub model, whose bytes are not here, the backend tells how it renders conversations."""
    folder = Path(model.path)
    if folder.is_dir():
        return ModelRef(path=str(folder), revision=model.revision, digest=directory_digest(folder))
    if folder.is_absolute() or model.path.startswith((".", "~")):
        raise ConfigError(
            f"[model] path: got {model.path!r}, where no directory is, wanted a model directory or a hub name",
            hint="check the path",
        )
    template = _asked_of(backend, "template_digest", model) if hasattr(backend.target, "template_digest") else ""
    digest = content_id("hub", model.path, model.revision, template)
    return ModelRef(path=model.path, revision=model.revision, digest=digest)


def _asked_of(part: Part, verb: str, about: Any) -> str:
    """What a component's static method says; what it throws, save our own errors, is a PluginError."""
    try:
        return str(getattr(part.target, verb)(about))
    except SctkError:
        raise
    except Exception as error:
        message = boundary(error, of="", stage="digest", component=part.name).message
        raise PluginError(f"the {part.kind} {part.name!r}: {verb}() raised {message}", hint="mend it") from error
