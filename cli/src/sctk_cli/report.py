"""The table that ends a run: what each arm is worth, what became of every item, where things lie, and what to do next."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sctk_core.ledger import StageCount, totals
from sctk_core.plan import STUDENT
from sctk_core.records import Measure
from sctk_core.run import RunResult
from sctk_core.run.result import PartUsage
from sctk_core.store.reader import RunReader

from sctk_cli.terminal import clean, table

N_REASONS = 3


def as_object(result: RunResult) -> dict[str, Any]:
    """What `run --json` prints: run, state, ledger with totals and stages, metrics, notes."""
    stages = [asdict(stage) for stage in result.ledger]
    return {
        "run": str(result.run),
        "state": result.state,
        "ledger": totals(result.ledger) | {"stages": stages},
        "metrics": [asdict(measure) for measure in result.metrics],
        "usage": [asdict(one) for one in result.usage],
        "notes": list(result.notes),
    }


def as_json(result: RunResult) -> str:
    """The object in one line."""
    return json.dumps(as_object(result), ensure_ascii=False, allow_nan=False)


def lines_of(result: RunResult, row: str | None) -> Iterator[str]:
    """The whole report; `row` is the id of a training row for the example of `sctk why`."""
    yield from metric_lines(result.metrics)
    yield ""
    yield from ledger_lines(result.ledger, fold=True)
    yield from ["", *usage_lines(result.usage)]
    if result.notes:
        yield ""
        yield from (f"note: {clean(note)}" for note in result.notes)
    yield ""
    yield from place_lines(RunReader(result.run))
    yield f"next     sctk show {result.run}"
    yield f"         sctk why {result.run} {row[:12] if row else 'ID'}"


def metric_lines(metrics: Sequence[Measure]) -> list[str]:
    """Per metric the arms and the paired differences, each with its 95 % interval and count."""
    if not metrics:
        return ["nothing was measured"]
    rows = []
    shown = ""
    arms = {one.arm for one in metrics}
    for one in metrics:
        paired = _is_paired(one.arm, arms)
        rows.append([one.metric if one.metric != shown else "", one.arm, *_numbers(one, paired), _verdict(one, paired)])
        shown = one.metric
    return table(["metric", "arm", "value", "95 % interval", "n", ""], rows, right=[2, 3, 4])


def _is_paired(arm: str, arms: Collection[str]) -> bool:
    """Whether a name is that of two arms, "student-base", and not of one with a "-" in it, which others are compared with."""
    if any(arm == f"{first}-{second}" for first in arms for second in arms):
        return True
    return "-" in arm and not any(other.startswith(f"{arm}-") or other.endswith(f"-{arm}") for other in arms)


def _numbers(one: Measure, paired: bool) -> tuple[str, str, str]:
    sign = "+" if paired else ""
    interval = "none" if one.low is None or one.high is None else f"[{one.low:{sign}.3f}, {one.high:{sign}.3f}]"
    return f"{one.value:{sign}.3f}", interval, str(one.n)


def _verdict(one: Measure, paired: bool) -> str:
    """Whether a paired difference is told apart from zero."""
    if not paired or one.low is None or one.high is None:
        return ""
    if one.low > 0:
        return "above zero"
    return "below zero" if one.high < 0 else "not told apart from zero"


def ledger_lines(stages: Sequence[StageCount], *, fold: bool = False) -> Iterator[str]:
    """One line per stage and below it the commonest reasons; with `fold`, measuring stages that went well are one line."""
    well = [stage for stage in stages if ".measure." in stage.stage and stage.answered == stage.asked]
    shown = [stage for stage in stages if not (fold and stage in well)]
    if fold and well:
        sums = totals(well)
        shown.append(StageCount(stage=f"measure ({len(well)} metrics by arm)", **sums))  # type: ignore[arg-type]
    names = ("asked", "answered", "failed", "declined")
    rows = [[stage.stage, *(str(getattr(stage, name)) for name in names)] for stage in shown]
    rows.append(["in all", *(str(number) for number in totals(stages).values())])
    header, *lines = table(["ledger", *names], rows, right=[1, 2, 3, 4])
    yield header
    for line, stage in zip(lines, [*shown, None], strict=True):
        yield line
        if stage is not None:
            yield from _reasons(stage)


def _reasons(stage: StageCount) -> Iterator[str]:
    listed = sorted(stage.reasons.items(), key=lambda item: -item[1])
    for reason, count in listed[:N_REASONS]:
        yield f"    {count} x {clean(reason, one_line=True)[:160]}"
    left = listed[N_REASONS:]
    if left:
        yield f"    {sum(count for _, count in left)} x other reasons ({len(left)}): sctk show has them all"


def usage_lines(usage: Sequence[PartUsage]) -> list[str]:
    """What was asked of models: by part and role the requests, how many were recalled from the store, and the tokens."""
    if not usage:
        return ["no model was asked"]
    rows = [
        [one.part, one.role, *(f"{n:,}" for n in (one.requests, one.recalled, one.tokens_read, one.tokens_written))]
        for one in usage
    ]
    names = ["asked in", "role", "requests", "recalled", "tokens read", "written"]
    return table(names, rows, right=[2, 3, 4, 5])


def place_lines(reader: RunReader) -> Iterator[str]:
    """Where the model, the data and the metrics lie."""
    layout = reader.layout
    if layout.model(STUDENT).is_dir():
        yield f"model    {layout.model(STUDENT)}"
    yield from (f"data     {reader.path / table}" for table in reader.training_tables())
    if layout.metrics.exists():
        yield f"metrics  {layout.metrics}"
