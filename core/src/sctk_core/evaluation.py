"""What the arms are worth: every held-out sample measured by the reward and the evaluators, compared in pairs.

A sample that cannot be measured is a line of the ledger, never a zero. Whether reward and truth agree is itself a row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sctk_core.errors import boundary
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.chain import Entry, with_seconds
from sctk_core.pipeline.contract import checked_values
from sctk_core.records import Failure, Measure, Sample, Score

Evaluate = Callable[[Sequence[Sample]], Awaitable[Any]]
Values = dict[str, dict[str, dict[str, float | None]]]
"""metric -> arm -> prompt id -> value, None where it could not be measured."""


@dataclass(kw_only=True)
class Measured:
    """All values by metric, arm and prompt, as rows of the table `values` too, and the lines of the ledger."""

    values: Values = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, arm: str, metric: str, sample: Sample, value: float | None, failure: str = "") -> None:
        """Notes one value; without one it is failed where `failure` says why, else declined: there is nothing to measure."""
        self.values.setdefault(metric, {}).setdefault(arm, {})[sample.prompt.id] = value
        outcome, reason = ("failed", failure) if failure else ("declined", "not measurable")
        if value is not None:
            outcome, reason = "answered", ""
            self.rows.append(
                {"arm": arm, "prompt": sample.prompt.id, "sample": sample.id, "metric": metric, "value": value}
            )
        entry = Entry(stage=f"measure.{metric}.{arm}", id=sample.id, outcome=outcome, reason=reason)
        self.entries.append(asdict(entry))


async def measure(
    arms: Mapping[str, Sequence[Sample]],
    scorer: MicroBatcher[Sample, Score] | None,
    evaluators: Mapping[str, Evaluate],
    timeout_s: float,
) -> Measured:
    """Every sample of every arm, measured by the reward (metric "reward") and by each evaluator.

    An evaluator gets `timeout_s` for each hundred samples that were begun.
    """
    measured = Measured()
    for arm, samples in arms.items():
        if scorer is not None:
            answers = await asyncio.gather(*(scorer.ask(sample) for sample in samples))
            for sample, answer in zip(samples, answers, strict=True):
                if isinstance(answer, Failure):
                    measured.add(arm, "reward", sample, None, answer.message)
                else:
                    measured.add(arm, "reward", sample, answer.value)
        for name, evaluate in evaluators.items():
            await _evaluate(measured, arm, samples, (name, evaluate), timeout_s * (1 + len(samples) // 100))
    return measured


async def _evaluate(
    measured: Measured,
    arm: str,
    samples: Sequence[Sample],
    evaluator: tuple[str, Evaluate],
    timeout_s: float,
) -> None:
    name, evaluate = evaluator
    try:
        async with asyncio.timeout(timeout_s):
            values: Any = await evaluate(samples)
        complaint = checked_values(values, samples)
    except Exception as error:  # noqa: BLE001 - the boundary between us and a component
        told = with_seconds(error, timeout_s)
        values, complaint = {}, boundary(told, of="", stage="measure", component=name).message
    if complaint:
        for sample in samples:
            measured.add(arm, name, sample, None, complaint)
        return
    for metric, row in values.items():
        for sample, value in zip(samples, row, strict=True):
            measured.add(arm, metric, sample, value)


def comparisons(measured: Measured, differences: Sequence[tuple[str, str]], seed: int) -> list[Measure]:
    """The rows that a user sees: each metric by arm, the paired differences, and how far reward and truth agree."""
    from sctk_core.statistics import compare, rank_agreement

    rows: list[Measure] = []
    for metric, arms in measured.values.items():
        if any(value is not None for by_prompt in arms.values() for value in by_prompt.values()):
            rows += compare(metric, arms, differences, seed=seed)
    judged = _reward_and_truth(measured.values)
    truths = [truth >= 0.5 for _, _, truth in judged]
    if set(truths) == {True, False}:
        found = rank_agreement([reward for _, reward, _ in judged], truths, [prompt for prompt, _, _ in judged])
        numbers = {"value": found.value, "low": found.low, "high": found.high, "n": found.n}
        rows.append(Measure(arm="all", metric="agreement", **numbers))  # type: ignore[arg-type]
    return rows


def _reward_and_truth(values: Values) -> list[tuple[str, float, float]]:
    """(prompt, reward, truth) of every sample that has both; the answers to one prompt are not independent."""
    rewards, truths = values.get("reward", {}), values.get("truth", {})
    return [
        (prompt, reward, truth)
        for arm, by_prompt in rewards.items()
        for prompt, reward in by_prompt.items()
        if reward is not None and (truth := truths.get(arm, {}).get(prompt)) is not None
    ]
