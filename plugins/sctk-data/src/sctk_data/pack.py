"""`sctk data pack`: rows of token ids into bins of a fixed capacity, window by window.

Memory holds one window. Tokens stay in Arrow from Parquet to Parquet; JSONL is parsed row by row. Rows that do not fit a bin
are an error with their place unless --overflow says otherwise, and what that costs is in the summary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
from sctk_core import ConfigError
from sctk_core.reading import Input

from sctk_data.chunks import chunks
from sctk_data.inputs import inputs
from sctk_data.jsonl import Output
from sctk_data.options import common, percent, prepare, tell, wanted
from sctk_data.output import made
from sctk_data.pace import Pace, walk
from sctk_data.rust import asked, rust
from sctk_data.tokens import IDS, Tokens

if TYPE_CHECKING:
    import polars as pl

GROUP_TOKENS = 1 << 22
LOSSES = ("rows_empty", "rows_truncated", "rows_dropped", "rows_split", "tokens_lost", "tokens_kept")
EPILOG = """\b
Examples:
  sctk data pack tokens.parquet --capacity 4096 --out packed.parquet
  sctk data pack a.jsonl b.jsonl --capacity 2048 --overflow truncate --seed 1 --out packed.jsonl
  sctk data pack preferences.parquet --capacity 4096 --pairs --overflow drop --out packed.parquet

\b
Every list column of numbers that is as long as input_ids (labels, ...; or those named with --column) is packed; lists of other
lengths (scores, an embedding) are left out, and named.
Output has one row for each bin, and three columns more: position_ids (from 0 for every sequence), seq_lengths, cu_seqlens.

\b
best-fit   each row whole, longest first into the fullest bin that has room
wrapped    all rows in a line, cut every --capacity tokens: no room is left, rows are cut
next-fit   each row whole, in input order

\b
--pairs packs columns chosen_NAME and rejected_NAME into NAME: a pair's two sides lie in one bin, chosen first."""


@dataclass(kw_only=True)
class Tally:
    """What was packed so far."""

    bins: int = 0
    loss: Counter[str] = field(default_factory=Counter)

    def add(self, packed: Any) -> None:
        """Takes in one window's result."""
        self.bins += len(packed)
        self.loss.update({name: getattr(packed.loss, name) for name in LOSSES})


