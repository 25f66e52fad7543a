"""Duplicates: of rows that are equal, or almost, the first one stays and stands for the others.

The work is `sctk_rs.dedup`'s: hashes for equal texts, one-permutation MinHash with every pair verified for near ones.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sctk_core import Curation, Declined, Prompt, setting
from sctk_core.reading import ends_of
from sctk_rs import dedup

from sctk_curate.texts import PAIR, TEXT, THREADS, Part, Rows, Sides, parts_of, text_of


class ExactDuplicates:
    """Leaves out every row whose text an earlier row has, byte for byte or word for word."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What is compared, and how closely."""

        text: Part = TEXT
        pair: Sides = PAIR
        normalised: bool = setting(False, help="the same words are enough: case, punctuation and spacing are not read")
        threads: int = THREADS

    def __init__(self, config: Config) -> None:
        self.config = config

    def curate(self, rows: Rows, held_out: Sequence[Prompt]) -> Curation:
        """One verdict per row; `held_out` is not read."""
        config = self.config
        texts = [text_of(row, config.text, config.pair) for row in rows]
        firsts = memoryview(dedup.exact(texts, normalised=config.normalised, threads=config.threads))
        reason = "same words as an earlier row" if config.normalised else "exact duplicate"
        return Curation(
            verdicts=[
                None if first == place else Declined(reason=reason, because=rows[first].id, similarity=1.0)
                for place, first in enumerate(firsts)
            ]
        )


class NearDuplicates:
    """Leaves out every row but the first of each cluster of rows that are almost the same.

    Two rows are joined where the Jaccard similarity of their shingles is at or above the threshold, which is computed
    exactly, and so is that of each of their parts (turns, the document, answers): a document that two questions share does not
    make them one. A row can be joined through another one; then `sctk why` names that one, and no similarity to the row that stays.
    """

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What is compared, and how like two rows must be."""

        text: Part = TEXT
        pair: Sides = PAIR
        threshold: float = setting(0.8, help="Jaccard similarity from which on two rows are joined", low=0.1, high=1.0)
        shingle: Literal["word", "char"] = setting("word", help="shingles of words or of characters")
        n: int = setting(5, help="length of a shingle", unit="words or characters", low=1, high=1000)
        parts: Literal["each", "together"] = setting(
            "each", help="whether each part (turn, document, answer) must be alike, or the whole text alone"
        )
        threads: int = THREADS

    def __init__(self, config: Config) -> None:
        self.config = config

    def curate(self, rows: Rows, held_out: Sequence[Prompt]) -> Curation:
        """One verdict per row; `held_out` is not read."""
        config = self.config
        parts = [parts_of(row, config.text, config.pair) for row in rows]
        found = dedup.near(
            ["\n".join(texts) for texts in parts],
            threshold=config.threshold,
            shingle=config.shingle,
            n=config.n,
            parts=_ends(parts) if config.parts == "each" else None,
            threads=config.threads,
        )
        ids = [row.id for row in rows]
        neighbours = _neighbours(found)
        return Curation(
            verdicts=[
                None if first == place else _declined(ids, first, neighbours[place])
                for place, first in enumerate(memoryview(found.labels))
            ]
        )


def _ends(rows: Sequence[Sequence[str]]) -> tuple[array[int], array[int]]:
    """Where the parts of each row end in its text, as `near` takes it."""
    ends, offsets = array("I"), array("Q", [0])
    for parts in rows:
        ends.extend(ends_of(parts))
        offsets.append(len(ends))
    return ends, offsets


def _neighbours(found: dedup.Duplicates) -> dict[int, dict[int, float]]:
    """row -> every row that it was found alike with -> their similarity."""
    columns = [memoryview(found.pairs[name]) for name in ("left", "right", "jaccard")]
    alike: dict[int, dict[int, float]] = {}
    for left, right, similarity in zip(*columns, strict=True):
        alike.setdefault(left, {})[right] = similarity
        alike.setdefault(right, {})[left] = similarity
    return alike


def _declined(ids: Sequence[str], first: int, alike: dict[int, float]) -> Declined:
    """The verdict on a row of the cluster that `first` stands for, `alike` being the rows that it is like."""
    if first in alike:
        return Declined(reason="near duplicate", because=ids[first], similarity=alike[first])
    through, similarity = min(alike.items(), key=lambda item: (-item[1], item[0]))
    detail = f"joined through row {ids[through]}, which it is like by {similarity:.3f}"
    return Declined(reason="near duplicate", because=ids[first], detail=detail)
