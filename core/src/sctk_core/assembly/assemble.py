"""A recipe, resolved: every component found, its settings parsed, the plan made, the roles given to models.

Nothing here asks a model anything. What can change data goes into fingerprints (components and versions, settings, seed, model
digests, the source's own digest); what cannot (concurrency, time-outs) does not.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sctk_core import config as settings_of
from sctk_core.assembly.blame import HINT, broken, called
from sctk_core.assembly.parts import Curate, Part, changed, curation, listed_parts, section_part
from sctk_core.assembly.question_sets import Measuring, QuestionSet, question_sets, with_tests
from sctk_core.assembly.roles import (
    Role,
    batch_notes,
    other_roles,
    refuse_idle,
    sampling_notes,
    stand_in_notes,
    student_role,
)
from sctk_core.assembly.sharing import as_method, of_arms, read_by_method
from sctk_core.assembly.sources import digest_of, notes_of
from sctk_core.config import suggestion
from sctk_core.errors import ConfigError, PluginError
from sctk_core.hookspecs import KINDS
from sctk_core.identity import fingerprint
from sctk_core.pipeline.crew import Answerer, Place, places
from sctk_core.plan import STUDENT, Arm, Evaluate, Generate, Plan, Train, at_two_temperatures, walked
from sctk_core.plan_rules import complaints_of, training_tables
from sctk_core.plugins import Built, Catalogue, build, load, target_of
from sctk_core.recipe import Layer, Recipe, RunSettings, merge, refuse_strangers, without_idle
from sctk_core.scales import scale_of
from sctk_core.setup import Chosen, Setup, Voice
from sctk_core.shown import LINE, cut, shown, told

SHOWING = ("reward", "comparer", "evaluator")
"""The kinds that show a conversation as text where they ask a model."""


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """A recipe, resolved; `crew` is the method's own, `roles` everybody that somebody else than the student plays."""

    recipe: Recipe
    catalogue: Catalogue
    plan: Plan
    crew: type
    parts: Mapping[str, Part]
    curation: tuple[Curate, ...]
    evaluators: tuple[Part, ...]
    pairwise: tuple[Part, ...]
    watchers: tuple[Part, ...]
    settings: RunSettings
    student: Role
    roles: Mapping[str, Role]
    source: Built
    tests: tuple[QuestionSet, ...] = ()
    fingerprint: str = ""

    @property
    def method(self) -> str:
        """The name of the method."""
        return self.parts["method"].name

    @property
    def components(self) -> dict[str, Any]:
        """What the manifest holds of all parts, by section."""
        found = {section: part.facts for section, part in self.parts.items()}
        found |= {f"curate.{curate.part.label}": curate.facts for curate in self.curation}
        found |= {f"evaluator.{part.label}": part.facts for part in self.evaluators}
        found |= {f"test.{one.label}": one.facts for one in self.tests}
        return found | {f"pairwise.{part.label}": part.facts for part in self.pairwise}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know before anything is asked: how files are read and texts drawn, and settings not in force."""
        hidden = [
            f"{key} of the environment is not in force: another component is named for [{key.partition('.')[0]}]"
            for key in self.recipe.hidden
        ]
        sources = [(self.parts["source"], self.source), *((one.part, one.source) for one in self.tests)]
        told = [line for part, built in sources for line in notes_of(part, built)]
        own = _recipe_of(self.parts["method"].target, self.method).get("roles")
        stand_in = stand_in_notes(own if isinstance(own, Mapping) else {}, self.roles, self.speaking)
        return (*told, *hidden, *stand_in, *sampling_notes(self.speaking), *batch_notes(self.speaking))

    def role(self, name: str) -> Role:
        """Who plays a role; one that the recipe leaves out is played by the student as it came."""
        return self.roles.get(name, self.student)

    @property
    def listed(self) -> tuple[Part, ...]:
        """The parts that may stand several times: curators, evaluators, comparers of arms, watchers."""
        tested = (part for one in self.tests for part in (one.part, *one.evaluators))
        return (*(curate.part for curate in self.curation), *self.evaluators, *self.pairwise, *tested, *self.watchers)

    def measuring(self, evaluate: Evaluate) -> Measuring:
        """What an evaluation measures with: on a question set that set's own evaluators, else all that the recipe names."""
        found = next((one.measuring for one in self.tests if one.table == evaluate.over), None)
        return found or Measuring(rewards=self.rewards, evaluators=self.evaluators, pairwise=self.pairwise)

    def crew_of(self, generate: Generate) -> type:
        """Who the walk of a pass may ask."""
        return generate.crew or self.crew

    def trainer_of(self, train: Train) -> Part:
        """Who trains an arm."""
        return changed(self.parts[train.section], train.changes, train.arm)

    def backend_of(self, one: Generate | Arm) -> Part:
        """The backend behind which the arms of a pass speak."""
        return changed(self.student.backend, one.backend, one.name)

    def curates(self, table: str) -> tuple[Curate, ...]:
        """What the recipe asks of one table, or of the prompts, in its order."""
        return tuple(curate for curate in self.curation if table in curate.tables)

    @property
    def rewards(self) -> dict[str, Part]:
        """The rewards, by section: evaluation measures every arm by each."""
        return {section: part for section, part in self.parts.items() if part.kind == "reward"}

    @property
    def speaking(self) -> dict[str, Role]:
        """Every role that somebody speaks in, and who plays it."""
        crew = (place for one in crews_of(self.plan, self.crew) for place in places(one))
        names = [STUDENT, *(place.role or place.section for place in crew if place.speaks)]
        asked = [*self.parts.values(), *self.evaluators, *self.pairwise]
        return {name: self.role(name) for name in dict.fromkeys([*names, *(part.role for part in asked if part.role)])}

    @property
    def conversing(self) -> dict[str, Role]:
        """The roles that go on from the prompts' own turns; rewards, comparers and evaluators show them as text."""
        shown = {part.role for part in (*self.parts.values(), *self.evaluators, *self.pairwise) if part.kind in SHOWING}
        going = {part.role for part in self.parts.values() if part.kind not in SHOWING}
        crew = (place for one in crews_of(self.plan, self.crew) for place in places(one))
        going |= {STUDENT, *(place.role or place.section for place in crew if place.speaks)}
        return {name: role for name, role in self.speaking.items() if name in going or name not in shown}


