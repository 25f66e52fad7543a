"""A recipe, resolved: every component found, its settings parsed, the plan made, the roles given to models.

Nothing here asks a model anything. What can change data goes into fingerprints (components and versions, settings, seed, model
digests, the source's own digest); what cannot (concurrency, time-outs) does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sctk_core import config as settings_of
from sctk_core.assembly.blame import called
from sctk_core.assembly.defaults import default_of, recipe_of
from sctk_core.assembly.parts import Curate, Part, changed, curation, listed_parts, section_part
from sctk_core.assembly.planned import planned
from sctk_core.assembly.question_sets import Measuring, QuestionSet, question_sets, with_tests
from sctk_core.assembly.roles import (
    Role,
    batch_notes,
    context_of,
    other_roles,
    refuse_idle,
    sampling_notes,
    stand_in_notes,
    student_role,
)
from sctk_core.assembly.sharing import of_arms
from sctk_core.assembly.sources import digest_of, notes_of
from sctk_core.hookspecs import KINDS
from sctk_core.identity import fingerprint
from sctk_core.pipeline.crew import Answerer, Place, places
from sctk_core.plan import STUDENT, Arm, Evaluate, Generate, Plan, Train, at_two_temperatures, walked
from sctk_core.plan_rules import training_tables
from sctk_core.plugins import Built, Catalogue, build
from sctk_core.recipe import Recipe, RunSettings, refuse_strangers, without_idle
from sctk_core.scales import scale_of
from sctk_core.setup import Chosen, Setup, Voice

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
        own = recipe_of(self.parts["method"].target, self.method).get("roles")
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


def assemble(recipe: Recipe, catalogue: Catalogue) -> Assembly:
    """All parts of a recipe, checked; what the method does not use is an error, for it would change nothing."""
    method, plan = planned(recipe, catalogue)
    crew = getattr(method.target, "Crew", Answerer)
    wanted = called(method, lambda: _sections(plan, crews_of(plan, crew), recipe), "its crew, looked at,")
    known_sections = ["method", "source", "backend", *wanted]
    recipe = without_idle(recipe, known_sections, default_of(recipe.use("method") or ""))
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
            backend=role.backend.name,
            target=role.backend.target,
            model=role.model.digest,
            sampling=role.sampling,
            path=role.model.path,
            context=context_of(role),
        )
        for name, role in known.speaking.items()
    }
    return Setup(chosen=chosen, voices=voices)


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
