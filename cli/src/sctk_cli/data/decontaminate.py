"""`sctk data decontaminate`: rows that share a run of n words with a held-out row are left out.

The corpus streams in windows, the held-out texts stay in memory. The core indexes the held-out n-grams anew for each window, so
a window has at least four times their text: indexing then costs at most about a fifth, whatever the held-out sets' size. Only where
texts are a small part of their rows a window ends sooner, so that it never holds more than four times as much again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
from sctk_core.errors import ConfigError

from sctk_cli.data.chunks import Chunk, chunks
from sctk_cli.data.columns import TextColumn
from sctk_cli.data.inputs import Input, inputs
from sctk_cli.data.jsonl import Output
from sctk_cli.data.options import COLUMN, common, percent, prepare, tell
from sctk_cli.data.output import put_rows
from sctk_cli.data.pace import Pace, Walk, walk
from sctk_cli.data.removed import REMOVED, kept_and_removed, with_rows
from sctk_cli.data.rust import asked, rust
from sctk_cli.data.seen import Seen

if TYPE_CHECKING:
    import polars as pl

WINDOW_BYTES = 64 << 20
EPILOG = """\b
Examples:
  sctk data decontaminate train.jsonl --against test.jsonl --out clean.jsonl
  sctk data decontaminate a.parquet b.parquet --against mmlu.jsonl --against gsm8k.parquet --out clean.parquet
  sctk data decontaminate train.jsonl --against test.jsonl --against-column question --n 8 --removed removed.jsonl > clean.jsonl
