"""The ledger: for every stage, asked = answered + failed + declined, by id; and the check that it is so.

What was asked is not read off the answers: it is the rows of a table, which lie on disk before anything is asked, and the steps
that the pass declares for each. Both are gone through side by side, so that a ledger of a million items is checked in the memory
of one shard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from sctk_core.pipeline.notes import ANSWERED, Line, off_plan_by
from sctk_core.plan import Step
from sctk_core.store.shards import readable, table_at

OUTCOMES = ("answered", "failed", "declined")
NEEDED = ("number", "id", "stage", "of", "outcome", "record")
"""The columns that the check reads."""
N_COMPLAINTS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class StageCount:
    """One stage of the ledger: counts, why items failed or were declined, what was said of answers, and what was spent by role."""

    stage: str
    asked: int
    answered: int
    failed: int
    declined: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    usage: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)

    def told(self) -> list[str]:
        """What a user should know of the answers, one line for each note."""
        return [f"{self.stage}: {count} of {self.answered}: {note}" for note, count in self.notes.items()]


def values_of(part: str, item: str, line: Line, number: int) -> list[Any]:
    """A line of the page of a part's item as one row of the table."""
    return [
        number, f"{part}.{line.step}", item, line.of, line.rank, line.outcome, line.record, line.reason,
        line.role, line.requests, line.tokens_read, line.tokens_written,
    ]  # fmt: skip


def count(files: Sequence[Path]) -> list[StageCount]:
    """The ledger by stage, in order of first appearance, out of the shards of a part."""
    import polars as pl

    stages: dict[str, dict[str, Any]] = {}
    for file in files:
        spent = [pl.col(name).sum() for name in ("requests", "tokens_read", "tokens_written")]
        keys = ["stage", "outcome", "reason", "role"]
        with readable(file):
            found = table_at(file).group_by(keys, maintain_order=True).agg(pl.len().alias("n"), *spent)
        for row in found.iter_rows(named=True):
            _add(stages.setdefault(row["stage"], {"outcomes": {}, "reasons": {}, "usage": {}, "notes": {}}), row)
    return [_counted(stage, found) for stage, found in stages.items()]


def _add(stage: dict[str, Any], row: Mapping[str, Any]) -> None:
    outcomes, reasons, usage = stage["outcomes"], stage["reasons"], stage["usage"]
    outcomes[row["outcome"]] = outcomes.get(row["outcome"], 0) + row["n"]
    counted = reasons if row["outcome"] != ANSWERED else stage["notes"]
    if row["outcome"] != ANSWERED or row["reason"]:
        counted[row["reason"]] = counted.get(row["reason"], 0) + row["n"]
    if row["requests"]:
        spent = usage.setdefault(row["role"], {"requests": 0, "tokens_read": 0, "tokens_written": 0})
        for name in spent:
            spent[name] += row[name]


def _counted(stage: str, found: Mapping[str, Any]) -> StageCount:
    outcomes = found["outcomes"]
    reasons = dict(sorted(found["reasons"].items(), key=lambda item: -item[1]))
    return StageCount(
        stage=stage, asked=sum(outcomes.values()), reasons=reasons, usage=found["usage"], notes=found["notes"],
        **{outcome: outcomes.get(outcome, 0) for outcome in OUTCOMES},
    )  # fmt: skip


def totals(stages: Sequence[StageCount]) -> dict[str, int]:
    """Asked, answered, failed and declined over all stages."""
    return {name: sum(getattr(stage, name) for stage in stages) for name in ("asked", *OUTCOMES)}


def complaints_of(
    rows: Iterable[Mapping[str, Any]], asked: Iterable[tuple[str, Sequence[Step]]], tables: Sequence[str], part: str
) -> Iterator[str]:
    """What does not balance in a pass: its ledger's rows beside the items that were asked, each with its declared steps.

    >>> row = {"number": 0, "stage": "p.draft", "id": "a/0", "of": "a", "outcome": "failed", "record": ""}
    >>> list(complaints_of([row], [("a/0", [Step("draft")]), ("b/0", [Step("draft")])], [], "p"))
    ['b/0: asked, and never answered']
    """
    before = f"{part}."
    pages = ((item, list(lines)) for (_, item), lines in groupby(rows, key=itemgetter("number", "id")))
    page = next(pages, None)
    for item, declared in asked:
        if page is None or page[0] != item:
            yield f"{item}: asked, and never answered"
            continue
        lines = [(row["stage"].removeprefix(before), row["of"], row["outcome"], row["record"]) for row in page[1]]
        complaint = off_plan_by(lines, tuple(declared), tables)
        if complaint:
            yield f"{item}: {complaint}"
        page = next(pages, None)
    while page is not None:
        yield f"{page[0]}: answered, and never asked"
        page = next(pages, None)


def unlike(ledgers: Sequence[Path], tables: Mapping[str, Sequence[Path]]) -> Iterator[str]:
    """The tables, by the stage that made them, that do not hold the rows that their ledger says, shard by shard."""
    import polars as pl

    for stage, files in tables.items():
        for ledger, file in zip(ledgers, files, strict=True):
            lines = table_at(ledger, ["stage", "outcome", "record"])
            made = lines.filter((pl.col("stage") == stage) & (pl.col("outcome") == ANSWERED))["record"]
            held = table_at(file, ["id"])["id"]
            if made.to_list() != held.to_list():
                yield f"{file.parent.name}/{file.name}: holds {len(held)} rows, which are not the {len(made)} of its ledger"
