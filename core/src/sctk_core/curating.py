"""Curation as a step of a run: a table, or the prompts, through the recipe's curators into `curated/TABLE` of the run.

There lie the rows that stay (of prompts: those that do not), what left the others out, and the lines of the ledger. It is
sealed like any leg, so a run that was killed goes on with it; a curator is pure, so that asking it again changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sctk_core import ledger
from sctk_core.assembly import Assembly
from sctk_core.errors import NothingAccepted
from sctk_core.pipeline.curation import Curating, Fate, curate
from sctk_core.records import Prompt
from sctk_core.store.directory import Leg, RunDirectory
from sctk_core.store.tables import Row, row_of

LEFT_OUT = "left-out-prompts"


@dataclass(frozen=True, kw_only=True)
class Table:
    """What is curated: its name in the recipe, the folder of its rows, how to get them, and the curators in order."""

    name: str
    folder: str
    rows: Callable[[], Sequence[Any]]
    curators: Callable[[], Sequence[Curating]]
    stages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Balance:
    """A curated table in the ledger: its lines, the ids that stay, what does not balance, and notes for the user."""

    entries: list[Row]
    kept: frozenset[str]
    complaints: list[str]
    notes: list[str]


def table(
    assembly: Assembly, names: tuple[str, str], rows: Callable[[], Sequence[Any]], needs: Mapping[str, Any]
) -> Table:
    """A table (its name and its folder) with the curators that the recipe names for it; they are built when asked."""
    name, folder = names
    curates = assembly.curates(name)

    def curators() -> list[Curating]:
        return [
            Curating(stage=one.stage(name), component=one.part.name, verb=assembly.listed(one.part, needs).curate)
            for one in curates
        ]

    return Table(
        name=name, folder=folder, rows=rows, curators=curators, stages=tuple(one.stage(name) for one in curates)
    )


def curated(
    directory: RunDirectory,
    table: Table,
    held_out: Callable[[], Iterable[Prompt]],
    runner: asyncio.Runner,
    timeout_s: float,
) -> Leg:
    """The sealed leg of a curated table, made where it is not complete."""
    leg = directory.leg(f"curated/{table.name}", (table.folder, "curations", "failures", "notes", "ledger"))
    if not leg.complete:
        found = runner.run(curate(table.rows(), list(held_out()), table.curators(), timeout_s))
        items = [_rows(fate, table) for fate in found.fates]
        if items:
            items[0]["notes"] = [{"stage": stage, "text": text} for stage, text in found.notes]
        leg.seal_all(items)
    return leg


def _rows(fate: Fate, table: Table) -> dict[str, list[Row]]:
    """The fate of one row as rows of the tables of its leg."""
    stays = fate.kept != (table.folder == LEFT_OUT)
    rows = {
        table.folder: [row_of(fate.row)] if stays else [],
        "failures": [row_of(fate.failure)] if fate.failure else [],
        "ledger": [asdict(entry) for entry in fate.entries],
    }
    if fate.declined:
        rows["curations"] = [asdict(fate.declined) | {"row": fate.row.id, "stage": fate.entries[-1].stage}]
    return rows


def balance(leg: Leg, table: Table, asked: Sequence[str]) -> Balance:
    """What became of the ids that were asked, checked against the plan and against the rows that were written."""
    entries = leg.rows("ledger")
    complaints, kept = ledger.complaints_of_sieve(entries, asked, table.stages)
    left = set(kept)
    wanted = [name for name in asked if name not in left] if table.folder == LEFT_OUT else kept
    if [row["id"] for row in leg.rows(table.folder)] != wanted:
        complaints.append(f"curated/{table.name}: its rows are not those that its curators kept")
    notes = [f"{row['stage']}: {row['text']}" for row in leg.rows("notes")]
    return Balance(entries=entries, kept=frozenset(kept), complaints=complaints, notes=notes)


def nothing_left(found: Balance, table: Table, path: Path) -> NothingAccepted:
    """The error of a table of which nothing stays."""
    shown = ", ".join(
        f"{count.declined + count.failed} by {count.stage}" for count in ledger.count(found.entries) if count.asked
    )
    return NothingAccepted(
        f"curation left no row of {table.name!r}, wanted at least 1: left out were {shown}",
        hint=f"loosen [[curate]]; sctk show {path} tells why rows were left out",
    )
