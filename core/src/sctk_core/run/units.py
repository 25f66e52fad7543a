"""What a plan comes to: units in the order of work, each with the facts that its result depends on.

A unit's fingerprint is made of its own facts and of the fingerprints of the units whose results it reads, so another metric
redoes the evaluation only, another setting of the trainer the training and what follows from it, and more iterations nothing
that is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from sctk_core import config as settings_of
from sctk_core.assembly import Assembly
from sctk_core.assembly.roles import depends_on_batch
from sctk_core.assembly.sources import digest_of
from sctk_core.identity import fingerprint
from sctk_core.pipeline.answering import ANSWER as ANSWER_STEP
from sctk_core.pipeline.crew import Answerer, places
from sctk_core.plan import ANSWERS, BASE, EVALUATION, HELD_OUT, PROMPTS, Arm, Evaluate, Fit, Generate, Made, Train
from sctk_core.records import Sample
from sctk_core.store.layout import curated, trained

Kind = Literal["intake", "curation", "pass", "fit", "training", "evaluation"]


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One unit of work: what of the plan it does, where it is stored, its own facts, and the units that it reads from."""

    kind: Kind
    name: str
    part: str
    what: Any
    facts: Mapping[str, Any]
    reads: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """16 hex digits over its facts and what it reads."""
        return fingerprint(facts=self.facts, reads=dict(self.reads))


async def answered(prompt: Any, crew: Answerer, *, greedy: bool = False, again: int = 0) -> Made:
    """The walk of an arm that just answers, at temperature 0 where it is greedy; base is asked the same once more (`again`)."""
    return {ANSWERS: await crew.student.draft(prompt, step=ANSWER_STEP, greedy=greedy, again=again)}


@dataclass(frozen=True, slots=True)
class Repeat(Generate):
    """The pass in which base answers some prompts of an evaluation a second time, among others than the first time."""


AGAIN = f"{BASE}-again"
"""What base is called where it answers a second time."""


def repeat_pass(evaluate: Evaluate) -> Repeat:
    """The pass in which base answers again."""
    name = AGAIN if evaluate.name == EVALUATION else f"{evaluate.name}.{AGAIN}"
    walk = partial(answered, greedy=evaluate.greedy, again=1)
    return Repeat(name, walk, evaluate.over, (ANSWER_STEP,), {ANSWERS: Sample}, BASE, Answerer, settings=())


def arm_pass(evaluate: Evaluate, arm: Arm) -> Generate:
    """The pass in which an arm answers the prompts of an evaluation."""
    name = arm.name if evaluate.name == EVALUATION else f"{evaluate.name}.{arm.name}"
    makes = {ANSWERS: Sample}
    if arm.walk is None:
        walk = partial(answered, greedy=evaluate.greedy)
        return Generate(
            name, walk, evaluate.over, (ANSWER_STEP,), makes, arm.played_by, Answerer, settings=(), backend=arm.backend
        )
    return Generate(
        name, arm.walk, evaluate.over, arm.steps, makes, arm.played_by, arm.crew, arm.cast, arm.settings, arm.fit,
        backend=arm.backend,
    )  # fmt: skip


def units_of(assembly: Assembly) -> list[Unit]:
    """All units in the order of work: arms that are there from the start answer before anything is trained."""
    build = _Builder(assembly)
    build.begin()
    for place, one in enumerate(assembly.plan):
        if isinstance(one, Generate):
            build.walk(one, one.name, one.name)
        elif isinstance(one, Fit):
            build.fit(one)
        elif isinstance(one, Train):
            build.early(assembly.plan[place:])
            build.train(one)
        else:
            build.evaluate(one)
    return build.units


