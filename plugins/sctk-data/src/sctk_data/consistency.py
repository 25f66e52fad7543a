"""`sctk data consistency`: how far the answers to each question agree, added to each row.

A row holds a question with the list of its answers, and is read once; or (--group-by) a row holds one answer, and the files
are read twice, with the answers in memory.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import click
from sctk_cli.finite import Finite
from sctk_core.reading import Chunk, Input, TextColumn

from sctk_data.answers import AnswerLists, Groups, put_with
from sctk_data.bad_rows import BadRows
from sctk_data.chunks import chunks
from sctk_data.inputs import inputs
from sctk_data.jsonl import Output
from sctk_data.options import common, only_with, prepare, tell, wanted
from sctk_data.output import output
from sctk_data.pace import Walk, walk
from sctk_data.rust import rust
from sctk_data.scores import PAIRWISE, SCORES, Column, Columns, Settings, scored

MOST_RESAMPLED = 5000
EPILOG = """\b
Examples:
  sctk data consistency answers.jsonl --out scored.jsonl
  sctk data consistency answers.parquet --score entropy --by rouge-l --above 0.5 --out scored.parquet
  sctk data consistency samples.jsonl --score vote --group-by question --column answer > voted.jsonl

\b
rouge-l, rouge-1, rouge-2, jaccard, word-edit, char-edit
           mean similarity over all pairs of different answers; answer_...: of each answer with the others
selfcheck  -ln p of each answer's words among all answers (higher: the others do not say it), mean over answers
vote       the answer that most give: numbers by value ($1,000 is 1000; -5 is not 5), others by their words; votes, vote_share,
           answer_cluster
entropy    semantic entropy in nats over clusters of answers: two mean the same where --by is above --above

