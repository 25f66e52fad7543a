"""Training as a unit of a run: sealed tables to a trainer, its report into the manifest, one line of the ledger for each row.

A training that was finished (its report stands in the manifest and the model's bytes fit the digest) is not done again; one
that was killed starts again from its inputs.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from sctk_core import ledger
from sctk_core.assembly import Part
from sctk_core.assembly.blame import broken, who_is
from sctk_core.assembly.parts import changed
from sctk_core.errors import CheckFailed, SctkError, StoreError
from sctk_core.identity import directory_digest
from sctk_core.pipeline.events import TrainingStep
from sctk_core.pipeline.fields import is_label
from sctk_core.pipeline.looks import looked_at, taken
from sctk_core.pipeline.notes import ANSWERED, DECLINED, Line
from sctk_core.pipeline.whole_answers import MOST, checked_report
from sctk_core.plan import STUDENT, Step, Train
from sctk_core.plugins.loading import line_of
from sctk_core.protocols import Progress
from sctk_core.reals import finite
from sctk_core.records import Pair, TrainReport
from sctk_core.refusals import no_room
from sctk_core.run.context import Context
from sctk_core.run.failing import refuse_empty
from sctk_core.run.generating import balance
from sctk_core.run.labels import said_of_labels
from sctk_core.run.reports import Tables, report_amiss
from sctk_core.run.tables import StoredTable
from sctk_core.run.units import Unit
from sctk_core.shown import kind_of, told
from sctk_core.store.columns import LINE
from sctk_core.store.failures import writing
from sctk_core.store.progress import TableRows

STEP = "train"
log = logging.getLogger("sctk")


def train(context: Context, unit: Unit) -> None:
    """Trains an arm where it is not trained, and writes the ledger of its rows."""
    one: Train = unit.what
    tables = {name: context.table(table) for name, table in one.tables.items()}
    for name, table in tables.items():
        refuse_empty(context, one.tables[name], len(table))
    tables = {name: table for name, table in tables.items() if len(table)}
    with context.stage(f"{one.arm}.{STEP}"):
        if not context.trained(unit):
            _train(context, unit, tables)
        declined: Mapping[str, str] = context.directory.manifest.arms[one.arm]["declined"]
        part = context.part(unit, {"ledger": LINE}, {"ledger": "Line"})
        total = part.seal_all(_lines(one, tables, declined))
        asked = ((row, (Step(_step(name)),)) for name, table in tables.items() for row in table.ids())
        balance(context, unit, part, asked, one.arm)
    if one.arm == STUDENT or STUDENT not in context.directory.manifest.arms:
        context.directory.manifest.training = tuple(one.tables.values())
    context.directory.complete(part, total)


def _lines(one: Train, tables: Mapping[str, StoredTable[Any]], declined: Mapping[str, str]) -> Iterator[TableRows]:
    for name, table in tables.items():
        for number, row in enumerate(table.ids()):
            reason = declined.get(f"{name}/{row}", declined.get(row, ""))
            line = Line(step=_step(name), of=row, outcome=DECLINED if reason else ANSWERED, record=row, reason=reason)
            yield {"ledger": [ledger.values_of(one.arm, row, line, number)]}


def _step(table: str) -> str:
    """The step of one of a training's tables: several are told apart by name."""
    return f"{STEP}.{table}" if table else STEP


def _train(context: Context, unit: Unit, tables: Mapping[str, StoredTable[Any]]) -> None:
    """Trains, and notes the report in the manifest."""
    one: Train = unit.what
    part = _trainer(context, one, len(next(iter(tables.values()))))
    student = context.assembly.student
    needs = {"model": student.model, "sampling": student.sampling, "progress": _telling(context, f"{one.arm}.{STEP}")}
    trainer = part.built(context.assembly.catalogue, needs)
    path = context.directory.layout.model(one.arm)
    with writing(path):
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)  # what a trainer left that makes no directories
        path.parent.mkdir(parents=True, exist_ok=True)
    data: Any = tables[""] if list(tables) == [""] else tables
    said = [line for table in tables.values() if issubclass(table.kind, Pair) for line in said_of_labels(table)]
    for line in said:
        log.warning("%s.%s: %s", one.arm, STEP, line)
    report = _reported(f"{one.arm}.{STEP}", part, trainer, data, context.model(one.start), path, tables)
    made_of = {"fingerprint": unit.fingerprint, "inputs": context.inputs(unit), "start": one.start, "labels": said}
    facts: Any = asdict(report) | {"digest": directory_digest(path)} | made_of
    context.directory.manifest.arms[one.arm] = facts
    context.directory.save()


