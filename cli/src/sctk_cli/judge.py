"""`sctk judge read`: what the parser of scores and verdicts reads in texts that judges and critics wrote, or why it reads nothing.

A model is asked nothing: the rows are replies that are there already, say those of a run, or of another tool.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sctk_cli.files import rows_in
from sctk_cli.finite import Finite
from sctk_cli.position import position
from sctk_cli.terminal import clean, put, put_json, say, table

if TYPE_CHECKING:
    from sctk_core.reading import Row

EPILOG = """\b
Examples:
  sctk judge read replies.jsonl
  sctk judge read replies.jsonl --scale 1 10 --json

\b
A row has `text`, and may have `id`, `kind` (score or verdict) and `scale` ([lowest, highest]); what it leaves
out is as the options say. With --json each row gives one line with `id`, `value` (a number, keep, revise or
null) and `reason` (null where there is a value)."""


@click.group()
def judge() -> None:
    """See what is read in the words of judges and critics, and whether they prefer a place."""


judge.add_command(position)


@judge.command(epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(["score", "verdict"]), default="score", help="Of rows that say none.")
@click.option("--scale", nargs=2, type=Finite(), default=(0.0, 5.0), help="Of rows that say none: lowest and highest.")
@click.option("--json", "json_", is_flag=True, help="Print one object a row on standard output.")
def read(file: Path, kind: str, scale: tuple[float, float], json_: bool) -> None:
    """Show what is read in each row of a file, or why nothing is."""
    shown: list[list[str]] = []
    n_read = n_rows = 0
    for name, kind_, value, reason in _read(file, kind, scale):
        n_rows, n_read = n_rows + 1, n_read + (value is not None)
        if json_:
            put_json({"id": name, "value": value, "reason": reason})
        else:
            said = f"{value:g}" if isinstance(value, float) else value or "-"
            shown.append([clean(str(name), one_line=True), kind_, said, clean(reason or "", one_line=True)])
    for line in table(["id", "kind", "value", "why not"], shown) if shown else ():
        put(line)
    say(f"{n_read} of {n_rows} read, {n_rows - n_read} failed")


def _read(
    file: Path, kind: str, scale: tuple[float, float]
) -> Iterator[tuple[Any, str, float | str | None, str | None]]:
    """(id, kind, value, reason) of each row; the value or the reason is None."""
    from sctk_core import Failure, parse_score, parse_verdict

    for number, row in enumerate(rows_in(str(file)), 1):
        kind_, (low, high) = _kind(row, kind), _scale(row, scale)
        text = _text(row)
        found = parse_score(text, low=low, high=high) if kind_ == "score" else parse_verdict(text)
        name = _id(row, number)
        yield (name, kind_, None, found.reason) if isinstance(found, Failure) else (name, kind_, found, None)


def _text(row: Row) -> str:
    from sctk_core import ConfigError

    text = row.values.get("text")
    if not isinstance(text, str):
        raise ConfigError(
            f"{row.where}: got {type(text).__name__} in 'text', wanted the words of a judge or a critic",
            hint="a row is an object with a string in the column text",
        )
    return text


def _id(row: Row, number: int) -> Any:
    """What a row is called; one that JSON cannot hold (NaN) is an error with its place."""
    from sctk_core import ConfigError

    found = row.values.get("id", number)
    if isinstance(found, float) and not math.isfinite(found):
        raise ConfigError(f"{row.where}: got {found} in 'id', wanted a text or a number", hint="leave it out")
    return found


def _kind(row: Row, kind: str) -> str:
    from sctk_core import ConfigError

    found = row.values.get("kind") or kind
    if found not in ("score", "verdict"):
        raise ConfigError(
            f"{row.where}: got {found!r} in 'kind', wanted score or verdict", hint="leave it out for --kind"
        )
    return str(found)


def _scale(row: Row, scale: tuple[float, float]) -> tuple[float, float]:
    from sctk_core import ConfigError

    found = row.values.get("scale") or scale
    try:
        low, high = (float(each) for each in found)
    except (OverflowError, TypeError, ValueError):
        low = high = 0.0
    if isinstance(found, str | dict) or not -math.inf < low < high < math.inf:
        raise ConfigError(
            f"{row.where}: got {found!r} in 'scale', wanted [lowest, highest]",
            hint='say "scale": [0, 5], or leave it out for --scale',
        )
    return low, high
