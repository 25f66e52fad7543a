"""`sctk data dedup`: of rows that say the same, the first is kept.

Two readings: the first holds the text column only (as Arrow) and finds the clusters, the second writes what is kept. A row is
kept as the bytes that were read. Near duplicates are verified: every pair that joins two rows has its exact Jaccard similarity.
Rows of several parts (turns, a context and a question, an answer) are near duplicates where each part is one by itself: a long part
that they share does not hide that the others differ.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sctk_cli.finite import Finite
from sctk_core.reading import TextColumn

from sctk_data.bad_rows import BadRows
from sctk_data.ends import Ends
from sctk_data.inputs import inputs
from sctk_data.jsonl import Output
from sctk_data.looked import looked_at, read_as, unread
from sctk_data.options import COLUMN, common, only_with, percent, prepare, tell, wanted
from sctk_data.output import put_rows
from sctk_data.pace import Pace, Walk, walk
from sctk_data.removed import REMOVED, kept_and_removed, with_rows
from sctk_data.rust import asked, rust
from sctk_data.seen import Seen, read_texts

if TYPE_CHECKING:
    import polars as pl

EPILOG = """\b
Examples:
  sctk data dedup rows.jsonl --out kept.jsonl
  sctk data dedup a.parquet b.parquet --out kept.parquet --removed removed.jsonl
  sctk data dedup rows.jsonl --normalised --column prompt --json --out kept.jsonl
  sctk data dedup rows.jsonl --column 'messages[0].content' --column answer --out kept.jsonl
  cat rows.jsonl | sctk data dedup - --exact > kept.jsonl

\b
--exact       the same bytes
--normalised  the same words, whatever their case and the punctuation between them
--near        sets of n-word (or n-character) shingles with a Jaccard similarity of at least --threshold, joined into
              clusters; the first row of a cluster is kept. Of rows of several parts (turns, columns of what is asked and
              answered) each part must be as similar as the whole; --parts together compares the whole alone

\b
--removed has one object for each row left out: its file and number (the line of a JSONL file, the row of any other), the
same of the row that was kept for it, the Jaccard similarity of the two where they were compared (null: joined through a third
row), and the row itself."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Of n rows the first of each row's cluster, and the similarity of the two where they were compared."""

    labels: memoryview
    jaccard: dict[int, float] | None
    counts: dict[str, int]


@click.command(epilog=EPILOG)
@common(
    click.option("--exact", "mode", flag_value="exact", help="Rows with the same text."),
    click.option("--normalised", "mode", flag_value="normalised", help="Rows with the same words."),
    click.option("--near", "mode", flag_value="near", default="near", help="Rows with nearly the same text (default)."),
    click.option("--threshold", type=Finite(0.1, 1), default=0.8, show_default=True),
    click.option("--shingle", type=click.Choice(["word", "char"]), default="word", show_default=True),
    click.option(
        "--n", type=click.IntRange(1, 1000), default=5, show_default=True, help="Words or characters in a shingle."
    ),
    click.option(
        "--parts",
        type=click.Choice(["each", "together"]),
        default="each",
        show_default=True,
        help="Whether each part of two rows must be similar, or their whole texts alone.",
    ),
    COLUMN,
    REMOVED,
    click.option(
        "--spill-dir",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="Disk for band keys (168 bytes a row) and standard input, in place of memory and the temporary directory.",
    ),
)
def dedup(files: tuple[str, ...], mode: str, **given: Any) -> int:
    """Leave out rows that repeat an earlier one, exactly or nearly."""
    bad = prepare(given)
    if mode != "near":
        only_with("--near", "threshold", "shingle", "n", "parts")
    rust("dedup")
    column = TextColumn(given["column"], bad)
    with walk() as stages, ExitStack() as opened:
        sources = opened.enter_context(inputs(files, twice=True, spill_dir=given["spill_dir"], wanted=wanted(given)))
        places = kept_and_removed(opened, given, sources)
        with stages.stage("reading") as pace:
            ends = Ends() if mode == "near" and given["parts"] == "each" else None
            seen, texts = read_texts(sources, column, pace, ends)
        found = _find(texts, ends, mode, given, stages)
        del texts, ends
        with stages.stage("writing") as pace:
            _write(seen, found, places, pace)
    _tell(found, mode, column, bad, json_=given["json_"])
    return 0