\b
Words are compared whatever their case and the punctuation between them. A held-out row with fewer than --n words cannot be
found; the summary counts such rows. --removed has one object for each row left out: its file and number, the file and number of
the held-out row that it shares most with, the share of that row's n-grams, the longest run of words in common as it stands in the
row (span), how many held-out rows it shares words with, and the row itself."""


@dataclass(kw_only=True)
class HeldOut:
    """What must not be in the corpus: its texts, where each came from, and which of them were found."""

    texts: pl.Series
    seen: Seen
    too_short: int
    found: set[int] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class Window:
    """Rows that are compared in one go: chunks with the indices of their good rows, and all their texts."""

    parts: list[tuple[Chunk, list[int]]]
    texts: pl.Series


@click.command(epilog=EPILOG)
@common(
    click.option("--against", multiple=True, required=True, metavar="FILE", help="Held-out rows; repeatable."),
    click.option(
        "--against-column", metavar="NAME", help="The column with the held-out text; else found by its usual name."
    ),
    click.option("--n", type=click.IntRange(1, 1000), default=13, show_default=True, help="Words in a run."),
    click.option(
        "--min-share",
        type=click.FloatRange(0, 1),
        default=0.0,
        show_default=True,
        help="Leave out only rows with at least this share of a held-out row's n-grams.",
    ),
    COLUMN,
    REMOVED,
)
def decontaminate(files: tuple[str, ...], against: tuple[str, ...], **given: Any) -> int:
    """Leave out rows that share a run of words with held-out rows."""
    bad = prepare(given)
    rust("dedup")
    settings = {name: given[name] for name in ("n", "min_share", "threads")}
    column, other = (
        TextColumn(given["column"], bad),
        TextColumn(given["against_column"], bad, option="--against-column"),
    )
    with inputs((*files, *against), twice=False) as both, walk() as stages, ExitStack() as opened:
        sources, held_sources = both[: len(files)], both[len(files) :]
        _apart(sources, held_sources)
        kept, gone = kept_and_removed(opened, given, sources, held_sources)
        held = _held_out(held_sources, other, settings, stages)
        n_rows = n_gone = 0
        with stages.stage("decontaminating") as pace:
            for window in windows(sources, column, max(WINDOW_BYTES, 4 * _size(held.texts)), pace):
                matches = _matches(window, held, settings)
                _write(window, matches, (kept, gone))
                n_rows, n_gone = n_rows + len(window.texts), n_gone + len(matches)
    counts = {"rows": n_rows, "kept": n_rows - n_gone, "removed": n_gone, "held_out": len(held.texts)}
    counts |= {"held_out_found": len(held.found), "held_out_too_short": held.too_short}
    tell(
        {"column": column.name, "against_column": other.name, **counts},
        _told(counts, given["n"]),
        bad,
        json_=given["json_"],
    )
    return 0


def _apart(sources: Sequence[Input], held: Sequence[Input]) -> None:
    """A ConfigError where a file is both corpus and held out: all of it would go."""
    for one in held:
        if any(one.path and source.path and one.path.samefile(source.path) for source in sources):
            raise ConfigError(f"{one.name}: got it as input and as held out, wanted it once", hint="name it once")


def _held_out(sources: list[Input], column: TextColumn, settings: dict[str, Any], stages: Walk) -> HeldOut:
    import polars as pl

    seen, held = Seen(sources), [pl.Series("text", [], dtype=pl.String)]
    with stages.stage("reading the held-out rows") as pace:
        for chunk in chunks(sources, pace):
            indices, texts = column.of(chunk)
            seen.add(chunk, indices)
            held.append(texts.alias("text"))
    texts = pl.concat(held, rechunk=False)
    if not len(texts):
        raise ConfigError(
            "--against: got no held-out row, wanted at least one", hint="was the file written to its end?"
        )
    with asked():
        too_short = len(rust("dedup").decontaminate([], texts, **settings).too_short)
    return HeldOut(texts=texts, seen=seen, too_short=too_short)


def _size(texts: pl.Series) -> int:
    return int(texts.str.len_bytes().sum())


def windows(sources: list[Input], column: TextColumn, text_bytes: int, pace: Pace) -> Iterator[Window]:
    """All rows in windows that end with `text_bytes` of text, or with four times as many bytes of whole rows."""
    import polars as pl

    parts: list[tuple[Chunk, list[int]]] = []
    held: list[pl.Series] = []
    n_text = n_whole = 0
    for chunk in chunks(sources, pace):
        indices, texts = column.of(chunk)
        parts.append((chunk, indices))
        held.append(texts.alias("text"))
        n_text, n_whole = n_text + _size(texts), n_whole + chunk.n_bytes
        if n_text >= text_bytes or n_whole >= 4 * text_bytes:
            yield Window(parts=parts, texts=pl.concat(held, rechunk=False))
            parts, held, n_text, n_whole = [], [], 0, 0
    if parts:
        yield Window(parts=parts, texts=pl.concat(held, rechunk=False))


def _matches(window: Window, held: HeldOut, settings: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """For each row to leave out what is told of it; of several held-out rows the one with the largest share, then the first."""
    with asked():
        overlaps = rust("dedup").decontaminate(window.texts, held.texts, **settings).overlaps
    columns = [memoryview(overlaps[name]) for name in ("row", "held_out", "share", "begin", "end")]
    found: dict[int, dict[str, Any]] = {}
    for row, other, share, begin, end in zip(*columns, strict=True):
        held.found.add(other)
        n_others = found[row]["held_out_rows"] + 1 if row in found else 1
        if n_others == 1 or share > found[row]["share"]:
            file, number = held.seen.place(other)
            span = window.texts[row].encode("utf-8")[begin:end].decode("utf-8")
            found[row] = {"held_out_file": file, "held_out_number": number, "share": share, "span": span}
        found[row]["held_out_rows"] = n_others
    return found


def _write(window: Window, found: dict[int, dict[str, Any]], places: tuple[Output, Output | None]) -> None:
    kept, gone = places
    first = 0
    for chunk, indices in window.parts:
        rows = range(first, first + len(indices))
        put_rows(kept, chunk, [index for row, index in zip(rows, indices, strict=True) if row not in found])
        if gone is not None:
            leaves = [(row, index) for row, index in zip(rows, indices, strict=True) if row in found]
            told = [{"file": chunk.source.name, "number": chunk.first + index, **found[row]} for row, index in leaves]
            gone.lines(with_rows(told, chunk, [index for _, index in leaves]))
        first += len(indices)


def _told(counts: dict[str, int], n: int) -> list[str]:
    lines = [
        f"{counts['rows']:,} rows: {counts['kept']:,} kept, {counts['removed']:,} removed"
        f" ({percent(counts['removed'], counts['rows'])})",
        f"{counts['held_out']:,} held-out rows: {counts['held_out_found']:,} found in the rows removed",
    ]
    if counts["held_out_too_short"]:
        lines.append(
            f"{counts['held_out_too_short']:,} held-out rows have fewer than {n} words: of them nothing can be found"
            " (a smaller --n finds more)"
        )
    return lines