def crews_of(plan: Plan, crew: type) -> list[type]:
    """All crews of a plan: the method's own, and those that passes and arms have for themselves."""
    own = [one.crew for one in walked(plan) if one.crew is not None]
    return list(dict.fromkeys([crew, *own]))


def with_defaults(layers: list[Layer], catalogue: Catalogue) -> Recipe:
    """The recipe of the layers over the defaults of the method that they name and of the backend that this makes.

    A method class has `recipe`, TOML text, and may have `tasks` and `presets`: by name, TOML text that is laid over it where the
    recipe says `[run] task = NAME` and `[method] preset = NAME`, the preset above the task; what its recipe or a task has under
    `brought` holds where the recipe names another source than they do (--prompts). A backend class may have
    `trainer_defaults`: for a trainer's name the settings that suit its own model, where neither recipe nor flag says otherwise (a
    model of 3 M weights wants another learning rate). The roles of a method's recipe hold for its own source, and where nobody
    names another model for them. A trainer class may have `shared`: names of its settings that hold for the
    plan's other trainers too; of a method class they hold for its source and its evaluators (`sharing.py`).
    """
    named = merge(layers).use("method")
    if named is None:
        raise ConfigError(
            "the recipe: got no method, wanted [method] with use", hint="sctk run --plugin rdpo, or [method] use = ..."
        )
    method = target_of(load("method", named, among=catalogue))
    layers = read_by_method(layers, method, catalogue)
    task = [two for one in _task(method, named, layers) for two in _with_brought(one, named, "task", layers)]
    own = Layer(origin=_default_of(named), sections=_with_its_roles(_recipe_of(method, named), merge(layers)))
    below = [*_with_brought(own, named, "recipe", [*task, *layers]), *task, *_preset(method, named, layers)]
    recipe = merge([*below, *layers])
    backend = recipe.use("backend")
    if backend is not None and recipe.section("model").get("path", "") == "":
        suits = getattr(target_of(load("backend", backend, among=catalogue)), "trainer_defaults", {})
        if suits:
            _, plan = _planned(recipe, catalogue)
            trainers = {one.section: recipe.use(one.section) for one in plan if isinstance(one, Train)}
            sections = {section: {"use": use} | suits[use] for section, use in trainers.items() if use in suits}
            below.append(Layer(origin=_default_of(backend), sections=sections))
    recipe = merge([*below, *layers])
    return as_method(merge([*below, _shared(recipe, catalogue), *layers]), method, catalogue)


