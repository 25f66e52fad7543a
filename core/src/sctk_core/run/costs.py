"""What each arm of a run cost, by the ledger: the tokens behind what it learned from, its training, and the tokens of an answer.

A token that two tables stand on is counted for each arm that learns from either: an arm's cost is what it would cost alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sctk_core.pipeline.recording import Spent
from sctk_core.plan import ANSWERS, BASE, Arm, Evaluate, Generate, Train
from sctk_core.records import Sample
from sctk_core.run.context import Context, place_of
from sctk_core.run.fitting import spent_of
from sctk_core.store.facts import ArmCost

Asks = set[tuple[str, str]]
"""Steps by the part that asked them."""


def costs_of(context: Context) -> list[ArmCost]:
    """The arms of all evaluations, each once, in the order of the plan."""
    plan = context.assembly.plan
    book = _Book(context)
    first: dict[str, tuple[Evaluate, Arm]] = {}
    for one in (part for part in plan if isinstance(part, Evaluate)):
        for arm in one.arms:
            first.setdefault(arm.name, (one, arm))
    return [book.cost(*found) for found in first.values()]


@dataclass
class _Book:
    """The ledgers of a run, read when they are needed."""

    context: Context

    def __post_init__(self) -> None:
        plan = self.context.assembly.plan
        self._passes = {one.name: one for one in plan if isinstance(one, Generate)}
        self._trainings = {one.arm: one for one in plan if isinstance(one, Train)}
        self._spent: dict[str, dict[str, Spent]] = {}

    def cost(self, evaluation: Evaluate, arm: Arm) -> ArmCost:
        part = f"{evaluation.name}/{arm.name}"
        data = self._sum(self._behind_arm(arm.played_by))
        told = self._sum((part, step) for step in self._of(part))
        n_answers = len(self.context.stored(part, ANSWERS, Sample)) or 1
        report: Mapping[str, Any] = self.context.directory.manifest.arms.get(arm.played_by, {})
        return ArmCost(
            arm=arm.name, tokens_read=data.tokens_read, tokens_written=data.tokens_written,
            n_rows=report.get("n_rows", 0), n_steps=report.get("n_steps", 0), n_tokens=report.get("n_tokens", 0),
            read_per_answer=told.tokens_read / n_answers, written_per_answer=told.tokens_written / n_answers,
        )  # fmt: skip

    def _behind_arm(self, arm: str) -> Asks:
        """What was asked for what an arm, and the arm that it starts from, learned from."""
        if arm == BASE:
            return set()
        one = self._trainings[arm]
        return self._behind_arm(one.start).union(*(self._behind_table(table) for table in one.tables.values()))

    def _behind_table(self, table: str) -> Asks:
        """The steps that a table rests on: of its pass, of what that walked, and of the arms that spoke in it."""
        part, name = place_of(table)
        one = self._passes.get(part)
        if one is None:
            return set()
        own = {(part, step) for step in one.rests_on.get(name, self._of(part))}
        return own.union(self._behind_table(one.over), *(self._behind_arm(arm) for arm in one.players.values()))

    def _of(self, part: str) -> dict[str, Spent]:
        if part not in self._spent:
            self._spent[part] = spent_of(self.context.directory.layout, part)
        return self._spent[part]

    def _sum(self, asks: Iterable[tuple[str, str]]) -> Spent:
        known = [self._of(part)[step] for part, step in asks if step in self._of(part)]
        return Spent(*(sum(getattr(one, name) for one in known) for name in Spent.__slots__))
