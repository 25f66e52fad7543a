"""Evaluators that look at text alone: how long replies are, how much of each is its own, whether the right choice was taken.

The first two guard against a student that scores well by saying little, or the same thing to everybody. Each gives one value per
reply, so that differences between arms are paired by prompt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sctk_core.config import setting
from sctk_core.records import Sample
from sctk_core.scales import Scale


class Length:
    """Words of each reply; on request characters, tokens, and the share that was cut off at the token limit."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Which measures."""

        characters: bool = setting(False, help="also the number of characters")
        tokens: bool = setting(False, help="also the number of tokens, where the backend tells those of the answer")
        cut: bool = setting(
            True, help="also whether the reply was cut off at the token limit (1) or ended by itself (0)"
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | None]]:
        """`words`, and as set `characters`, `tokens` (None: not known) and `cut`, one value per sample."""
        found: dict[str, Sequence[float | None]] = {"words": [float(len(sample.text.split())) for sample in samples]}
        if self.config.characters:
            found["characters"] = [float(len(sample.text)) for sample in samples]
        if self.config.tokens:
            found["tokens"] = [_n_tokens(sample) for sample in samples]
        if self.config.cut:
            found["cut"] = [float(sample.finish == "length") for sample in samples]
        return found


def _n_tokens(sample: Sample) -> float | None:
    """The answer's tokens; None where they are not known, as behind a thought that was parted from it."""
    return None if sample.token_ids is None or sample.thought else float(len(sample.token_ids))


class Diversity:
    """The share of a reply's different word pairs that no other reply of its arm has, in [0, 1].

    0: everything it says is said elsewhere, word by word; 1: nothing is. Distinct-2 of a whole arm falls with the number of
    replies and is one number without an interval; this share is one value per reply, comparable between arms that answer the
    same prompts (its level still falls as an arm has more replies). A reply of less than two words has none.
    """

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """How many words make a unit."""

        words: int = setting(2, help="words that make a unit: 2 compares pairs of words", unit="words", low=1, high=8)

    def __init__(self, config: Config) -> None:
        self.words = config.words

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | None]]:
        """`diversity`, one value per sample of one arm, or None."""
        units = [_units(sample.text, self.words) for sample in samples]
        in_how_many = Counter(unit for each in units for unit in each)
        shares = [sum(in_how_many[unit] == 1 for unit in each) / len(each) if each else None for each in units]
        return {"diversity": shares}


def _units(text: str, n_words: int) -> frozenset[tuple[str, ...]]:
    """The different runs of `n_words` words of a text, in lower case.

    >>> sorted(_units("a b A b", 2))
    [('a', 'b'), ('b', 'a')]
    """
    words = text.lower().split()
    return frozenset(zip(*(words[start:] for start in range(n_words)), strict=False))


class Accuracy:
    """1 where a reply is a gold answer of its prompt, character by character: for choices, which are taken and not written."""

    needs_reference: ClassVar[bool] = True
    scale: ClassVar[Scale] = Scale(low=0.0, high=1.0, unit="from a choice that is wrong to the right one")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""

    def __init__(self, config: Config) -> None:
        self.config = config

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | None]]:
        """`accuracy`, one value per sample; None where its prompt has no gold answer."""
        golds = [sample.prompt.references for sample in samples]
        return {
            "accuracy": [float(one.text in gold) if gold else None for one, gold in zip(samples, golds, strict=True)]
        }