class _Builder:
    """Gathers units; `_prints` are the fingerprints of what was gathered, by name of table, arm or pass."""

    def __init__(self, assembly: Assembly) -> None:
        self.units: list[Unit] = []
        self._assembly = assembly
        self._prints: dict[str, str] = {BASE: "as it came"}
        self._trained = {one.arm for one in assembly.plan if isinstance(one, Train)}

    def _add(self, unit: Unit, *makes: str) -> None:
        self.units.append(unit)
        self._prints |= dict.fromkeys(makes, unit.fingerprint)

    def begin(self) -> None:
        """The source's two tables."""
        assembly = self._assembly
        run = settings_of.identity(assembly.settings)
        source = {
            "source": assembly.parts["source"].facts,
            "file": digest_of(assembly.parts["source"], assembly.source),
        }
        rows = {"run": {"shard_rows": run["shard_rows"]}}
        limited = source | {"run": rows["run"] | {"limit": run["limit"], "seed": run["seed"]}}
        self._add(Unit(kind="intake", name=HELD_OUT, part=HELD_OUT, what=HELD_OUT, facts=source | rows), HELD_OUT)
        self._add(Unit(kind="intake", name=PROMPTS, part=PROMPTS, what=PROMPTS, facts=limited), PROMPTS)
        self._curate(PROMPTS)
        for one in assembly.tests:
            drawn = {"eval_limit": run["eval_limit"], "seed": run["seed"]}
            facts = {"source": one.part.facts, "file": digest_of(one.part, one.source), "run": rows["run"] | drawn}
            self._add(Unit(kind="intake", name=one.place, part=one.place, what=one.table, facts=facts), one.table)

    def _curate(self, table: str) -> None:
        """The curators of a table, if it has any; whoever reads it, reads what they kept."""
        curates = self._assembly.curates(table)
        if curates:
            facts = {f"curate.{one.part.label}": one.facts for one in curates}
            reads = {table: self._prints[table], HELD_OUT: self._prints[HELD_OUT]}
            part = curated(table)
            self._add(Unit(kind="curation", name=part, part=part, what=table, facts=facts, reads=reads), table)

    def walk(self, one: Generate, name: str, part: str, more: Mapping[str, Any] | None = None) -> None:
        """A pass, and the curation of what it makes."""
        if name in self._prints:
            return
        run = settings_of.identity(self._assembly.settings)
        about = {"seed": run["seed"], "shard_rows": run["shard_rows"]}
        if one.over == PROMPTS:
            about["chains"] = run["chains"]
        facts = {"method": self._method(one), "run": about | dict(more or {})} | self._crew(one)
        facts["pass"] = {"name": one.name, "over": one.over, "makes": sorted(one.makes)}
        reads = {
            name: self._prints[name] for name in (one.over, *one.players.values(), *([one.fit] if one.fit else []))
        }
        tables = [f"{part}.{table}" for table in one.makes]
        self._add(Unit(kind="pass", name=name, part=part, what=one, facts=facts, reads=reads), name, *tables)
        for table in tables:
            self._curate(table)

    def fit(self, one: Fit) -> None:
        """Numbers out of a table."""
        facts = {"method": self._method(one), "fit": {"name": one.name, "on": one.on}}
        reads = {one.on: self._prints[one.on]}
        self._add(Unit(kind="fit", name=one.name, part=one.name, what=one, facts=facts, reads=reads), one.name)

    def _method(self, one: Generate | Fit) -> dict[str, Any]:
        """The method's facts, with those of its settings that matter to a pass."""
        facts = dict(self._assembly.parts["method"].facts)
        if one.settings is not None:
            facts["settings"] = {name: value for name, value in facts["settings"].items() if name in one.settings}
        return facts

    def _crew(self, one: Generate) -> dict[str, Any]:
        """The facts of all who are asked in a pass: components by section, and the roles in whose words they speak."""
        assembly, facts, roles = self._assembly, dict[str, Any](), set[str]()
        for place in places(assembly.crew_of(one)):
            part = assembly.parts.get(place.section) if place.member.kind else None
            if part is not None:
                facts[place.section] = part.facts
                roles.add(place.role or part.role)
            elif place.speaks:
                roles.add(place.role or place.section)
        behind = {"backend of arms": assembly.backend_of(one).facts} if one.backend else {}
        return facts | _role_facts(assembly, roles - {""}) | behind

    def early(self, rest: Any) -> None:
        """The passes of arms that nobody trains: they answer while their engine is there anyway."""
        for one in rest:
            if isinstance(one, Evaluate) and one.over in self._prints:
                self._arms(one, [arm for arm in one.arms if self._answers_early(arm)])

    def _answers_early(self, arm: Arm) -> bool:
        """Whether nobody trains an arm, and it waits for no fit."""
        return not {arm.played_by, *arm.cast.values()} & self._trained and (not arm.fit or arm.fit in self._prints)

    def _arms(self, one: Evaluate, arms: Any) -> None:
        more: dict[str, Any] = {"eval_limit": self._assembly.settings.eval_limit, "eval_limit_draws": "by kind"}
        more |= {"greedy": True} if one.greedy else {}
        for arm in arms:
            part = f"{one.name}/{arm.name}"
            self.walk(arm_pass(one, arm), part, part, more)
            if arm.name == BASE and arm.walk is None and one.over == HELD_OUT and self._repeats():
                part = f"{one.name}/{AGAIN}"
                self.walk(repeat_pass(one), part, part, more | {"again": self._assembly.settings.again})

    def _repeats(self) -> bool:
        """Whether base is asked a second time: its replies depend on who else is in the batch."""
        return self._assembly.settings.again > 0 and bool(depends_on_batch(self._assembly.student))

    def train(self, one: Train) -> None:
        """A training."""
        reads = {table: self._prints[table] for table in one.tables.values()} | {one.start: self._prints[one.start]}
        facts = {one.section: self._assembly.trainer_of(one).facts, "tables": dict(one.tables)}
        facts["model"] = {"digest": self._assembly.student.model.digest}
        facts |= {"template": dict(found)} if (found := self._assembly.student.model.variables) else {}
        if one.length is not None:
            facts["length"] = {"of": one.length.of, "passes": one.length.passes, "setting": one.length.setting}
            reads |= {one.length.of: self._prints[one.length.of]}
        self._add(
            Unit(kind="training", name=one.arm, part=trained(one.arm), what=one, facts=facts, reads=reads), one.arm
        )

    def evaluate(self, one: Evaluate) -> None:
        """The arms that were trained, and the comparison of all."""
        assembly = self._assembly
        self._arms(one, one.arms)
        by = assembly.measuring(one)
        asked = [*by.evaluators, *by.pairwise, *by.rewards.values()]
        facts: dict[str, Any] = {f"evaluator.{part.label}": part.facts for part in by.evaluators}
        facts |= {f"pairwise.{part.label}": part.facts for part in by.pairwise}
        facts |= {section: part.facts for section, part in by.rewards.items()}
        facts |= _role_facts(assembly, {part.role for part in asked if part.role})
        facts["differences"] = [list(pair) for pair in one.differences]
        facts["run"] = {"seed": assembly.settings.seed, "shard_rows": assembly.settings.shard_rows}
        parts = [f"{one.name}/{arm.name}" for arm in one.arms]
        parts += [part for part in [f"{one.name}/{AGAIN}"] if part in self._prints]
        reads = {part: self._prints[part] for part in parts}
        self._add(Unit(kind="evaluation", name=one.name, part=one.name, what=one, facts=facts, reads=reads), one.name)


def _role_facts(assembly: Assembly, roles: set[str]) -> dict[str, Any]:
    """The roles' facts: the student's as the recipe's sections have them, any other's under its own name."""
    found: dict[str, Any] = {}
    for name in sorted(roles):
        role = assembly.role(name)
        if name in assembly.roles:
            found[f"roles.{name}"] = role.facts
        else:
            facts = role.facts
            found |= {"backend": facts["backend"], "sampling": facts["sampling"], "model": {"digest": facts["model"]}}
            found |= role.beside
    return found
