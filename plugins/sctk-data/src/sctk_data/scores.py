"""What is computed of each question's answers: columns of one value for each question, and of one for each answer.

A score of how far answers agree needs two of them, with words: where there are fewer it is null, which is not zero. The
core is asked for some questions at a time, so that the K x K blocks of pairs stay small.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from sctk_core import ConfigError

from sctk_data.rust import asked, rust

if TYPE_CHECKING:
    import polars as pl

PAIRWISE = ("rouge-l", "rouge-1", "rouge-2", "jaccard", "word-edit", "char-edit")
SCORES = (*PAIRWISE, "selfcheck", "vote", "entropy")
BLOCK_SCORES = 1 << 20
MOST_ANSWERS = 4096
Kind = Literal["float", "int", "text"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Which score, of which words; for entropy, which similarity, and above which value two answers mean the same.

    `published`: the words of rouge_score and the votes of SQuAD instead of the words of every script.
    """

    score: str
    by: str
    above: float
    threads: int
    published: bool = False

    @property
    def main(self) -> str:
        """The column whose mean the summary gives."""
        return "vote_share" if self.score == "vote" else self.score.replace("-", "_")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column that the output gains: a value for each question, or for each answer."""

    kind: Kind
    per_answer: bool
    values: list[Any] = field(default_factory=list)


Columns = dict[str, Column]


def empty(settings: Settings) -> Columns:
    """The columns of a score, without rows."""
    found: dict[str, tuple[Kind, bool]] = {"n_answers": ("int", False)}
    main = settings.main
    if settings.score in PAIRWISE:
        found |= {main: ("float", False), f"answer_{main}": ("float", True)}
    elif settings.score == "selfcheck":
        found |= {main: ("float", False), "answer_selfcheck": ("float", True), "answer_selfcheck_max": ("float", True)}
    elif settings.score == "vote":
        found |= {
            "vote": ("text", False),
            "votes": ("int", False),
            main: ("float", False),
            "answer_cluster": ("int", True),
        }
    else:
        found |= {main: ("float", False), "n_clusters": ("int", False), "answer_cluster": ("int", True)}
    return {name: Column(kind=kind, per_answer=per_answer) for name, (kind, per_answer) in found.items()}


def scored(
    texts: pl.Series,
    offsets: Sequence[int],
    settings: Settings,
    place: Callable[[int], str],
    progress: Callable[[int, int], None] | None = None,
) -> Columns:
    """The columns for questions whose answers are `texts[offsets[i]:offsets[i + 1]]`; `place(i)` names one in a complaint."""
    columns = empty(settings)
    for first, last in _slices(offsets, place):
        start, end = offsets[first], offsets[last]
        part = [offset - start for offset in offsets[first : last + 1]]
        columns["n_answers"].values.extend(b - a for a, b in pairwise(part))
        with asked():
            _add(columns, texts[start:end], part, settings)
        if progress is not None:
            progress(last, len(offsets) - 1)
    return columns


def _slices(offsets: Sequence[int], place: Callable[[int], str]) -> Iterator[tuple[int, int]]:
    """Runs of questions whose blocks have about a million pairs at most."""
    first = pairs = 0
    for question, (a, b) in enumerate(pairwise(offsets)):
        if b - a > MOST_ANSWERS:
            raise ConfigError(
                f"{place(question)}: got {b - a:,} answers to one question, wanted at most {MOST_ANSWERS:,}",
                hint="all pairs are compared; is --group-by the column of the question?",
            )
        if pairs and pairs + (b - a) ** 2 > BLOCK_SCORES:
            yield first, question
            first, pairs = question, 0
        pairs += (b - a) ** 2
    if first < len(offsets) - 1:
        yield first, len(offsets) - 1


def _add(columns: Columns, texts: pl.Series, offsets: list[int], settings: Settings) -> None:
    if settings.score in PAIRWISE:
        _add_pairwise(columns, texts, offsets, settings)
    elif settings.score == "selfcheck":
        _add_selfcheck(columns, texts, offsets, settings)
    elif settings.score == "vote":
        _add_vote(columns, texts, offsets, settings)
    else:
        _add_entropy(columns, texts, offsets, settings)


def _similarity(name: str, texts: pl.Series, offsets: list[int], settings: Settings) -> Any:
    core = rust("consistency")
    how: dict[str, Any] = {"how": core.How(threads=settings.threads)}
    if name != "char-edit":
        how["words"] = _words(settings)
    if name.startswith("rouge-") and name != "rouge-l":
        return core.rouge_n(texts, offsets, n=int(name[-1]), **how)
    return getattr(core, name.replace("-", "_"))(texts, offsets, **how)


def _words(settings: Settings) -> str:
    return "rouge" if settings.published else "every-script"


def _add_pairwise(columns: Columns, texts: pl.Series, offsets: list[int], settings: Settings) -> None:
    """Of each answer the mean over the others, of each question the mean over its answers."""
    values = _listed(_similarity(settings.score, texts, offsets, settings).values)
    at = 0
    for a, b in pairwise(offsets):
        k = b - a
        means = [_mean_of_others(values[at + i * k : at + (i + 1) * k], i) for i in range(k)]
        at += k * k
        columns[f"answer_{settings.main}"].values.extend(means)
        columns[settings.main].values.append(_mean(means))


def _mean_of_others(scores: Sequence[float], own: int) -> float | None:
    """The mean of an answer's scores with all answers but itself, those left out that are none (NaN)."""
    total = math.fsum(scores)
    if not math.isnan(total):
        return (total - scores[own]) / (len(scores) - 1) if len(scores) > 1 else None
    return _mean([None if math.isnan(score) or i == own else score for i, score in enumerate(scores)])


