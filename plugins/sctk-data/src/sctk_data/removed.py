"""The rows that a command leaves out: where they go, and how each is told with its reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from sctk_core import ConfigError
from sctk_core.reading import Chunk, Input, Lines

from sctk_data.jsonl import Output, as_lines
from sctk_data.output import Renames, output, refuse

REMOVED = click.option(
    "--removed", type=click.Path(path_type=Path), help="Where the rows left out go (.jsonl), each with its reason."
)


def kept_and_removed(
    opened: ExitStack, given: Mapping[str, Any], sources: Sequence[Input], also: Sequence[Input] = ()
) -> tuple[Output, Output | None]:
    """The places for rows kept and rows left out, open until `opened` is closed: both files appear, or none.

    All is checked before anything is opened: neither file may be an input, what is read besides (`also`), or the other.
    """
    out, removed, force = given["out"], given["removed"], given["force"]
    renames = opened.enter_context(Renames())
    if out is not None:
        refuse(out, [*sources, *also], force=force, others=[removed] if removed else [])
    if removed is not None:
        if not removed.name.lower().endswith(".jsonl"):
            raise ConfigError(
                f"--removed {removed}: wanted the ending .jsonl", hint="rows left out are written as JSONL"
            )
        refuse(removed, [*sources, *also], force=force)
    kept = opened.enter_context(output(out, sources, force=force, renames=renames))
    return kept, opened.enter_context(output(removed, sources, force=force, renames=renames)) if removed else None


def with_rows(told: Sequence[dict[str, Any]], chunk: Chunk, indices: Sequence[int]) -> list[bytes]:
    """Lines of JSONL: what is told of each row, and the row itself under `row`, as it was read."""
    if not indices:
        return []
    if isinstance(chunk, Lines):
        rows = [chunk.lines[index].strip() for index in indices]
    else:
        rows = as_lines(chunk.frame[list(indices)], chunk.source.name).splitlines()
    # backslashreplace: a file's name may be no UTF-8, and \\udcff is what JSON makes of it
    heads = [json.dumps(one, ensure_ascii=False)[:-1].encode("utf-8", "backslashreplace") for one in told]
    return [head + b', "row": ' + row + b"}\n" for head, row in zip(heads, rows, strict=True)]
