"""Measuring: every answer of every arm by the rewards, the evaluators and the pairwise comparers, one line of the ledger each.

A sample that cannot be measured is a line of the ledger, never a zero. What measures nothing at all, and two that measure under
one name, are told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sctk_core.assembly import Part
from sctk_core.boundary import boundary, from_outside, with_seconds
from sctk_core.errors import CheckFailed
from sctk_core.pipeline.asking import STOPS_EVERYTHING, worded
from sctk_core.pipeline.members import Member
from sctk_core.pipeline.notes import ANSWERED, DECLINED, FAILED, Line, reason_of
from sctk_core.pipeline.reasons import reason_for
from sctk_core.pipeline.recording import Spent, tallied
from sctk_core.pipeline.whole_answers import checked_values, filed
from sctk_core.plan import BASE, Evaluate
from sctk_core.records import Failure, Sample, Score
from sctk_core.run.context import Context
from sctk_core.run.crews import Player
from sctk_core.run.units import AGAIN

FIRST_PLACE = ".first-place"
"""What stands behind the name of a comparer for how far it prefers the first place, whatever stands there."""
PER_TIMEOUT = 100
"""An evaluator gets the time of one ask for each hundred samples that were begun."""
Answer = float | Score | Failure | None
Asked = tuple[str, str]
"""What is measured: the arm, or two arms as "student-base", and the id of the sample (of a pair: of the prompt)."""


@dataclass
class Sheet:
    """All that was measured: by metric and then by what was asked its answer, and what each ask spent."""

    answers: dict[str, dict[Asked, Answer]] = field(default_factory=dict)
    spent: dict[tuple[str, Asked], tuple[str, Spent]] = field(default_factory=dict)
    by: dict[str, str] = field(default_factory=dict)

    def without(self, *arms: str) -> Sheet:
        """The same without what was measured of some arms, or pairs of arms."""
        answers = self.answers.items()
        return replace(
            self, answers={m: {one: a for one, a in column.items() if one[0] not in arms} for m, column in answers}
        )

    def metric(self, name: str, by: str) -> dict[Asked, Answer]:
        """The column of a metric, which one component alone may fill."""
        other = self.by.setdefault(name, by)
        if other != by:
            raise CheckFailed(
                f"two metrics of one name: {name!r} is measured by {other!r} and by {by!r}",
                hint="take one of them out of the recipe, or name its metric otherwise",
            )
        return self.answers.setdefault(name, {})

    def lines(self, asked: Asked, metrics: Iterable[str]) -> list[Line]:
        """The ledger's lines of one sample: one for each metric that was asked of it."""
        return [self._line(metric, asked) for metric in metrics if asked in self.answers[metric]]

    def _line(self, metric: str, asked: Asked) -> Line:
        answer = self.answers[metric][asked]
        role, spent = self.spent.get((metric, asked), ("", Spent()))
        line = Line(
            step=f"measure.{metric}", of=asked[1], role=role,
            requests=spent.requests, tokens_read=spent.tokens_read, tokens_written=spent.tokens_written,
        )  # fmt: skip
        if isinstance(answer, Failure):
            return _ended(line, FAILED, reason_of(answer), answer.id)
        note = answer.note if isinstance(answer, Score) else ""
        return _ended(line, DECLINED, "not measurable") if answer is None else _ended(line, ANSWERED, note)


def _ended(line: Line, outcome: str, reason: str, record: str = "") -> Line:
    return replace(line, outcome=outcome, reason=reason, record=record)


async def measure(context: Context, arms: Mapping[str, Sequence[Sample]], one: Evaluate) -> Sheet:
    """Every sample of every arm, by everything that measures the evaluation."""
    sheet, by, nobody = Sheet(), context.assembly.measuring(one), dict[str, Player]()
    for section, part in by.rewards.items():
        member = context.crews.member(part, nobody)
        await _score(context, sheet, (section, member), arms)
    for part in by.evaluators:
        await _evaluate(sheet, part, context.crews.member(part, nobody), arms)
    for part in by.pairwise:
        member = context.crews.member(part, nobody)
        for first, second in one.differences:
            await _compare(context, sheet, (part.label, member), {one: arms[one] for one in (first, second)})
        if AGAIN in arms:
            await _compare_again(context, sheet, (part.label, member), arms)
    return sheet


async def _score(
    context: Context, sheet: Sheet, reward: tuple[str, Member], arms: Mapping[str, Sequence[Sample]]
) -> None:
    metric, member = reward
    batcher, column = context.crews.batcher(member, "score"), sheet.metric(metric, member.component)
    for arm, samples in arms.items():
        answers = await asyncio.gather(*(batcher.ask(sample) for sample in samples))
        _refuse_silence(member, [answer for answer, _ in answers])
        for sample, (answer, spent) in zip(samples, answers, strict=True):
            column[arm, sample.id] = answer
            sheet.spent[metric, (arm, sample.id)] = (member.role, spent)


