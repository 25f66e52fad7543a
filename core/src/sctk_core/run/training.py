"""Training as a unit of a run: sealed tables to a trainer, its report into the manifest, one line of the ledger for each row.

A training that was finished (its report stands in the manifest and the model's bytes fit the digest) is not done again; one
that was killed starts again from its inputs.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sctk_core import ledger
from sctk_core.boundary import told
from sctk_core.errors import CheckFailed, NothingAccepted, SctkError
from sctk_core.identity import directory_digest
from sctk_core.pipeline.contract import checked_report
from sctk_core.pipeline.events import TrainingStep
from sctk_core.pipeline.notes import ANSWERED, DECLINED, Line
from sctk_core.plan import Step, Train
from sctk_core.protocols import Progress
from sctk_core.records import TrainReport
from sctk_core.run.context import Context, place_of
from sctk_core.run.generating import balance
from sctk_core.run.result import counts_of
from sctk_core.run.tables import StoredTable
from sctk_core.run.units import Unit
from sctk_core.store.failures import writing
from sctk_core.store.progress import TableRows

STEP = "train"


def train(context: Context, unit: Unit) -> None:
    """Trains an arm where it is not trained, and writes the ledger of its rows."""
    one: Train = unit.what
    tables = {name: context.table(table) for name, table in one.tables.items()}
    _refuse_empty(context, one, tables)
    with context.stage(f"{one.arm}.{STEP}"):
        if not context.trained(unit):
            _train(context, unit, tables)
        declined: Mapping[str, str] = context.directory.manifest.arms[one.arm]["declined"]
        part = context.part(unit, {"ledger": ledger.KINDS}, {"ledger": "Line"})
        total = part.seal_all(_lines(one, tables, declined))
        asked = ((row, (Step(_step(name)),)) for name, table in tables.items() for row in table.ids())
        balance(context, unit, part, asked, one.arm)
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


def _refuse_empty(context: Context, one: Train, tables: Mapping[str, StoredTable[Any]]) -> None:
    for name, table in tables.items():
        if not len(table):
            context.directory.manifest.state = "nothing-accepted"
            context.directory.save()
            raise NothingAccepted(
                f"{one.arm}.{STEP}: got 0 rows in table {one.tables[name]!r}, wanted at least 1: "
                f"{_why_empty(context, one.tables[name])}",
                hint=f"sctk show {context.directory.path} tells why rows were declined or failed",
            )


def _why_empty(context: Context, table: str) -> str:
    """What most of the items that should have made a table came to."""
    counts = counts_of(context.directory.layout, place_of(table)[0])
    reasons = Counter({reason: n for stage in counts for reason, n in stage.reasons.items()}).most_common(1)
    return f"nothing was accepted ({reasons[0][1]} x {reasons[0][0]})" if reasons else "nothing was accepted"


def _train(context: Context, unit: Unit, tables: Mapping[str, StoredTable[Any]]) -> None:
    """Trains, and notes the report in the manifest."""
    one: Train = unit.what
    part = context.assembly.parts[one.section]
    student = context.assembly.student
    needs = {"model": student.model, "sampling": student.sampling, "progress": _telling(context, f"{one.arm}.{STEP}")}
    trainer = part.built(context.assembly.catalogue, needs)
    path = context.directory.layout.model(one.arm)
    with writing(path):
        if path.exists():
            shutil.rmtree(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    data: Any = tables[""] if list(tables) == [""] else tables
    report = _reported(trainer, data, context.model(one.start), path, one)
    made_of = {"fingerprint": unit.fingerprint, "inputs": context.inputs(unit), "start": one.start}
    context.directory.manifest.arms[one.arm] = asdict(report) | {"digest": directory_digest(path)} | made_of
    context.directory.save()


def _telling(context: Context, stage: str) -> Progress:
    """Tells observers of a training's steps."""

    def tell(step: int, n_steps: int, numbers: Mapping[str, float], /) -> None:
        context.notify(TrainingStep(stage=stage, step=step, n_steps=n_steps, numbers=numbers))

    return tell


def _reported(trainer: Any, data: Any, model: Any, path: Path, one: Train) -> TrainReport:
    try:
        report = trainer.train(data, model, path)
    except SctkError:
        raise
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(f"{one.arm}.{STEP}: {stop}" if str(stop) else "") from stop
    except Exception as error:
        raise CheckFailed(
            f"{one.arm}.{STEP}: the trainer failed: {told(error)}",
            hint="the tables are kept: mend the trainer or its settings, and run the same line again",
        ) from error
    if not isinstance(report, TrainReport) or not path.is_dir():
        raise CheckFailed(
            f"{one.arm}.{STEP}: got {type(report).__name__} and {'a' if path.is_dir() else 'no'} directory {path}, "
            "wanted a TrainReport and a model directory",
            hint="the trainer breaks its contract: `sctk plugin check` tells more",
        )
    complaint = checked_report(report)
    if complaint:
        raise CheckFailed(
            f"{one.arm}.{STEP}: the report of the trainer, {complaint}",
            hint="a loss that is no number is a training that went astray: lower its learning rate; nothing was made of it",
        )
    return report


def notes_of(arm: str, report: Mapping[str, Any]) -> list[str]:
    """What a user should know of a training: what its trainer says, and how many rows' tokens were not the trainer's own."""
    notes = [f"{arm}.{STEP}: {note}" for note in report.get("notes", ())]
    if report["n_retokenised"]:
        count = f"{report['n_retokenised']} of {report['n_rows']} rows"
        notes.append(f"{arm}.{STEP}: {count} were tokenised again: their tokens are not the trainer's")
    return notes