def _with_its_roles(recipe: Mapping[str, Any], above: Recipe) -> dict[str, Any]:
    """A method's recipe, less the roles that are not its own any more: over another source, or played by a model of the user's.

    A teacher that knows one world alone is no teacher of another, and the backend that it has is not that of another model.
    """
    roles, source = recipe.get("roles"), recipe.get("source")
    if not isinstance(roles, Mapping):
        return dict(recipe)
    usual = source.get("use") if isinstance(source, Mapping) else None
    own, said = above.use("source") in (None, usual), above.section("roles")
    kept = {name: role for name, role in roles.items() if own and not {"model", "backend"} & set(said.get(name) or {})}
    return {name: values for name, values in recipe.items() if name != "roles"} | ({"roles": kept} if kept else {})


def _default_of(name: str) -> str:
    """Where a setting comes from that nobody stated."""
    return f"default of {name}"


def _shared(recipe: Recipe, catalogue: Catalogue) -> Layer:
    """What the recipe's [trainer] shares with the plan's other trainers: arms are to differ by their rows, not by an adapter."""
    sections: dict[str, Any] = {}
    used = recipe.use("trainer")
    if used is None:
        return Layer(origin="as [trainer]", sections=sections)
    names = getattr(target_of(load("trainer", used, among=catalogue)), "shared", ())
    values = {name: value for name, value in recipe.section("trainer").items() if name in names}
    others = [one.section for one in _planned(recipe, catalogue)[1] if isinstance(one, Train)] if values else []
    for section in dict.fromkeys(others):
        use = recipe.use(section)
        if section != "trainer" and use is not None:
            known = {
                field.name for field in dataclasses.fields(target_of(load("trainer", use, among=catalogue)).Config)
            }
            found = {name: value for name, value in values.items() if name in known}
            sections |= {section: {"use": use} | found} if found else {}
    return Layer(origin="as [trainer]", sections=sections)


def _task(method: Any, named: str, layers: list[Layer]) -> list[Layer]:
    """The task of a method that the layers ask for, as a layer."""
    task = merge(layers).section("run").get("task", "")
    return [] if task == "" else [_named_layer("task", task, method, named)]


def _with_brought(layer: Layer, named: str, what: str, above: list[Layer]) -> list[Layer]:
    """A layer without its table `brought` and, where the layers above name another source than it does, that table as one."""
    sections = {key: value for key, value in layer.sections.items() if key != "brought"}
    brought = layer.sections.get("brought", {})
    if not isinstance(brought, Mapping):
        raise PluginError(
            f"the method {named!r} is broken: got {shown(brought)} as `brought` of its {what}, wanted a table",
            hint=HINT,
        )
    found = Layer(origin=layer.origin, sections=sections)
    other = merge(above).use("source") not in (None, merge([found]).use("source"))
    return [found, Layer(origin=layer.origin, sections=brought)] if other else [found]