def _trainer(context: Context, one: Train, n_rows: int) -> Part:
    """Who trains an arm, with its passes over its own rows where it is as long as passes over another table are."""
    part = context.assembly.trainer_of(one)
    if one.length is None:
        return part
    return changed(part, one.length.changes(len(context.table(one.length.of)), n_rows), one.arm)


def _telling(context: Context, stage: str) -> Progress:
    """Tells observers of a training's steps; what a trainer says of one that is no number is left out."""

    def tell(step: int, n_steps: int, numbers: Mapping[str, float], /) -> None:
        found: dict[str, float] = {}
        if not looked_at(partial(_of_step, step, n_steps, numbers, found)):
            context.notify(TrainingStep(stage=stage, step=step, n_steps=n_steps, numbers=found))

    return tell


def _of_step(step: object, n_steps: object, numbers: Mapping[str, Any], kept: dict[str, float]) -> str:
    """What is wrong with the counts of a step, or ""; its numbers that can be shown are put into `kept`."""
    for name, value in taken(numbers.items(), MOST):
        number = finite(value)
        if is_label(name) and name.isprintable() and number is not None:
            kept[name] = number
    return "" if type(step) is type(n_steps) is int and 0 <= step <= n_steps else "no counts"


def _reported(stage: str, part: Part, trainer: Any, data: Any, model: Any, path: Path, tables: Tables) -> TrainReport:
    """What the trainer did, looked at: of a training that went astray, or left no model, nothing is made."""
    before = _held(model.path)
    try:
        report = trainer.train(data, model, path)
    except SctkError:
        raise
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(f"{stage}: {stop}" if str(stop) else "") from stop
    except BaseException as error:
        raise _failed(part, f"{stage}: train() raised {told(error)}{line_of(error)}", error) from error
    if _held(model.path) != before:
        raise broken(part, f"{stage}: it changed {model.path}, the model that it was given", _SPOILT)
    has_model = path.is_dir() and any(path.iterdir())
    if not isinstance(report, TrainReport) or not has_model:
        what = f"got {kind_of(report)} and {'a directory' if has_model else 'no model'} at {path}"
        raise broken(part, f"{stage}: {what}, wanted a TrainReport and a model directory", _CONTRACT)
    complaint = looked_at(lambda: checked_report(report) or report_amiss(report, tables))
    if complaint:
        raise CheckFailed(
            f"{stage}: the report of {who_is(part)}, {complaint}",
            hint="a loss that is no number is a training that went astray: lower its learning rate; nothing was made of it",
        )
    return report


def _held(model: str) -> list[tuple[str, int, int]]:
    """The files of a local model, with their sizes and when they were changed: whether they are as they were."""
    files = (file for file in sorted(Path(model).rglob("*")) if file.is_file()) if model else ()
    return [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]


_SPOILT = "a trainer writes to `out` alone: put that model back as it was, and run the same line again"
_CONTRACT = "it breaks its contract: `sctk plugin check` tells more"


def _failed(part: Part, what: str, error: BaseException) -> SctkError:
    """A trainer's error: of a system that gives no more (a full disk) the store's, of all else the component's."""
    refused = no_room(error)
    if refused is not None:
        return StoreError(f"{who_is(part)}: {what}", hint=refused.hint)
    return broken(part, what, "the tables are kept: mend the trainer or its settings, and run the same line again")


def notes_of(arm: str, report: Mapping[str, Any]) -> list[str]:
    """What a user should know of a training: what its trainer says, and how many rows' tokens were not the trainer's own."""
    notes = [f"{arm}.{STEP}: {note}" for note in (*report.get("labels", ()), *report.get("notes", ()))]
    if report.get("unchanged"):
        start = report["start"]
        notes.append(
            f"{arm}.{STEP}: every weight equals {start}'s, so {arm} answers as {start} does: nothing tells them apart"
        )
    if report["n_retokenised"]:
        count = f"{report['n_retokenised']} of {report['n_rows']} rows"
        notes.append(f"{arm}.{STEP}: {count} were tokenised again: their tokens are not the trainer's")
    return notes
