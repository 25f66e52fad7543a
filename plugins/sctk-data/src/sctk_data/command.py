"""`sctk data`: the Rust core by itself, on files of every form that is read and on standard input.

Rows stream from the files to the output: `inputs.py` finds the files, `chunks.py` reads them by way of `sctk_core.reading`,
`bad_rows.py` counts what cannot be read, `output.py` opens what is written: whole files or none. Each subcommand is a file of its
own.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from sctk_cli.lazy import LazyGroup
from sctk_cli.terminal import say

COMMANDS: dict[str, tuple[str, str]] = {
    "dedup": ("sctk_data.dedup", "Leave out rows that repeat an earlier one, exactly or nearly."),
    "decontaminate": ("sctk_data.decontaminate", "Leave out rows that share a run of words with held-out rows."),
    "pack": ("sctk_data.pack", "Pack rows of tokens into bins, no row seeing its neighbour."),
    "consistency": ("sctk_data.consistency", "Score how far the answers to each question agree."),
}
EPILOG = """\b
Examples:
  sctk data dedup rows.jsonl --out kept.jsonl
  sctk data dedup shards/ --out kept.parquet
  cut -f 1,3 rows.tsv | sctk data dedup - --format tsv --exact > kept.jsonl

\b
FILES are JSONL, JSON, CSV, TSV, Parquet or Arrow by their endings, packed (.gz, .zst) or not; a directory of such files or of
save_to_disk; or `-`, which is JSONL on standard input. Rows go to standard output as JSONL, or to
--out FILE (.jsonl or .parquet), which appears whole or not at all. The summary goes to standard error; with --json it is one
object on standard output."""


class DataGroup(LazyGroup):
    """The subcommands; an interrupt leaves no file behind, so there is nothing to go on with."""

    def invoke(self, ctx: click.Context) -> Any:
        """As click does it; Ctrl-C is told in this command's own words, and a request to end (SIGTERM) is the same."""
        try:
            with _ended_as_by_ctrl_c():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            say("interrupted: no file was written; run the same line again to start anew")
            return 130


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """SIGTERM, which time limits and batch systems send, raises KeyboardInterrupt: without it Python would leave parts of files."""
    if threading.current_thread() is not threading.main_thread():  # only there may signals be handled
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)  # None: it was not Python's


@click.group(cls=DataGroup, table=COMMANDS, epilog=EPILOG, no_args_is_help=True)
def data() -> None:
    """Clean, pack and score data files with the Rust core."""
