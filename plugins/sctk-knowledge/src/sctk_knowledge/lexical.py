"""The comparer `lexical`: how far two texts are apart in their words, by the scores of the Rust core.

No model is needed, and no meaning is seen: "It is 5 m high" and "It is 9 m high" are near. So it is a stand-in for an NLI model,
which runs anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sctk_core import Failure, Sample, Scale, Score, setting
from sctk_rs import consistency

Gives = Literal["disagreement", "agreement"]
GIVES = "disagreement: 1 where the texts have nothing in common (what eq. 1 and 2 want); agreement: 1 less that"


class Lexical:
    """Compares two texts by their words."""

    scale = Scale(low=0.0, high=1.0, unit="from the same words to none in common (agreement: the other way round)")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Which score."""

        score: Literal["rouge-l", "rouge-1", "rouge-2", "jaccard", "word-edit", "char-edit"] = setting(
            "rouge-l", help="what is measured: longest common run of words, n-grams, words in common, edits"
        )
        gives: Gives = setting("disagreement", help=GIVES)
        words: Literal["every-script", "rouge"] = setting(
            "every-script", help="what a word is: of every script, or as rouge_score has it (a-z and 0-9)"
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> Sequence[Score | Failure]:
        """One score per pair, in order; a pair of which one text has no words is a failure."""
        if not pairs:
            return []
        block = memoryview(self._blocks([[one.text, other.text] for one, other in pairs]).values)
        return [self._score(*pair, block[4 * number + 1]) for number, pair in enumerate(pairs)]

    def _blocks(self, texts: Sequence[Sequence[str]]) -> Any:
        """A 2 x 2 block for each pair."""
        words = self.config.words
        known: dict[str, Callable[[], Any]] = {
            "rouge-l": lambda: consistency.rouge_l(texts, words=words),
            "rouge-1": lambda: consistency.rouge_n(texts, n=1, words=words),
            "rouge-2": lambda: consistency.rouge_n(texts, n=2, words=words),
            "jaccard": lambda: consistency.jaccard(texts, words=words),
            "word-edit": lambda: consistency.word_edit(texts, words=words),
            "char-edit": lambda: consistency.char_edit(texts),
        }
        return known[self.config.score]()

    def _score(self, one: Sample, other: Sample, alike: float) -> Score | Failure:
        if math.isnan(alike):
            return Failure(of=one.id, stage="compare", component="lexical", kind="parse", reason="a text has no words")
        value = alike if self.config.gives == "agreement" else 1.0 - alike
        return Score(sample=one, against=other, name="lexical", value=value, scale="0 to 1")
