"""The tables of a run: what a pass writes, and how a table is read again, as often as wanted, one shard in memory at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from sctk_core import ledger
from sctk_core.errors import StoreError
from sctk_core.pipeline.crew import places
from sctk_core.pipeline.item import Walked
from sctk_core.pipeline.notes import MAKE
from sctk_core.plan import Declined, Generate
from sctk_core.records import Critique, Decision, Failure, Sample, Score
from sctk_core.store.columns import DECLINED, LINE, type_named
from sctk_core.store.part import Kinds
from sctk_core.store.progress import TableRows
from sctk_core.store.rows import parents_of, record_from, schema, values_of, whole
from sctk_core.store.shards import n_rows, read_shards

ROWS = "rows"
"""The table of a part that has only one."""
RECORDS: Mapping[type, str] = {Sample: "samples", Critique: "critiques", Score: "scores", Decision: "decisions"}
_MAKES: Mapping[str, Sequence[type]] = {
    "": (Sample,), "critic": (Critique, Sample), "reward": (Score,), "comparer": (Score,), "rule": (Decision,),
}  # fmt: skip
OWN: dict[str, Mapping[str, str]] = {"failures": schema(Failure), "ledger": LINE}
T = TypeVar("T")


def kinds_of(generate: Generate, crew: type) -> Kinds:
    """The tables of a pass: the records that its crew makes, its own, failures and the ledger."""
    made = {kind for place in places(crew) for kind in _MAKES.get(place.member.kind, ())}
    records = {table: schema(kind) for kind, table in RECORDS.items() if kind in made}
    made_tables = {table: schema(kind, full=True) for table, kind in generate.makes.items()}
    return records | made_tables | {"declined": DECLINED} | OWN


def types_of(generate: Generate, crew: type) -> dict[str, str]:
    """The record type of each table of a pass, by name, for the manifest."""
    known = {table: type_named(kind) for kind, table in RECORDS.items()} | {
        "failures": "Failure", "ledger": "Line", "declined": "Declined",
    }  # fmt: skip
    own = {table: type_named(kind) for table, kind in generate.makes.items()}
    return {table: known.get(table, own.get(table, "")) for table in kinds_of(generate, crew)}


def rows_of(walked: Walked, number: int) -> TableRows:
    """A finished item as rows of its tables, in the order of its page; of records of one id the first on the page stands."""
    page = walked.page
    lines = page.sorted_lines()
    found: TableRows = {"ledger": [ledger.values_of(page.part, page.item, line, number) for line in lines]}
    found["declined"] = []
    seen: set[str] = set()
    for line in lines:
        record = page.records.pop((line.step, line.of, line.rank), None)
        if isinstance(record, Declined):
            found["declined"].append(_left_out(line.of, f"{page.part}.{line.step}", record))
            continue
        table = "failures" if isinstance(record, Failure) else RECORDS.get(type(record), "")
        if table and record.id not in seen:
            seen.add(record.id)
            found.setdefault(table, []).append(values_of(record))
    for table, rows in walked.made.items():
        found[table] = [whole(row, page.item) for row in rows]
    found["declined"] += [_left_out(page.item, f"{page.part}.{MAKE}{table}", why) for table, why in page.declined]
    return found


def _left_out(row: str, stage: str, why: Declined) -> list[Any]:
    return [row, stage, why.reason, why.because, why.similarity, why.detail]


class StoredTable(Generic[T]):
    """A sealed table of whole records, or of those among them that are `chosen` by id: how many, and each in input order."""

    def __init__(self, files: Sequence[Path], kind: type[T], chosen: Collection[str] | None = None) -> None:
        self.files, self.kind, self._chosen = files, kind, chosen
        self._n = n_rows(files) if chosen is None else len(chosen)

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[T]:
        for file in self.files:
            for row in read_shards([file], chosen=self._chosen):
                yield self._record(file, row)

    def _record(self, file: Path, row: Mapping[str, Any]) -> T:
        """The record of a row; of a table that somebody else wrote, a StoreError that names the file."""
        try:
            found: T = record_from(self.kind, row, parents_of(row))
        except StoreError as error:
            raise StoreError(f"{file}: {error.message}", hint=error.hint) from error
        return found

    def ids(self) -> Iterator[str]:
        """The ids of its records."""
        return (row["id"] for row in read_shards(self.files, ["id"], self._chosen))