async def _evaluate(sheet: Sheet, part: Part, member: Member, arms: Mapping[str, Sequence[Sample]]) -> None:
    """One evaluator at all arms; a metric that it has for one arm and not for another is a failure of the other's samples."""
    found = {arm: await _values(part, member, samples) for arm, samples in arms.items()}
    number = part.label.removeprefix(part.name.rpartition("/")[2])
    metrics = list(dict.fromkeys(metric for values, _, _ in found.values() for metric in values)) or [part.label]
    for metric in metrics:
        name = metric + number if metric != part.label else metric
        column = sheet.metric(name, part.label)
        for arm, samples in arms.items():
            values, failure, shares = found[arm]
            missing = failure or _failure(part.name, f"no value of {metric}")
            row = values.get(metric) or [replace(missing, of=sample.id) for sample in samples]
            for sample, value, spent in zip(samples, row, shares, strict=True):
                column[arm, sample.id] = value
                if metric == metrics[0]:
                    sheet.spent[name, (arm, sample.id)] = (member.role, spent)


async def _values(
    part: Part, member: Member, samples: Sequence[Sample]
) -> tuple[Mapping[str, Sequence[Answer]], Failure | None, list[Spent]]:
    """What an evaluator says of one arm, or the failure that stands for all of it; and what was spent on each sample."""
    with tallied() as tally:
        values: dict[str, list[Any]] = {}
        failure = None
        times = 1 + len(samples) // PER_TIMEOUT
        try:
            answer = await member.of_all(member.instance.evaluate, samples, times)
            complaint = checked_values(answer, samples, values)
            failure = _failure(part.name, reason_for(complaint), complaint) if complaint else None
        except STOPS_EVERYTHING:
            raise
        except BaseException as error:
            if from_outside(error):
                raise
            told = with_seconds(error, member.desk.timeout_s * times)
            failure = boundary(told, of="", stage="measure", component=part.name)
    _refuse_silence(member, [failure] if failure else [value for column in values.values() for value in column])
    if failure is None and samples and not values:
        failure = _failure(part.name, "it measured nothing")
    found: dict[str, list[Answer]] = {}
    for metric, row in values.items():
        found[metric] = [filed(value, sample, part.name) for value, sample in zip(row, samples, strict=True)]
    return found, failure, tally.shares([sample.id for sample in samples])


def _refuse_silence(member: Member, answers: Sequence[object]) -> None:
    """A component that answers nobody is down: nothing is measured with it, and the same line again asks it again."""
    member.desk.patience.at_once(worded(member.component, member.role), answers)


def _failure(component: str, reason: str, detail: str = "") -> Failure:
    return Failure(of="", stage="measure", component=component, kind="contract", reason=reason, detail=detail)


async def _compare(
    context: Context, sheet: Sheet, comparer: tuple[str, Member], arms: Mapping[str, Sequence[Sample]]
) -> None:
    """Two arms in both orders: by how much the first arm is preferred, and by how much the first place is."""
    label, member = comparer
    batcher = context.crews.batcher(member, "compare")
    (first, ones), (second, others) = arms.items()
    by_prompt = {sample.prompt.id: sample for sample in others}
    pairs = [(one, by_prompt[one.prompt.id]) for one in ones if one.prompt.id in by_prompt]
    forth = await asyncio.gather(*(batcher.ask(pair) for pair in pairs))
    back = await asyncio.gather(*(batcher.ask((other, one)) for one, other in pairs))
    _refuse_silence(member, [answer for answer, _ in (*forth, *back)])
    preferred, placed = sheet.metric(label, label), sheet.metric(f"{label}{FIRST_PLACE}", label)
    for (one, _), (ahead, cost), (behind, more) in zip(pairs, forth, back, strict=True):
        asked = (f"{first}-{second}", one.prompt.id)
        preferred[asked] = _combined(ahead, behind, -1)
        placed[asked] = _combined(ahead, behind, +1)
        spent = Spent(*(getattr(cost, f) + getattr(more, f) for f in ("requests", "tokens_read", "tokens_written")))
        sheet.spent[label, asked] = (member.role, spent)


async def _compare_again(
    context: Context, sheet: Sheet, comparer: tuple[str, Member], arms: Mapping[str, Sequence[Sample]]
) -> None:
    """Base's second answers beside its first: zero where they are equal, which nobody is asked about."""
    alone, inner, pair = {AGAIN: list[Sample](), BASE: list[Sample]()}, Sheet(), f"{AGAIN}-{BASE}"
    label = comparer[0]
    column = sheet.metric(label, label)
    for second, first in zip(arms[AGAIN], arms[BASE], strict=True):
        if second.text != first.text:
            alone[AGAIN].append(second)
            alone[BASE].append(first)
        else:
            column[pair, first.prompt.id] = 0.0
    if alone[BASE]:
        await _compare(context, inner, comparer, alone)
        column |= inner.answers[label]  # and no lean to a place: that is no matter of the arms
        sheet.spent |= inner.spent


def _combined(ahead: Score | Failure, behind: Score | Failure, sign: int) -> Answer:
    """Half the difference, or half the sum, of both orders, with the words of the one (of the sum: the other) behind it."""
    for answer in (ahead, behind):
        if isinstance(answer, Failure):
            return answer
    assert isinstance(ahead, Score)
    assert isinstance(behind, Score)
    told = ahead if sign < 0 else behind
    return replace(told, value=(ahead.value + sign * behind.value) / 2)