def _preset(method: Any, named: str, layers: list[Layer]) -> list[Layer]:
    """The preset of a method that the layers ask for, as a layer; `preset` of a method without presets is a setting as any."""
    preset = merge(layers).section("method").get("preset", "")
    return [_named_layer("preset", preset, method, named)] if preset and getattr(method, "presets", {}) else []


def _named_layer(what: str, wanted: object, method: Any, named: str) -> Layer:
    """The text of a method's `tasks` or `presets` that is called `wanted`, as a layer."""
    known = getattr(method, f"{what}s", {})
    if not isinstance(known, Mapping):
        raise PluginError(
            f"the method {named!r} is broken: got {shown(known)} as its {what}s, wanted a mapping", hint=HINT
        )
    if not isinstance(wanted, str) or wanted not in known:
        names = sorted(map(str, known))
        raise ConfigError(
            f"[method] {named}: got the unknown {what} {shown(wanted)}, wanted {'one of ' + ', '.join(names) if names else 'none'}",
            hint=suggestion(str(wanted), names) or f"sctk describe method {named}",
        )
    return Layer(origin=f"{what} {wanted} of {named}", sections=_recipe_of(method, named, known[wanted]))


def _recipe_of(method: Any, named: str, text: str | None = None) -> dict[str, Any]:
    """The default recipe of a method class, or a text of it."""
    try:
        return tomllib.loads(getattr(method, "recipe", "") if text is None else text)
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise PluginError(f"the method {named!r} is broken: its recipe is no TOML: {told(error)}", hint=HINT) from error


def assemble(recipe: Recipe, catalogue: Catalogue) -> Assembly:
    """All parts of a recipe, checked; what the method does not use is an error, for it would change nothing."""
    method, plan = _planned(recipe, catalogue)
    crew = getattr(method.target, "Crew", Answerer)
    wanted = called(method, lambda: _sections(plan, crews_of(plan, crew), recipe), "its crew, looked at,")
    known_sections = ["method", "source", "backend", *wanted]
    recipe = without_idle(recipe, known_sections, _default_of(recipe.use("method") or ""))
    refuse_strangers(recipe, known_sections)
    parts = {"method": method}
    parts |= {name: section_part(name, name, recipe, catalogue) for name in ("source", "backend")}
    parts |= {name: section_part(name, kind, recipe, catalogue, role) for name, (kind, role) in wanted.items()}
    student = student_role(recipe, parts["backend"])
    source = build(
        "source", parts["source"].name, parts["source"].settings, {"model": student.model},
        where=recipe.where("source"), among=catalogue,
    )  # fmt: skip
    settings = settings_of.parse(RunSettings, recipe.section("run"), where=recipe.where("run"))
    plan = at_two_temperatures(plan) if settings.eval_greedy else plan
    tests = question_sets(recipe, parts["source"], student.model, catalogue)
    plan = with_tests(plan, tests)
    known = Assembly(
        recipe=recipe, catalogue=catalogue, plan=plan, crew=crew, parts=parts,
        curation=curation(recipe, _curated_tables(plan), training_tables(plan), catalogue),
        evaluators=listed_parts("evaluator", _evaluators(recipe, parts["source"]), catalogue),
        pairwise=listed_parts("pairwise", of_arms(recipe.pairwise, catalogue), catalogue),
        watchers=listed_parts("watcher", recipe.watchers, catalogue),
        settings=settings,
        student=student, roles=other_roles(recipe, student, catalogue), source=source, tests=tests,
    )  # fmt: skip
    for one in plan:
        if isinstance(one, Train):
            changed(known.trainer_of(one), one.length.changes(1, 1) if one.length else {}, one.arm)
    for walk in walked(plan):
        known.backend_of(walk)
    refuse_idle(dict(known.roles), set(known.speaking), recipe)
    _looked_at(known)
    return replace(known, fingerprint=fingerprint(**_named(known)))


