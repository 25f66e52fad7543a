"""The table that ends a run: what each arm is worth, what became of every item, where things lie, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from sctk_core.ledger import StageCount, totals
from sctk_core.plan import STUDENT
from sctk_core.records import Measure
from sctk_core.run import RunResult
from sctk_core.run.result import PartUsage
from sctk_core.statistics import AT_EQUAL_LENGTH
from sctk_core.store.facts import ArmCost
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
        "costs": [asdict(one) for one in result.costs],
        "notes": list(result.notes),
    }


def lines_of(result: RunResult, row: str | None) -> Iterator[str]:
    """The whole report; `row` is the id of a training row for the example of `sctk why`."""
    yield from metric_lines(result.metrics)
    yield from ["", *cost_lines(result.costs)]
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
    """Per metric the arms and the paired differences, each with its 95 % interval and count; below, the same at equal length."""
    if not metrics:
        return ["nothing was measured"]
    plain = [one for one in metrics if not one.metric.endswith(AT_EQUAL_LENGTH)]
    equal = [replace(one, metric=one.metric.removesuffix(AT_EQUAL_LENGTH)) for one in metrics if one not in plain]
    lines = _metric_table("metric", plain)
    return [*lines, "", *_metric_table("at equal length", equal)] if equal else lines


def _metric_table(name: str, metrics: Sequence[Measure]) -> list[str]:
    rows, shown = [], ""
    for one in metrics:
        rows.append([one.metric if one.metric != shown else "", one.arm, *_numbers(one), _said(one)])
        shown = one.metric
    return table([name, "arm", "value", "95 % interval", "n", "p", ""], rows, right=[2, 3, 4, 5])


def _numbers(one: Measure) -> tuple[str, str, str, str]:
    sign = "+" if one.verdict is not None else ""
    interval = "none" if one.low is None or one.high is None else f"[{one.low:{sign}.3f}, {one.high:{sign}.3f}]"
    n = str(one.n) if one.n_asked in (None, one.n) else f"{one.n} of {one.n_asked}"
    return f"{one.value:{sign}.3f}", interval, n, "" if one.p is None else _p(one.p)


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _said(one: Measure) -> str:
    """The verdict, and between which ends the value lies whatever the failures would have been."""
    words = one.verdict or ""
    if one.worst is None or one.best is None:
        return words
    sign = "+" if one.verdict is not None else ""
    bounds = f"with the failures {one.worst:{sign}.3f} to {one.best:{sign}.3f}"
    return f"{words} ({bounds})" if words else bounds


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
    yield from (f"    {count} x {clean(note, one_line=True)[:160]} (answered)" for note, count in stage.notes.items())
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


def cost_lines(costs: Sequence[ArmCost]) -> list[str]:
    """What each arm cost: the tokens behind its data, its training, and what one answer reads and writes."""
    if not any(one.n_rows for one in costs):
        return []
    rows = [
        [one.arm, *(f"{n:,}" for n in (one.tokens_read, one.tokens_written, one.n_rows, one.n_tokens, one.n_steps)),
         f"{one.read_per_answer:.1f}", f"{one.written_per_answer:.1f}"]
        for one in costs
    ]  # fmt: skip
    names = ["its data cost", "tokens read", "written", "rows trained", "tokens", "steps", "an answer reads", "writes"]
    return table(names, rows, right=range(1, 8))


def place_lines(reader: RunReader) -> Iterator[str]:
    """Where the model, the data and the metrics lie."""
    layout = reader.layout
    if layout.model(STUDENT).is_dir():
        yield f"model    {layout.model(STUDENT)}"
    yield from (f"data     {reader.path / table}" for table in reader.training_tables())
    if layout.metrics.exists():
        yield f"metrics  {layout.metrics}"
