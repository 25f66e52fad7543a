"""`sctk data decontaminate`: rows that share a run of n words with a held-out row are left out.

The held-out texts are indexed once, then the corpus streams by, a chunk at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
from sctk_cli.finite import Finite
from sctk_core import ConfigError
from sctk_core.reading import Chunk, Input, TextColumn

from sctk_data.chunks import chunks
from sctk_data.inputs import inputs, once
from sctk_data.jsonl import Output
from sctk_data.looked import looked_at, read_as, unread
from sctk_data.options import COLUMN, common, percent, prepare, tell, wanted
from sctk_data.output import put_rows
from sctk_data.pace import Walk, walk
from sctk_data.removed import REMOVED, kept_and_removed, with_rows
from sctk_data.rust import asked, rust
from sctk_data.seen import Seen, read_texts

if TYPE_CHECKING:
    import polars as pl

HELD = "held-out rows "
_ASIDE = ("not compared: what the system and developers say in conversations",)
EPILOG = """\b
Examples:
  sctk data decontaminate train.jsonl --against test.jsonl --out clean.jsonl
  sctk data decontaminate a.parquet b.parquet --against mmlu.jsonl --against gsm8k.parquet --out clean.parquet
  sctk data decontaminate train.jsonl --against test.jsonl --against-column question --n 8 --removed removed.jsonl > clean.jsonl

\b
Words are compared whatever their case and the punctuation between them. What the system says in a conversation is not compared, for
many rows share it. A held-out row with fewer than --n words cannot be found; the summary counts such rows. --removed has one
object for each row left out: its file and number, the file and number of the held-out row that it shares most with, the share of
that row's n-grams, the longest run of words in common as it stands in the row (span), how many held-out
rows it shares words with, and the row itself."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What must not be in the corpus: its n-grams, where each row came from, and which of them were found."""

    grams: Any
    seen: Seen
    n_rows: int
    found: set[int] = field(default_factory=set)

    def is_wide(self, n: int) -> bool:
        """Whether n held-out rows are more than half of them, and more than two: what they share may be no text of their own."""
        return n > max(self.n_rows / 2, 2)


@click.command(epilog=EPILOG)
@common(
    click.option("--against", multiple=True, required=True, metavar="FILE", help="Held-out rows; repeatable."),
    click.option(
        "--against-column",
        metavar="NAME",
        multiple=True,
        help="A column with the held-out text, or a path into one; repeatable. Else found by the form of the rows.",
    ),
    click.option("--n", type=click.IntRange(1, 1000), default=13, show_default=True, help="Words in a run."),
    click.option(
        "--min-share",
        type=Finite(0, 1),
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
    column, other = (
        TextColumn(given["column"], bad, guiding=False),
        TextColumn(given["against_column"], bad, option="--against-column", guiding=False),
    )
    once((*files, *against))
    with walk() as stages, ExitStack() as opened:
        sources, held_sources = (
            opened.enter_context(inputs(names, twice=False, wanted=wanted(given))) for names in (files, against)
        )
        _apart(sources, held_sources)
        kept, gone = kept_and_removed(opened, given, sources, held_sources)
        held = _held_out(held_sources, other, given["n"], stages)
        n_rows = n_gone = n_wide = 0
        with stages.stage("decontaminating") as pace:
            for chunk in chunks(sources, pace):
                indices, texts = column.of(chunk)
                matches = _matches(texts, held, given["min_share"], given["threads"])
                _write(chunk, indices, matches, (kept, gone))
                n_rows, n_gone = n_rows + len(texts), n_gone + len(matches)
                n_wide += sum(held.is_wide(one["held_out_rows"]) for one in matches.values())
    counts = {"rows": n_rows, "kept": n_rows - n_gone, "removed": n_gone, "held_out": held.n_rows}
    counts |= {"held_out_found": len(held.found), "held_out_too_short": len(held.grams.too_short)}
    counts["shares_with_most"] = n_wide
    tell(
        {**looked_at(column), **looked_at(other, of="against_"), **counts},
        [
            *read_as(column),
            *read_as(other, of=HELD),
            *_told(counts, given["n"]),
            *(_ASIDE if column.aside or other.aside else ()),
            *unread(column),
            *unread(other, of=HELD),
        ],
        bad,
        json_=given["json_"],
    )
    return 0


def _apart(sources: Sequence[Input], held: Sequence[Input]) -> None:
    """A ConfigError where a file is both corpus and held out: all of it would go."""
    for one in held:
        if any(one.path and source.path and one.path.samefile(source.path) for source in sources):
            raise ConfigError(f"{one.name}: got it as input and as held out, wanted it once", hint="name it once")


def _held_out(sources: list[Input], column: TextColumn, n: int, stages: Walk) -> Held:
    with stages.stage("reading the held-out rows") as pace:
        seen, texts = read_texts(sources, column, pace)
    if not len(texts):
        raise ConfigError(
            "--against: got no held-out row, wanted at least one", hint="was the file written to its end?"
        )
    with asked():
        return Held(grams=rust("dedup").HeldOut(texts, n=n), seen=seen, n_rows=len(texts))


def _matches(texts: pl.Series, held: Held, min_share: float, threads: int) -> dict[int, dict[str, Any]]:
    """For each row to leave out what is told of it; of several held-out rows the one with the largest share, then the first."""
    with asked():
        overlaps = held.grams.overlaps(texts, min_share=min_share, threads=threads)
    columns = [memoryview(overlaps[name]) for name in ("row", "held_out", "share", "begin", "end")]
    found: dict[int, dict[str, Any]] = {}
    for row, other, share, begin, end in zip(*columns, strict=True):
        held.found.add(other)
        n_others = found[row]["held_out_rows"] + 1 if row in found else 1
        if n_others == 1 or share > found[row]["share"]:
            file, number = held.seen.place(other)
            span = texts[row].encode("utf-8")[begin:end].decode("utf-8")
            found[row] = {"held_out_file": file, "held_out_number": number, "share": share, "span": span}
        found[row]["held_out_rows"] = n_others
    return found


def _write(
    chunk: Chunk, indices: Sequence[int], found: dict[int, dict[str, Any]], places: tuple[Output, Output | None]
) -> None:
    kept, gone = places
    put_rows(kept, chunk, [index for row, index in enumerate(indices) if row not in found])
    if gone is not None:  # `found` has its rows in rising order, as the core tells of them
        told = [{"file": chunk.source.name, "number": chunk.first + indices[row], **one} for row, one in found.items()]
        gone.lines(with_rows(told, chunk, [indices[row] for row in found]))


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
    if counts["shares_with_most"]:
        lines.append(
            f"{counts['shares_with_most']:,} of the rows removed share words with more than half of the held-out rows:"
            " an instruction that all have? --min-share asks for more of a held-out row"
        )
    return lines