def _find(texts: pl.Series, ends: Ends | None, mode: str, given: dict[str, Any], stages: Walk) -> Found:
    """The clusters, by the Rust core."""
    core, threads = rust("dedup"), given["threads"]
    with stages.stage("comparing") as pace, asked():
        if mode != "near":
            labels = core.exact(texts, normalised=mode == "normalised", threads=threads, progress=pace.done)
            return Found(labels=memoryview(labels), jaccard=None, counts={})
        settings = {name: given[name] for name in ("threshold", "shingle", "n", "threads", "spill_dir")}
        found = core.near(texts, **settings, parts=ends.parts() if ends else None, progress=pace.done)
    counts = {"equal_rows": found.n_equal_rows, "candidates": found.n_candidates, "checked": found.n_checked}
    counts["apart"] = found.n_apart
    labels = memoryview(found.labels)
    return Found(labels=labels, jaccard=_direct(labels, found.pairs), counts=counts)


def _direct(labels: memoryview, pairs: Any) -> dict[int, float]:
    """The similarity of each row with the row that is kept for it, where that pair was verified."""
    left, right, jaccard = (memoryview(pairs[name]) for name in ("left", "right", "jaccard"))
    return {b: j for a, b, j in zip(left, right, jaccard, strict=True) if labels[b] == a}


def _write(seen: Seen, found: Found, places: tuple[Output, Output | None], pace: Pace) -> None:
    """The second reading: rows that are first of their cluster to one place, the others with their reasons to the other."""
    kept, gone = places
    for chunk, first, indices in seen.again(pace):
        stays = [found.labels[first + at] == first + at for at in range(len(indices))]
        put_rows(kept, chunk, [index for index, stay in zip(indices, stays, strict=True) if stay])
        if gone is not None:
            leaves = [at for at, stay in enumerate(stays) if not stay]
            told = [_reason(seen, found, first + at) for at in leaves]
            gone.lines(with_rows(told, chunk, [indices[at] for at in leaves]))


def _reason(seen: Seen, found: Found, row: int) -> dict[str, Any]:
    label = found.labels[row]
    (file, number), (kept_file, kept_number) = seen.place(row), seen.place(label)
    jaccard = 1.0 if found.jaccard is None else found.jaccard.get(row)
    return {"file": file, "number": number, "kept_file": kept_file, "kept_number": kept_number, "jaccard": jaccard}


def _tell(found: Found, mode: str, column: TextColumn, bad: BadRows, *, json_: bool) -> None:
    labels = found.labels
    n_rows, gone = len(labels), [label for row, label in enumerate(labels) if label != row]
    counts = {
        "rows": n_rows,
        "kept": n_rows - len(gone),
        "removed": len(gone),
        "clusters": len(set(gone)),
        **found.counts,
    }
    compared = f" by {column.name!r}" if column.name else ""
    lines = [
        *read_as(column),
        f"{n_rows:,} rows{compared} ({mode}): {n_rows - len(gone):,} kept, {len(gone):,} removed"
        f" ({percent(len(gone), n_rows)}) in {len(set(gone)):,} clusters",
    ]
    if found.counts:
        lines.append(
            f"{found.counts['equal_rows']:,} rows with equal words, {found.counts['candidates']:,} candidate pairs,"
            f" {found.counts['checked']:,} compared exactly"
        )
    if found.counts.get("apart"):
        lines.append(
            f"{found.counts['apart']:,} pairs of rows alike as a whole differ in a part and stay (--parts together does not look)"
        )
    tell({"mode": mode, **looked_at(column), **counts}, [*lines, *unread(column)], bad, json_=json_)
