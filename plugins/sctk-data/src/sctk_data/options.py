"""What every subcommand asks for: files, where rows go, threads, bad rows, and the summary's form."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from sctk_cli.terminal import clean, put_json, say
from sctk_core import ConfigError
from sctk_core.reading import FORMS, TextLayout, Wanted

from sctk_data.bad_rows import BadRows

FILES = click.argument("files", nargs=-1, required=True, metavar="FILES...")
OUT = click.option("--out", type=click.Path(path_type=Path), help="Where rows go (.jsonl, .parquet); else stdout.")
FORCE = click.option("--force", is_flag=True, help="Replace output files that are there already.")
SKIP_BAD = click.option("--skip-bad", is_flag=True, help="Leave out rows that cannot be read, and count them.")
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    help="What standard input is, and a file whose ending does not say; else jsonl.",
)
DELIMITER = click.option("--delimiter", default="", metavar="CHAR", help="What parts the fields of CSV; \\t is a tab.")
NO_HEADER = click.option("--no-header", is_flag=True, help="The first row of CSV is data: column_1, column_2, ...")
NO_QUOTES = click.option("--no-quotes", is_flag=True, help="Quotes in CSV are plain text.")
JSON = click.option("--json", "json_", is_flag=True, help="Print the summary as one object on standard output.")
COLUMN = click.option(
    "--column",
    metavar="NAME",
    multiple=True,
    help="A column with the text, or a path into one (turns[0].text); repeatable. Else found by the form of the rows.",
)


def n_processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


THREADS = click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=n_processors,
    show_default="all processors",
    help="Threads to compute with; the output does not depend on it.",
)


_READING = (FORMAT, DELIMITER, NO_HEADER, NO_QUOTES)


def wanted(given: Mapping[str, Any]) -> Wanted:
    """How the command's files are to be read."""
    delimiter = "\t" if given["delimiter"] == "\\t" else given["delimiter"]
    layout = TextLayout(delimiter=delimiter, header=not given["no_header"], quotes=not given["no_quotes"])
    return Wanted(otherwise=given["form"], layout=layout)


def common(*more: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """FILES, then the command's own options, then those that all have."""

    def decorate(command: Any) -> Any:
        for option in reversed((FILES, *more, *_READING, OUT, FORCE, SKIP_BAD, THREADS, JSON)):
            command = option(command)
        return command

    return decorate


def prepare(given: Mapping[str, Any]) -> BadRows:
    """Checks what all commands have in common, before polars is imported, whose threads it bounds."""
    if given["json_"] and given["out"] is None:
        raise ConfigError(
            "got --json without --out: the rows and the summary would both go to standard output",
            hint="name a file for the rows with --out",
        )
    os.environ.setdefault("POLARS_MAX_THREADS", str(given["threads"]))
    return BadRows(skip=given["skip_bad"])


def only_with(what: str, *names: str) -> None:
    """A ConfigError where an option is given that says nothing without `what`."""
    context = click.get_current_context()
    for name in names:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise ConfigError(
                f"got --{name.replace('_', '-')} without {what}, where alone it means something",
                hint=f"add {what}, or take it out",
            )


def tell(summary: Mapping[str, Any], lines: Iterable[str], bad: BadRows, *, json_: bool) -> None:
    """The summary: one object on standard output, or lines on standard error."""
    if json_:
        whole = {**summary, "bad_rows": bad.n_rows, "bad_reasons": dict(bad.reasons)}
        put_json(whole)
        return
    for line in lines:
        say(clean(line, one_line=True))
    if bad.n_rows:
        say(f"bad rows left out: {bad.n_rows:,}, the first at {clean(str(bad.first), one_line=True)}")
        for reason, count in bad.reasons.most_common():
            say(f"    {count:,} x {clean(reason, one_line=True)}")


def percent(part: float, whole: float) -> str:
    """A share in words.

    >>> percent(1, 8), percent(0, 0)
    ('12.50 %', 'none')
    """
    return f"{100 * part / whole:.2f} %" if whole else "none"