@click.command(epilog=EPILOG)
@common(
    click.option("--capacity", type=click.IntRange(1, 1 << 24), required=True, help="Tokens in a bin."),
    click.option(
        "--strategy", type=click.Choice(["best-fit", "wrapped", "next-fit"]), default="best-fit", show_default=True
    ),
    click.option(
        "--overflow",
        type=click.Choice(["error", "truncate", "split", "drop"]),
        default="error",
        show_default=True,
        help="What becomes of a row longer than a bin.",
    ),
    click.option("--pairs", is_flag=True, help="Pack preference pairs, both sides in one bin."),
    click.option("--column", "columns", metavar="NAME", multiple=True, help="A list column to pack; repeatable."),
    click.option("--seed", type=click.IntRange(0), help="Put the bins into an order drawn from it."),
    click.option(
        "--window",
        type=click.IntRange(1),
        default=50_000,
        show_default=True,
        help="Rows that are packed together; memory grows with it.",
    ),
)
def pack(files: tuple[str, ...], columns: tuple[str, ...], **given: Any) -> int:
    """Pack rows of tokens into bins, no row seeing its neighbour."""
    bad = prepare(given)
    rust("packing")
    if given["pairs"] and (given["strategy"] == "wrapped" or given["overflow"] == "split"):
        raise ConfigError(
            "--pairs: got a setting that cuts rows in two, wanted a pair's sides whole",
            hint="--strategy best-fit or next-fit, --overflow truncate or drop",
        )
    tokens = Tokens(columns, bad, capacity=given["capacity"] if _strict(given) else None, pairs=given["pairs"])
    tally, group_rows = Tally(), max(1, GROUP_TOKENS // given["capacity"])
    with inputs(files, twice=False, wanted=wanted(given)) as sources, walk() as stages:
        kept = made(given["out"], sources, force=given["force"], group_rows=group_rows)
        with kept as place, stages.stage("packing") as pace:
            _pack(sources, tokens, given, pace, place, tally)
    counts = {"rows": tokens.n_rows, "bins": tally.bins, "capacity": given["capacity"], **_losses(tally)}
    counts["fill"] = counts["tokens"] / (tally.bins * given["capacity"]) if tally.bins else None
    tell(
        {**counts, "columns": tokens.names, "left_out": tokens.left_out, "of_other_lengths": tokens.of_other_lengths},
        _told(counts, tokens),
        bad,
        json_=given["json_"],
    )
    return 0


def _strict(given: dict[str, Any]) -> bool:
    """Whether a row longer than a bin ends the command; wrapped rows may be of any length."""
    return bool(given["overflow"] == "error" and given["strategy"] != "wrapped")


def _losses(tally: Tally) -> dict[str, Any]:
    found = {name: tally.loss[name] for name in LOSSES}
    return {"tokens": found.pop("tokens_kept"), **found}


def _pack(sources: list[Input], tokens: Tokens, given: dict[str, Any], pace: Pace, place: Output, tally: Tally) -> None:
    """Windows of rows to bins, written as they come; a window's memory is used again for the next but a few."""
    import polars as pl

    core = rust("packing")
    settings = {name: given[name] for name in ("capacity", "strategy", "overflow")}
    settings["how"] = core.How(threads=given["threads"], reuse=not given["pairs"])
    frames = (frame for chunk in chunks(sources, pace) if (frame := tokens.of(chunk)).height)
    with asked():
        if given["pairs"]:
            results = _pairs(frames, tokens, given, settings)
        else:
            packer = core.Packer(**settings, seed=given["seed"])
            results = iter(core.PackStream(frames, packer, window_rows=given["window"]))
        for packed in results:
            tally.add(packed)
            place.frame(pl.DataFrame(packed.table))


def _pairs(
    frames: Iterator[pl.DataFrame], tokens: Tokens, given: dict[str, Any], settings: dict[str, Any]
) -> Iterator[Any]:
    """Each window's bins of pairs; like PackStream, the n-th window draws from the seed plus n."""
    core = rust("packing")
    for number, window in enumerate(_windows(frames, given["window"])):
        seed = None if given["seed"] is None else given["seed"] + number
        yield core.Packer(**settings, seed=seed).pack_pairs(window, tokens.sides)


def _windows(frames: Iterator[pl.DataFrame], n_rows: int) -> Iterator[pl.DataFrame]:
    """The same rows in frames of `n_rows`; the last may be short."""
    import polars as pl

    held: list[pl.DataFrame] = []
    count = 0
    for frame in frames:
        rest = frame
        while count + rest.height >= n_rows:
            room = n_rows - count
            yield pl.concat([*held, rest[:room]], rechunk=False)
            held, count, rest = [], 0, rest[room:]
        held, count = [*held, rest], count + rest.height
    if count:
        yield pl.concat(held, rechunk=False)


def _told(counts: dict[str, Any], tokens: Tokens) -> Iterator[str]:
    places = counts["bins"] * counts["capacity"]
    yield (
        f"{counts['rows']:,} rows in {counts['bins']:,} bins of {counts['capacity']:,}:"
        f" {counts['tokens']:,} tokens, {percent(counts['tokens'], places)} of the places filled"
    )
    names = {
        "rows_truncated": "truncated",
        "rows_dropped": "dropped",
        "rows_split": "split",
        "rows_empty": "without tokens",
    }
    lost = [f"{counts[name]:,} rows {word}" for name, word in names.items() if counts[name]]
    yield f"tokens lost: {counts['tokens_lost']:,}" + (f" ({', '.join(lost)})" if lost else "")
    yield f"columns packed: {', '.join(tokens.names)}"
    if tokens.left_out:
        yield f"columns left out: {', '.join(tokens.left_out)}"
    if tokens.of_other_lengths:
        yield f"lists of other lengths than {IDS} are not of tokens: {', '.join(tokens.of_other_lengths)}"