\b
A question with fewer than two answers with words has null, not 0 (vote names a lone answer, without a share). Words are those of
every script; --words published takes rouge_score's ([a-z0-9] alone) and SQuAD's votes (-5 is 5). Columns that belong to answers
(answer_...) are lists where a row has a list of answers. The summary gives the mean over questions with its 95 %
interval: bootstrap up to 5,000 questions, normal above."""


@dataclass(kw_only=True)
class Tally:
    """What was scored so far: questions, answers, and the values whose mean is told (8 bytes each)."""

    questions: int = 0
    answers: int = 0
    no_words: int = 0
    values: array[float] = field(default_factory=lambda: array("d"))

    def add(self, columns: Columns, main: str) -> None:
        """Takes in the columns of some questions."""
        self.questions += len(columns["n_answers"].values)
        self.answers += sum(columns["n_answers"].values)
        self.no_words += _without_words(columns, main)
        self.values.extend(value for value in columns[main].values if value is not None)


def _without_words(columns: Columns, main: str) -> int:
    """How many answers could not be compared with the other answers to their question, of which there were some."""
    own = columns.get(f"answer_{main}", columns.get("answer_cluster"))
    sizes = columns["n_answers"].values
    several = (k > 1 for k in sizes for _ in range(k))
    return 0 if own is None else sum(more and value is None for more, value in zip(several, own.values, strict=True))


@click.command(epilog=EPILOG)
@common(
    click.option("--score", type=click.Choice(SCORES), default="rouge-l", show_default=True),
    click.option(
        "--column", metavar="NAME", help="The answers (or completions[*].text); else found by its usual name."
    ),
    click.option("--group-by", metavar="NAME", help="Rows hold one answer each; the question is in this column."),
    click.option(
        "--words",
        type=click.Choice(["every-script", "published"]),
        default="every-script",
        show_default=True,
        help="Whose words are compared; published: rouge_score's, and SQuAD's for vote.",
    ),
    click.option(
        "--by", type=click.Choice(PAIRWISE), default="rouge-l", show_default=True, help="For entropy: the similarity."
    ),
    click.option(
        "--above",
        type=Finite(0, 1),
        default=0.5,
        show_default=True,
        help="For entropy: answers above this similarity mean the same.",
    ),
)
def consistency(files: tuple[str, ...], group_by: str | None, **given: Any) -> int:
    """Score how far the answers to each question agree."""
    bad = prepare(given)
    if given["score"] != "entropy":
        only_with("--score entropy", "by", "above")
    if given["score"] == "char-edit":
        only_with("a --score that compares words", "words")
    rust("consistency")
    settings = Settings(
        score=given["score"],
        by=given["by"],
        above=given["above"],
        threads=given["threads"],
        published=given["words"] == "published",
    )
    tally = Tally()
    with ExitStack() as opened:
        sources = opened.enter_context(inputs(files, twice=group_by is not None, wanted=wanted(given)))
        stages = opened.enter_context(walk())
        place = opened.enter_context(output(given["out"], sources, force=given["force"]))
        if group_by is None:
            column = _lists(sources, AnswerLists(given["column"], bad), settings, stages, place, tally)
        else:
            groups = Groups(TextColumn(given["column"], bad, besides=(group_by,), answers=True), group_by, bad)
            column = _groups(sources, groups, settings, stages, place, tally)
    _tell(tally, settings, column, bad, json_=given["json_"])
    return 0


def _lists(
    sources: list[Input], answers: AnswerLists, settings: Settings, stages: Walk, place: Output, tally: Tally
) -> str | None:
    """Rows with lists of answers, as they come; gives the name of their column."""
    with stages.stage("scoring") as pace:
        for chunk in chunks(sources, pace):
            indices, texts, offsets = answers.of(chunk)
            columns = scored(texts, offsets, settings, partial(_place, chunk, indices))
            tally.add(columns, settings.main)
            put_with(place, chunk, indices, _nested(columns, offsets), lists=True)
    return answers.name


def _place(chunk: Chunk, indices: list[int], question: int) -> str:
    return chunk.where(indices[question])


def _nested(columns: Columns, offsets: list[int]) -> Columns:
    """The same columns with what belongs to answers as one list for each question."""
    return {
        name: Column(kind=one.kind, per_answer=True, values=[one.values[a:b] for a, b in pairwise(offsets)])
        if one.per_answer
        else one
        for name, one in columns.items()
    }


def _groups(
    sources: list[Input], groups: Groups, settings: Settings, stages: Walk, place: Output, tally: Tally
) -> str | None:
    """Rows with one answer each: read, scored by question, read again and written in their order."""
    with stages.stage("reading") as pace:
        seen, texts = groups.read(sources, pace)
    ordered, offsets, places = groups.sorted(texts)
    del texts
    with stages.stage("scoring") as pace:
        columns = scored(ordered, offsets, settings, groups.place, pace.done)
    tally.add(columns, settings.main)
    with stages.stage("writing") as pace:
        for chunk, first, indices in seen.again(pace):
            rows = range(first, first + len(indices))
            put_with(place, chunk, indices, _of_rows(columns, rows, groups, places), lists=False)
    return groups.column


def _of_rows(columns: Columns, rows: range, groups: Groups, places: list[int]) -> Columns:
    """The values of these rows: their own, and those of their questions."""
    return {
        name: Column(
            kind=one.kind,
            per_answer=one.per_answer,
            values=[one.values[places[row] if one.per_answer else groups.question(row)] for row in rows],
        )
        for name, one in columns.items()
    }


def _tell(tally: Tally, settings: Settings, column: str | None, bad: BadRows, *, json_: bool) -> None:
    mean, low, high = _mean(tally.values)
    counts = {"questions": tally.questions, "answers": tally.answers, "score": settings.score, "column": column}
    counts["without_words"] = tally.no_words
    of_mean: dict[str, Any] = {"mean": mean, "low": low, "high": high, "n": len(tally.values)}
    of_mean["interval"] = None if low is None else "normal" if len(tally.values) > MOST_RESAMPLED else "bootstrap"
    tell({**counts, **of_mean}, _told(tally, column, settings.main, mean, low, high), bad, json_=json_)


def _told(
    tally: Tally, column: str | None, name: str, mean: float | None, low: float | None, high: float | None
) -> Iterator[str]:
    yield f"{tally.questions:,} questions with {tally.answers:,} answers" + (f" in {column!r}" if column else "")
    if mean is not None:
        interval = "no interval" if low is None else f"95 % interval [{low:.3f}, {high:.3f}]"
        yield f"mean {name}: {mean:.3f}, {interval}, {len(tally.values):,} questions"
    if tally.no_words:
        yield f"{tally.no_words:,} answers without {name} (null): no words to compare, or none of the others has any"
    without = tally.questions - len(tally.values)
    if without:
        yield f"{without:,} questions without {name} (null): fewer than two answers, or none with words"


def _mean(values: array[float]) -> tuple[float | None, float | None, float | None]:
    """The mean with its 95 % interval; resampling millions of values would take hours and change nothing."""
    from sctk_core import mean_with_interval

    n = len(values)
    if not n:
        return None, None, None
    if n <= MOST_RESAMPLED:
        found = mean_with_interval(list(values))
        return found.value, found.low, found.high
    mean = math.fsum(values) / n
    half = NormalDist().inv_cdf(0.975) * math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n)
    return mean, mean - half, mean + half
