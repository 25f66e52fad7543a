"""Conformance of the kinds that do not answer batches: source, curator, trainer, watcher; methods are in a room of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sctk_core.pipeline.events import (
    ItemFinished,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    StepFinished,
    TrainingStep,
)
from sctk_core.pipeline.threads import aside
from sctk_core.pipeline.whole_answers import checked_report, checked_verdicts
from sctk_core.plan import Declined
from sctk_core.protocols import Curator, Source, Trainer, Watcher
from sctk_core.records import ModelRef, Prompt, TrainingData, TrainReport
from sctk_core.testing.complaints import Complaints
from sctk_core.testing.examples import example_pairs, example_prompts, example_samples


def check_source(source: Source, *, n_prompts: int = 1000) -> None:
    """Raises a ContractError unless the first `n_prompts` are prompts, the same each time, unique, and none is held out."""
    found = Complaints(source)
    first, again = _prompts(found, "prompts", n_prompts), _prompts(found, "prompts", n_prompts)
    held_out = _prompts(found, "held_out", n_prompts)
    if not first and not found.lines:
        found.add("prompts(): got none, wanted one or more")
    if [one.id for one in first] != [one.id for one in again]:
        found.add("prompts(): got others the second time, wanted the same in the same order")
    for verb, prompts in (("prompts", first), ("held_out", held_out)):
        ids = [one.id for one in prompts]
        if len(set(ids)) < len(ids):
            found.add(f"{verb}(): got {len(ids) - len(set(ids))} equal ids, wanted repeated rows to count `occurrence`")
    for what, names in (("messages", _conversations), ("meta['group']", _groups)):
        shared = names(first) & names(held_out)
        if shared:
            found.add(
                f"held_out(): got {len(shared)} {what} that prompts() has too, wanted none ({min(shared)[:80]!r})"
            )
    found.done()


def _prompts(found: Complaints, verb: str, limit: int) -> list[Prompt]:
    """What the source yields, up to `limit`, and a complaint where that is no stream of prompts."""
    well, prompts = found.attempt(lambda: list(islice(getattr(found.component, verb)(), limit)), verb)
    strangers = [type(one).__name__ for one in prompts or () if not isinstance(one, Prompt)]
    if strangers:
        found.add(f"{verb}(): got a {strangers[0]}, wanted Prompt")
    return [one for one in prompts if isinstance(one, Prompt)] if well else []


def _conversations(prompts: Sequence[Prompt]) -> set[str]:
    return {"\n".join(message.content for message in one.messages) for one in prompts}


def _groups(prompts: Sequence[Prompt]) -> set[str]:
    return {one.meta["group"] for one in prompts if "group" in one.meta}


def check_curator(curator: Curator, rows: Sequence[Any] | None = None, *, timeout_s: float = 60.0) -> None:
    """Raises a ContractError unless `curator` keeps its contract on `rows` (else on example prompts, samples and pairs).

    One verdict per row, the same the second time, and none of an empty table; a row that stands for another one stays itself.
    """
    found = Complaints(curator, timeout_s=timeout_s)
    tables: list[Sequence[Any]] = [example_prompts(), example_samples(), example_pairs()] if rows is None else [rows]
    for table in tables:
        held_out = example_prompts()[1:3]
        first, again = (_verdicts(found, table, held_out) for _ in range(2))
        _verdicts(found, table[:0], held_out)
        _verdicts(found, table, [])
        if first is not None and again is not None and list(first) != list(again):
            found.add("curate(): got other verdicts the second time, wanted a pure function")
        gone = {row.id for row, verdict in zip(table, first or (), strict=False) if verdict is not None}
        if any(isinstance(verdict, Declined) and verdict.because in gone for verdict in first or ()):
            found.add("curate(): got a row left out because of one that is left out too, wanted the one that stays")
    found.done()


def _verdicts(found: Complaints, rows: Sequence[Any], held_out: list[Prompt]) -> Sequence[Any] | None:
    """The verdicts on a table, or None and a complaint where they cannot be used."""

    async def ask() -> Any:
        try:
            return await asyncio.wait_for(aside(lambda: curator.curate(tuple(rows), tuple(held_out))), found.timeout_s)
        except TimeoutError as error:
            raise TimeoutError(f"no answer to {len(rows)} rows within {found.timeout_s:g} s") from error

    curator: Any = found.component
    well, answer = found.attempt(lambda: asyncio.run(ask()), "curate")
    complaint = checked_verdicts(answer, [row.id for row in rows], [prompt.id for prompt in held_out]) if well else ""
    if complaint:
        found.add(f"curate(): {complaint}")
    return answer.verdicts if well and not complaint else None


def check_trainer(trainer: Trainer, model: ModelRef, data: TrainingData, *, twice: bool = True) -> None:
    """Raises a ContractError unless training `model` on `data` writes a model, accounts for every row, and can be repeated.

    `data` is one table (a list will do) or several by name; the rows of those that the trainer `reads_only` (names of tables) are
    not counted as trained.
    """
    found = Complaints(trainer)
    with TemporaryDirectory() as folder:
        outs = [Path(folder) / name for name in ("first", "second")[: 2 if twice else 1]]
        reports = [found.attempt(partial(trainer.train, data, model, out), "train")[1] for out in outs]
        if isinstance(reports[0], TrainReport):
            _check_report(found, reports[0], data, outs[0])
        elif not found.lines:
            found.add(f"train(): got {type(reports[0]).__name__}, wanted a TrainReport")
        if twice and not found.lines and reports[0].losses != reports[1].losses:
            found.add("train(): got other losses the second time, wanted the same for equal inputs")
    found.done()


def _check_report(found: Complaints, report: TrainReport, data: TrainingData, out: Path) -> None:
    if not (out.is_dir() and any(out.iterdir())):
        found.add("train(): wrote nothing to the directory it was given")
    if Path(report.model.path).resolve() != out.resolve():
        found.add(f"train(): reported the model at {report.model.path}, wanted {out}")
    tables: Mapping[str, Any] = data if isinstance(data, Mapping) else {"": data}
    read = tuple(getattr(found.component, "reads_only", ()))
    ids = [row.id for name, table in tables.items() if name not in read for row in table]
    known = {key for name, table in tables.items() for row in table for key in (row.id, f"{name}/{row.id}")}
    n_declined = sum(key.partition("/")[0] not in read for key in report.declined)
    strangers = set(report.declined) - known
    if strangers:
        found.add(f"train(): declined {len(strangers)} ids that are not in the data")
    if report.n_rows + n_declined != len(ids):
        found.add(f"train(): {report.n_rows} rows trained and {n_declined} declined, wanted {len(ids)} in all")
    complaint = checked_report(report) or ("" if report.losses else "losses: got none, wanted one or more")
    if complaint:
        found.add(f"train(): {complaint}")


def check_watcher(watcher: Watcher) -> None:
    """Raises a ContractError unless `watcher` takes one of each event without raising."""
    found = Complaints(watcher)
    events = (
        RunStarted(run="runs/x", method="dsc", resumed=False),
        StepFinished(stage="chains.draft", outcome="answered", n_tokens=3),
        ItemFinished(n_done=1, n_items=1),
        StageStarted(stage="train.student", n_items=None),
        TrainingStep(stage="train.student", step=1, n_steps=2, numbers={"loss": 0.7}),
        StageFinished(stage="train.student", seconds=1.0),
        RunFinished(run="runs/x", state="done"),
    )
    for event in events:
        found.attempt(partial(watcher.notify, event), "notify")
    found.done()
