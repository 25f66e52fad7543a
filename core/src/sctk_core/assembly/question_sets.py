"""Question sets beside the source's own prompts: what the arms can do besides, and whether they have forgotten it.

`[[test]]` names a source; all of its prompts, training's and held-out ones alike, are questions that every arm of the plan's
evaluation that just answers is asked, at temperature 0, and that no training sees. A question with choices is answered by the
likeliest of them (`pipeline/answering.py`). A source's class may bring sets, as it brings evaluators: `tests`, rows as of
`[[test]]`, or a static method that gives those of its Config.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from sctk_core.assembly.parts import Part, answer_of, parsed
from sctk_core.errors import ConfigError
from sctk_core.pipeline.answering import ANSWER, examined
from sctk_core.pipeline.crew import Answerer
from sctk_core.plan import EVALUATION, Arm, Evaluate, Plan
from sctk_core.plan_rules import letters_amiss
from sctk_core.plugins import Built, Catalogue, build
from sctk_core.recipe import LISTED, Recipe
from sctk_core.records import ModelRef

SECTION = "test"
LABEL, BY = "label", "by"
USUAL_EVALUATOR = "accuracy"


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """What an evaluation is measured with: rewards by section, evaluators, comparers of arms."""

    rewards: Mapping[str, Part]
    evaluators: tuple[Part, ...]
    pairwise: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class QuestionSet:
    """One `[[test]]`: its source, what its answers are measured with, and what it is called."""

    label: str
    part: Part
    source: Built
    evaluators: tuple[Part, ...]

    @property
    def place(self) -> str:
        """The part of the run that holds its questions."""
        return f"tests/{self.label}"

    @property
    def table(self) -> str:
        """The full name of the table of its questions."""
        return f"{self.place}.rows"

    @property
    def evaluation(self) -> str:
        """The name of its evaluation, which stands before its metrics."""
        return f"test-{self.label}"

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest and the fingerprint hold of it."""
        return self.part.facts | {BY: [one.facts for one in self.evaluators]}

    @property
    def measuring(self) -> Measuring:
        """What its answers are measured with."""
        return Measuring(rewards={}, evaluators=self.evaluators, pairwise=())


def question_sets(recipe: Recipe, source: Part, model: ModelRef, catalogue: Catalogue) -> tuple[QuestionSet, ...]:
    """The sets that the source brings, and those of the recipe; one that is called as another is numbered."""
    seen: Counter[str] = Counter()
    found = []
    for row in (*brought(source), *recipe.tests):
        where = f"[[{SECTION}]] {row['use']}"
        settings = {key: value for key, value in row.items() if key not in ("use", LABEL, BY)}
        part = parsed(SECTION, LISTED[SECTION], row["use"], settings, catalogue, where, "")
        label = _label(row, part, where)
        seen[label] += 1
        label += f"-{seen[label]}" if seen[label] > 1 else ""
        built = build("source", part.name, part.settings, {"model": model}, where=where, among=catalogue)
        evaluators = tuple(_evaluator(name, catalogue, where) for name in _measured_by(row, part, where))
        found.append(QuestionSet(label=label, part=part, source=built, evaluators=evaluators))
    return tuple(found)


def brought(source: Part) -> Sequence[Mapping[str, Any]]:
    """The sets that a source brings."""
    found = getattr(source.target, "tests", ())
    rows: Sequence[Mapping[str, Any]] = answer_of(source, "tests", source.config) if callable(found) else found
    return rows


def _label(row: Mapping[str, Any], part: Part, where: str) -> str:
    """What a set is called: by its row, else by its file, else by its component."""
    path = row.get("path")
    usual = PurePath(path).stem if isinstance(path, str) else part.label
    label = row.get(LABEL, "".join(char if char.isalnum() or char in "-_" else "-" for char in usual))
    if not isinstance(label, str) or letters_amiss(label):
        raise ConfigError(
            f"{where}, {LABEL}: got {label!r}, wanted letters, digits, - and _, 60 at most", hint='label = "arc"'
        )
    return label


def _measured_by(row: Mapping[str, Any], part: Part, where: str) -> Sequence[str]:
    """The evaluators of a set: those that its row names, else its source's own, else the share of right answers."""
    said = row.get(BY, tuple(getattr(part.target, "evaluators", ())) or (USUAL_EVALUATOR,))
    names = (said,) if isinstance(said, str) else said
    if not names or not all(isinstance(name, str) for name in names):
        raise ConfigError(
            f"{where}, {BY}: got {said!r}, wanted the name of an evaluator, or a list", hint='by = "exact"'
        )
    return tuple(names)


def _evaluator(name: str, catalogue: Catalogue, where: str) -> Part:
    return parsed("evaluator", "evaluator", name, {}, catalogue, f"{where}, {BY}", "")


def with_tests(plan: Plan, sets: Sequence[QuestionSet]) -> Plan:
    """The plan, and behind it an evaluation on each set, of the arms that just answer, by the backend as the recipe sets it; a
    ConfigError where there is none.
    """
    usual = next((one for one in plan if isinstance(one, Evaluate) and one.name == EVALUATION), None)
    arms = [_examined(arm) for arm in usual.arms if arm.walk is None and not arm.backend] if usual else []
    if not sets:
        return plan
    if usual is None or not arms:
        raise ConfigError(
            f"[[{SECTION}]] {sets[0].label}: all arms of the method answer in ways of their own, wanted one that just answers",
            hint="take the section out: nobody would be asked",
        )
    names = {arm.name for arm in arms}
    pairs = [pair for pair in usual.differences if names.issuperset(pair)]
    return (*plan, *(Evaluate(*arms, over=one.table, differences=pairs or None, name=one.evaluation) for one in sets))


def _examined(arm: Arm) -> Arm:
    """The arm as it answers the questions of a set."""
    return replace(arm, walk=examined, steps=(ANSWER,), crew=Answerer, settings=())