def _add_selfcheck(columns: Columns, texts: pl.Series, offsets: list[int], settings: Settings) -> None:
    """A lone answer has nothing to be checked against; one without words says nothing."""
    core = rust("consistency")
    found = core.selfcheck(texts, offsets, words=_words(settings), how=core.How(threads=settings.threads))
    for name, values in (("answer_selfcheck", found.mean), ("answer_selfcheck_max", found.max)):
        numbers = _listed(values)
        for a, b in pairwise(offsets):
            own = [None if b - a < 2 or math.isnan(value) else value for value in numbers[a:b]]
            columns[name].values.extend(own)
            if name == "answer_selfcheck":
                columns["selfcheck"].values.append(_mean(own))


def _add_vote(columns: Columns, texts: pl.Series, offsets: list[int], settings: Settings) -> None:
    core = rust("consistency")
    compare = "squad" if settings.published else "answers"
    found = core.vote(texts, offsets, compare=compare, how=core.How(threads=settings.threads))
    columns["answer_cluster"].values.extend(_listed(found.labels))
    for (a, b), winner, votes in zip(pairwise(offsets), _listed(found.winners), _listed(found.votes), strict=True):
        columns["vote"].values.append(texts[a + winner] if b > a else None)
        columns["votes"].values.append(votes if b > a else None)
        columns["vote_share"].values.append(votes / (b - a) if b - a > 1 else None)


def _add_entropy(columns: Columns, texts: pl.Series, offsets: list[int], settings: Settings) -> None:
    """Of the answers that can be compared: one without words is in no cluster."""
    core = rust("consistency")
    how = core.How(threads=settings.threads)
    similarity = _similarity(settings.by, texts, offsets, settings)
    kept = _comparable(_listed(similarity.values), offsets)
    n_answers = len(texts)
    if len(kept) < n_answers:
        texts, offsets = texts[kept], [bisect_left(kept, offset) for offset in offsets]
        similarity = _similarity(settings.by, texts, offsets, settings)
    labels = core.clusters(similarity, offsets, above=settings.above, how=how)
    own = _listed(labels)
    cluster: list[int | None] = [None] * n_answers
    for place, label in zip(kept, own, strict=True):
        cluster[place] = label
    columns["answer_cluster"].values.extend(cluster)
    for (a, b), entropy in zip(
        pairwise(offsets), _listed(core.semantic_entropy(labels, offsets, how=how)), strict=True
    ):
        columns["entropy"].values.append(entropy if b - a > 1 else None)
        columns["n_clusters"].values.append(len(set(own[a:b])))


def _comparable(scores: Sequence[float], offsets: list[int]) -> list[int]:
    """Which answers have a score with themselves: those with words, where words are compared."""
    kept, at = [], 0
    for a, b in pairwise(offsets):
        kept += [a + i for i in range(b - a) if not math.isnan(scores[at + i * (b - a + 1)])]
        at += (b - a) ** 2
    return kept


def _listed(values: Any) -> list[Any]:
    return memoryview(values).tolist()


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