def _looked_at(known: Assembly) -> None:
    """Raises what the method has against the recipe; most methods take any."""
    method = known.parts["method"]
    if hasattr(method.target, "check"):
        instance = method.built(known.catalogue, {"sections": known.recipe.sections})
        called(method, lambda: instance.check(_setup(known)), "check()")


def _setup(known: Assembly) -> Setup:
    """What the recipe came to, as methods are shown it."""
    chosen = {
        section: Chosen(
            name=part.name, target=part.target, config=part.config, role=part.role,
            scale=scale_of(part.target, part.config) if part.kind == "reward" else None,
        )
        for section, part in known.parts.items()
    }  # fmt: skip
    voices = {
        name: Voice(
            backend=role.backend.name, target=role.backend.target, model=role.model.digest, sampling=role.sampling
        )
        for name, role in known.speaking.items()
    }
    return Setup(chosen=chosen, voices=voices)


def _planned(recipe: Recipe, catalogue: Catalogue) -> tuple[Part, Plan]:
    """The method and its plan, which keeps to the rules of plans."""
    method = section_part("method", "method", recipe, catalogue)
    instance = method.built(catalogue, {"sections": recipe.sections})
    plan = called(method, instance.plan, "plan()")
    complaints = called(method, lambda: complaints_of(plan) or _unknown_settings(plan, method), "its plan, looked at,")
    if complaints:
        what = f"it has a plan that cannot be run: {cut(complaints[0], LINE)}"
        raise broken(method, what, "this is for its author to mend; `sctk plugin check` shows all of it")
    return method, plan


def _unknown_settings(plan: Plan, method: Part) -> list[str]:
    """Settings that a pass says it depends on, and that the method does not have."""
    known = {field.name for field in dataclasses.fields(method.target.Config)}
    named = [(one.name, one.settings) for one in walked(plan) if one.settings]
    return [
        f"{name}: depends on the setting {one!r}, which the method has not"
        for name, found in named
        for one in found
        if one not in known
    ]


def _sections(plan: Plan, crews: list[type], recipe: Recipe) -> dict[str, tuple[str, str]]:
    """section -> (kind, whose words the method gives it), for all that crews and trainings need, in the order of the crews."""
    found: dict[str, tuple[str, str]] = {}
    for place in _placed([place for crew in crews for place in places(crew)]):
        if not (place.optional and recipe.use(place.section) is None):
            found.setdefault(place.section, (place.member.kind, place.role if place.name == place.section else ""))
    return found | {one.section: ("trainer", "") for one in plan if isinstance(one, Train)}


def _placed(crew: list[Place]) -> Iterator[Place]:
    kinds = {kind.word for kind in KINDS}
    return (place for place in crew if place.member.kind in kinds)


def _curated_tables(plan: Plan) -> list[str]:
    """The tables that a curator may be asked of: those that are trained on, and those that later passes walk."""
    walked = [one.over for one in plan if isinstance(one, Generate) and "." in one.over]
    return list(dict.fromkeys([*training_tables(plan), *walked]))


def _evaluators(recipe: Recipe, source: Part) -> list[Mapping[str, Any]]:
    """The evaluators of the recipe, and those that the source brings because only they know the truth of its prompts."""
    named = [row["use"] for row in recipe.evaluators]
    brought = [{"use": name} for name in getattr(source.target, "evaluators", ()) if name not in named]
    return [*brought, *recipe.evaluators]


def _named(known: Assembly) -> dict[str, Any]:
    """What tells a whole run from another: its directory is called after it."""
    return {
        "parts": known.components,
        "roles": {name: role.facts for name, role in known.speaking.items()},
        "run": settings_of.identity(known.settings),
        "source": digest_of(known.parts["source"], known.source),
    } | ({"tests": [digest_of(one.part, one.source) for one in known.tests]} if known.tests else {})
