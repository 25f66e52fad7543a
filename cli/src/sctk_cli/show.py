"""`sctk show RUN`: state, ledger, metrics, tables with counts, and some training rows to ask `sctk why` about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sctk_cli.terminal import clean, put, put_json, shorten, table

if TYPE_CHECKING:
    from sctk_core.store.reader import RunReader

EPILOG = """\b
Examples:
  sctk show runs/first
  sctk show runs/first --json
  sctk show runs/first --rows 10"""


@click.command(epilog=EPILOG)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--rows", "n_rows", type=click.IntRange(0, 10**9), default=3, show_default=True, help="Training rows to show."
)
@click.option("--json", "json_", is_flag=True, help="Print one object on standard output.")
def show(run: Path, n_rows: int, json_: bool) -> int:
    """Show a run: ledger, metrics, tables."""
    from sctk_core.store.reader import RunReader

    reader = RunReader(run)
    if json_:
        put_json(_object(reader))
    else:
        for line in _lines(reader, n_rows):
            put(line)
    return 0


def _object(reader: RunReader) -> dict[str, Any]:
    from sctk_cli.report import as_object

    manifest = reader.manifest
    known = {"method": manifest.method, "fingerprint": manifest.fingerprint, "tables": reader.n_rows()}
    return as_object(result_of(reader)) | known | {"components": manifest.components}


def result_of(reader: RunReader) -> Any:
    """What is known of the run so far, as a result: of a run that is not done, the ledger of its sealed shards."""
    from sctk_core.run import read_result

    reader.check_ledgers()
    return read_result(reader.layout, reader.manifest)


def _lines(reader: RunReader, n_rows: int) -> Iterator[str]:
    from sctk_cli.report import cost_lines, ledger_lines, metric_lines, place_lines, usage_lines

    result, manifest = result_of(reader), reader.manifest
    yield f"run      {reader.path}: {manifest.method}, {manifest.state}, fingerprint {manifest.fingerprint}"
    for role, facts in manifest.roles.items():
        yield f"{role:<8} {clean(str(facts.get('path', '')))} (digest {str(facts.get('digest', ''))[:16]})"
    parts = [
        [section, str(facts.get("name", "")), f"{facts.get('distribution', '')} {str(facts.get('version', ''))[:12]}"]
        for section, facts in manifest.components.items()
    ]
    yield from ["", *table(["part", "component", "from"], parts)]
    yield from ["", *metric_lines(result.metrics), "", *cost_lines(result.costs), "", *ledger_lines(result.ledger)]
    yield from ["", *usage_lines(result.usage)]
    counts = [[name, str(number)] for name, number in reader.n_rows().items() if number]
    yield from ["", *table(["table", "rows"], counts, right=[1])]
    yield from ["", *(f"note: {clean(note)}" for note in result.notes)]
    yield from place_lines(reader)
    yield from _training_rows(reader, n_rows)


def _training_rows(reader: RunReader, n_rows: int) -> Iterator[str]:
    rows = training_rows(reader, n_rows)
    if rows:
        yield from ["", f"training rows (sctk why {reader.path} ID tells where one comes from)"]
    for row in rows:
        text = row["chosen"][-1]["content"] if "chosen" in row else row.get("text", "")
        sure = "" if row.get("probability") is None else f"  probability {row['probability']:.3f}"
        thought = f"  (behind a thought of {len(row['thought'])} characters)" if row.get("thought") else ""
        yield f"  {row['id'][:12]}{sure}  {shorten(text, 90)}{thought}"


def training_rows(reader: RunReader, n_rows: int) -> list[dict[str, Any]]:
    """The first rows of the tables that the student learns from."""
    from itertools import islice

    shards = [shard for table in reader.training_tables() for shard in reader.tables().get(table, ())]
    return list(islice(reader.rows(shards), n_rows))


def a_training_row(run: Path) -> str | None:
    """The id of a row that the student was trained on, for examples."""
    from sctk_core.store.reader import RunReader

    rows = training_rows(RunReader(run), 1)
    return str(rows[0]["id"]) if rows else None
