"""Decontamination: rows that share a run of n words with what the source holds out for evaluation are left out.

A held-out prompt is two texts, its question and its gold answer; a text with fewer than n words cannot be found, and is told
in a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sctk_core import Curation, Declined, Prompt, setting
from sctk_rs import dedup

from sctk_curate.texts import PAIR, TEXT, THREADS, Part, Rows, Sides, asked, text_of

LONGEST_SPAN = 300


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """What a row shares with the held-out text that it shares most with: which, how much, and where in the row."""

    held_out: int
    n_shared: int
    share: float
    begin: int
    end: int


class Decontaminate:
    """Leaves out every row with a run of n words that a held-out prompt has too."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What is compared with what, and how much of it must be shared."""

        text: Part = TEXT
        pair: Sides = PAIR
        held_out: Literal["both", "prompt", "reference"] = setting(
            "both", help="what of a held-out prompt must not be seen: its question, its gold answer, or either"
        )
        n: int = setting(13, help="length of a shared run", unit="words", low=1, high=1000)
        min_share: float = setting(
            0.0, help="share of the held-out text's runs that a row must have; 0: one run is enough", low=0.0, high=1.0
        )
        threads: int = THREADS

    def __init__(self, config: Config) -> None:
        self.config = config

    def curate(self, rows: Rows, held_out: Sequence[Prompt]) -> Curation:
        """One verdict per row, and a note of the held-out prompts that could not be looked for."""
        config = self.config
        of, texts = self._held_out(held_out)
        own = [text_of(row, config.text, config.pair) for row in rows]
        found = dedup.decontaminate(own, texts, n=config.n, min_share=config.min_share, threads=config.threads)
        worst = _worst(found)
        ids = [prompt.id for prompt in held_out]
        verdicts = [
            self._declined(text, worst[place], ids[of[worst[place].held_out]]) if place in worst else None
            for place, text in enumerate(own)
        ]
        return Curation(verdicts=verdicts, notes=self._notes(len(texts), len(found.too_short)))

    def _held_out(self, held_out: Sequence[Prompt]) -> tuple[list[int], list[str]]:
        """Every held-out text, and the place of its prompt."""
        found: list[tuple[int, str]] = []
        for place, prompt in enumerate(held_out):
            if self.config.held_out != "reference":
                found.append((place, asked(prompt)))
            if self.config.held_out != "prompt":
                found += [(place, text) for text in prompt.references if text]
        return [place for place, _ in found], [text for _, text in found]

    def _declined(self, text: str, overlap: Overlap, because: str) -> Declined:
        span = text.encode()[overlap.begin : overlap.end].decode()
        shown = span if len(span) <= LONGEST_SPAN else f"{span[:LONGEST_SPAN]} (cut)"
        detail = (
            f"{overlap.n_shared} runs of {self.config.n} words are shared, the longest at byte {overlap.begin}: {shown}"
        )
        return Declined(
            reason="shares words with a held-out prompt", because=because, similarity=overlap.share, detail=detail
        )

    def _notes(self, n_texts: int, n_short: int) -> tuple[str, ...]:
        """What a user must know: what was not looked for cannot have been found."""
        if not n_texts:
            what = "gold answers" if self.config.held_out == "reference" else "prompts"
            return (f"the source has no held-out {what}: nothing was compared",)
        if not n_short:
            return ()
        texts = {"both": "questions and gold answers", "prompt": "questions", "reference": "gold answers"}
        return (
            f"{n_short} of {n_texts} held-out {texts[self.config.held_out]} have fewer than {self.config.n} words and "
            "were not looked for",
        )


def _worst(found: dedup.Contamination) -> dict[int, Overlap]:
    """row -> its overlap with the largest share; of equal ones the first held-out text's."""
    names = ("row", "held_out", "n_shared", "share", "begin", "end")
    worst: dict[int, Overlap] = {}
    for row, held_out, n_shared, share, begin, end in zip(
        *(memoryview(found.overlaps[name]) for name in names), strict=True
    ):
        if row not in worst or share > worst[row].share:
            worst[row] = Overlap(held_out=held_out, n_shared=n_shared, share=share, begin=begin, end=end)
    return worst
