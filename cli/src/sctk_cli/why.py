"""`sctk why RUN ID`: everything that led to one record, oldest first. Every text is a stranger's and is shown as such."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sctk_cli.terminal import clean, put, put_json

if TYPE_CHECKING:
    from sctk_core.explain import Passage

EPILOG = """\b
Examples:
  sctk why runs/first 3f0c9a21
  sctk why runs/first 3f0c9a21 --json

\b
An id may be cut short. Ids stand in every table's column `id`; `sctk show RUN` lists some."""


@click.command(epilog=EPILOG)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("record", metavar="ID")
@click.option("--json", "json_", is_flag=True, help="Print one object on standard output.")
def why(run: Path, record: str, json_: bool) -> int:
    """Walk back from a record to everything that made it."""
    from sctk_core.explain import why as passages_of

    passages = passages_of(run, record)
    if json_:
        put_json({"run": str(run), "passages": [_plain(one) for one in passages]})
    else:
        for line in lines_of(passages):
            put(line)
    return 0


def _plain(passage: Passage) -> dict[str, Any]:
    return {"table": passage.table, "id": passage.id, "facts": dict(passage.facts), "texts": dict(passage.texts)}


def lines_of(passages: list[Passage]) -> Iterator[str]:
    """One block per record: its table and id, its facts by name, its texts behind a bar."""
    for passage in passages:
        yield f"{passage.table}  {passage.id}"
        yield from _facts(passage.facts, "  ")
        for name, text in passage.texts.items():
            yield f"  {clean(name, one_line=True)}:"
            yield from (f"    | {line}" for line in clean(text).split("\n"))
        yield ""


def _facts(facts: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Name and value, nested tables below their name."""
    for name, value in facts.items():
        shown = clean(str(name), one_line=True)
        if isinstance(value, Mapping) and value:
            yield f"{indent}{shown}"
            yield from _facts(value, indent + "  ")
        elif isinstance(value, str) and "\n" in value:
            yield f"{indent}{shown}"
            yield from (f"{indent}  | {line}" for line in clean(value).split("\n"))
        else:
            yield f"{indent}{shown:<14} {clean(str(value), one_line=True) or '(empty)'}"
