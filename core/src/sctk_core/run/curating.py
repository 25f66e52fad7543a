"""Curation as a unit of a run: a table, or the prompts, through the recipe's curators into `curated/TABLE` of the run.

There lie the rows that stay, what left the others out, and the lines of the ledger. A curator is pure, so that asking it again
changes nothing; it sees the whole table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sctk_core import ledger
from sctk_core.assembly.blame import who_is
from sctk_core.errors import NothingAccepted
from sctk_core.pipeline.curation import Curated, Curating, Fate, curate
from sctk_core.plan import HELD_OUT, PROMPTS
from sctk_core.plan_rules import tables_of
from sctk_core.records import Prompt
from sctk_core.run.context import Context, place_of
from sctk_core.run.failing import note_ended
from sctk_core.run.generating import refuse_unbalanced
from sctk_core.run.tables import OWN, ROWS, StoredTable
from sctk_core.run.units import Unit
from sctk_core.store.columns import DECLINED, NOTES, type_named
from sctk_core.store.progress import TableRows
from sctk_core.store.rows import schema, values_of, whole
from sctk_core.store.shards import read_shards


def sieve(context: Context, unit: Unit) -> None:
    """The curated table, made and checked; one of which nothing stays is an error of its own."""
    table: str = unit.what
    kind = Prompt if table == PROMPTS else tables_of(context.assembly.plan)[table]
    kinds = {ROWS: schema(kind, full=True), "curations": DECLINED, "notes": NOTES, **OWN}
    types = {ROWS: type_named(kind), "curations": "Declined", "notes": "str", "failures": "Failure", "ledger": "Line"}
    part = context.part(unit, kinds, types)
    rows: StoredTable[Any] = context.stored(*place_of(table), kind)
    held_out: StoredTable[Prompt] = context.stored(HELD_OUT, ROWS, Prompt)
    curators = _curators(context, table)
    with context.stage(f"{table}.curate"):
        found = context.runner.run(curate(rows, held_out, curators, context.assembly.settings.timeout_s))
        total = part.seal_all(_items(found, table))
        asked = list(rows.ids())
        complaints, kept = complaints_of_sieve(part.rows("ledger"), asked, [one.stage for one in curators])
        if [row["id"] for row in read_shards(part.files(ROWS), ["id"])] != kept:
            complaints.append("its rows are not those that its curators kept")
        refuse_unbalanced(context, unit, complaints)
    if asked and not kept:
        note_ended(context, unit.part, "nothing-accepted")
        raise _nothing_left(context, table, ledger.count(part.files("ledger")))
    context.directory.complete(part, total)


def _curators(context: Context, table: str) -> list[Curating]:
    student = context.assembly.student
    needs = {"model": student.model, "sampling": student.sampling}
    return [
        Curating(
            stage=one.stage(table),
            component=one.part.name,
            who=who_is(one.part),
            verb=one.part.built(context.assembly.catalogue, needs).curate,
        )
        for one in context.assembly.curates(table)
    ]


def _items(found: Curated, table: str) -> Iterator[TableRows]:
    notes = [list(note) for note in found.notes]
    for number, fate in enumerate(found.fates):
        yield _rows(fate, table, number) | ({"notes": notes} if notes else {})
        notes = []


def _rows(fate: Fate, table: str, number: int) -> TableRows:
    """The fate of one row as rows of the part's tables."""
    rows: TableRows = {"ledger": [ledger.values_of(table, fate.row.id, line, number) for line in fate.lines]}
    if fate.kept:
        rows[ROWS] = [whole(fate.row)]
    if fate.failure:
        rows["failures"] = [values_of(fate.failure)]
    if fate.declined:
        why = fate.declined
        stage = f"{table}.{fate.lines[-1].step}"
        rows["curations"] = [[fate.row.id, stage, why.reason, why.because, why.similarity, why.detail]]
    return rows


def complaints_of_sieve(rows: Iterable[Any], asked: list[str], stages: Sequence[str]) -> tuple[list[str], list[str]]:
    """(What does not balance, the ids that pass all stages): each stage is asked of what the one before it answered."""
    by_stage: dict[str, list[Any]] = {stage: [] for stage in stages}
    complaints = []
    for row in rows:
        if row["stage"] in by_stage:
            by_stage[row["stage"]].append(row)
        else:
            complaints.append(f"got an entry of {row['stage']}, wanted only {list(stages)}")
    left = asked
    for stage in stages:
        if [row["id"] for row in by_stage[stage]] != left:
            complaints.append(f"{stage}: its lines are not those of the {len(left)} rows that it was asked of")
        left = [row["id"] for row in by_stage[stage] if row["outcome"] == "answered"]
    return complaints, left


def notes_of(context: Context, unit: Unit) -> list[str]:
    """What the making of a table, by a source or by curators, has to tell a user."""
    part = context.directory.part(unit.part, {"notes": NOTES})
    return [f"{row['stage']}: {row['text']}" for row in part.rows("notes")]


def _nothing_left(context: Context, table: str, counts: Sequence[ledger.StageCount]) -> NothingAccepted:
    """The error of a table of which nothing stays."""
    context.directory.manifest.state = "nothing-accepted"
    context.directory.save()
    shown = ", ".join(f"{count.declined + count.failed} by {count.stage}" for count in counts if count.asked)
    return NothingAccepted(
        f"curation left no row of {table!r}, wanted at least 1: left out were {shown}",
        hint=f"loosen [[curate]]; sctk show {context.directory.path} tells why rows were left out",
    )
