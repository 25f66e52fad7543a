"""The tables of a run: what a pass writes, and how a table is read again, as often as wanted, one shard in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

from sctk_core import ledger
from sctk_core.pipeline.crew import places
from sctk_core.pipeline.item import Walked
from sctk_core.plan import Generate
from sctk_core.records import Critique, Decision, Failure, Sample, Score
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
OWN: dict[str, Mapping[str, str]] = {"failures": schema(Failure), "ledger": ledger.KINDS}
T = TypeVar("T")


def kinds_of(generate: Generate, crew: type) -> Kinds:
    """The tables of a pass: the records that its crew makes, its own, failures and the ledger."""
    made = {kind for place in places(crew) for kind in _MAKES.get(place.member.kind, ())}
    records = {table: schema(kind) for kind, table in RECORDS.items() if kind in made}
    return records | {table: schema(kind, full=True) for table, kind in generate.makes.items()} | OWN


def types_of(generate: Generate, crew: type) -> dict[str, str]:
    """The record type of each table of a pass, by name, for the manifest."""
    known = {table: kind.__name__ for kind, table in RECORDS.items()} | {"failures": "Failure", "ledger": "Line"}
    own = {table: kind.__name__ for table, kind in generate.makes.items()}
    return {table: known.get(table, own.get(table, "")) for table in kinds_of(generate, crew)}


def rows_of(walked: Walked) -> TableRows:
    """A finished item as rows of its tables, in the order of its page."""
    page = walked.page
    lines = page.sorted_lines()
    found: TableRows = {"ledger": [ledger.values_of(page.part, page.item, line) for line in lines]}
    failures = {failure.id: failure for failure in page.failures}
    for line in lines:
        record = page.records.pop(line.record, None)
        if record is not None and type(record) in RECORDS:
            found.setdefault(RECORDS[type(record)], []).append(values_of(record))
        elif line.record in failures:
            found.setdefault("failures", []).append(values_of(failures.pop(line.record)))
    for table, rows in walked.made.items():
        found[table] = [whole(row) for row in rows]
    return found


class StoredTable(Generic[T]):
    """A sealed table of whole records, at most `limit` of them (0: all): its length, and its records in input order."""

    def __init__(self, files: Sequence[Path], kind: type[T], limit: int = 0) -> None:
        self.files, self.kind = files, kind
        n_stored = n_rows(files)
        self._n = min(n_stored, limit) if limit else n_stored

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[T]:
        rows = islice(read_shards(self.files), self._n)
        return (record_from(self.kind, row, parents_of(row)) for row in rows)

    def ids(self) -> Iterator[str]:
        """The ids of its records."""
        return (row["id"] for row in islice(read_shards(self.files, ["id"]), self._n))
