"""The tokenizer of the encyclopaedia: the world's words, years and the prompts' words are whole tokens, invented names three or so.

What it learns to spell from are names alone, so that a name falls into its syllables; anything else is spelled in letters.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from typing import Any

from sctk_knowledge.prompts import ASK, READ, TEACH, examples
from sctk_knowledge.reflection import REFLECT, TRUE
from sctk_nano import tokenizer

from sctk_encyclopaedia.rows import LEAKS
from sctk_encyclopaedia.world.kinds import facts, kinds, tables, values
from sctk_encyclopaedia.world.things import made_up

N_NAMES = 4_000
VOCABULARY = 400
"""Bytes, control tokens and pieces of names; whole words come besides."""
_WORD = re.compile(r"[A-Za-z]+|[0-9]+")


def learn(seed: int) -> Any:
    """The tokenizer; the same seed gives the same."""
    spelled = tokenizer.learn(_names(seed), VOCABULARY)
    return tokenizer.with_words(spelled, lexicon(), bare=sorted(_beginnings()))


def lexicon() -> list[str]:
    """The words and numbers that are one token behind a space, in order."""
    years = {
        str(year) for fact in facts().values() if any(fact.years) for year in range(fact.years[0], fact.years[1] + 1)
    }
    return sorted({*_words(_texts()), *years})


def _texts() -> Iterator[str]:
    for kind in kinds():
        yield from (*kind.opens, *kind.fillers, kind.title)
        for fact in kind.facts:
            yield from (*fact.says, *fact.asks)
    yield from (word for words in values().values() for word in words)
    yield from tables()["names"].values()
    yield from (*LEAKS, ASK, READ, TEACH, TRUE, REFLECT, "Tell me about it.")
    for one in examples():
        yield from (one.title, one.document, one.question, one.answer)


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in _WORD.findall(re.sub(r"\{\w+\}", "", text))}


def _beginnings() -> set[str]:
    """Words that a turn or a paragraph begins with."""
    first = {found[0] for text in _texts() for line in text.split("\n") if (found := _WORD.match(line))}
    return first | {"A", "B", "C"}


def _names(seed: int) -> Iterator[str]:
    """Names as they stand in a text: behind a space, and at its begin; none is the encyclopaedia's own."""
    rng = random.Random(f"names/{seed}")  # noqa: S311 (a world, not a secret)
    for _ in range(N_NAMES):
        name = made_up(kinds()[0], rng).name
        yield f" {name}"
        yield name
