"""Length and diversity: one value per reply, and what they mean."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sctk_core import Message, Prompt, Sample
from sctk_core.builtin.evaluators import Diversity, Length
from sctk_core.testing import check_evaluator

PROMPT = Prompt(messages=(Message(role="user", content="?"),))


def measured(evaluator: Any, *texts: str, **known: Any) -> Mapping[str, Sequence[float | None]]:
    samples = [Sample(prompt=PROMPT, text=text, rank=rank, **known) for rank, text in enumerate(texts)]
    found: Mapping[str, Sequence[float | None]] = asyncio.run(evaluator.evaluate(samples))
    return found


def test_length() -> None:
    everything = Length(Length.Config(characters=True, tokens=True))
    assert measured(everything, "one two", "") == {
        "words": [2.0, 0.0],
        "characters": [7.0, 0.0],
        "tokens": [None, None],
        "cut": [0.0, 0.0],
    }
    assert measured(everything, "ab", token_ids=(1, 2, 3), finish="length")["tokens"] == [3.0]
    assert measured(Length(Length.Config()), "ab", finish="length") == {"words": [1.0], "cut": [1.0]}


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (("a good film", "a good film"), [0.0, 0.0]),
        (("a good film", "one bad book"), [1.0, 1.0]),
        (("a good film", "A good book"), [0.5, 0.5]),
        (("la la la la", "word", ""), [1.0, None, None]),
    ],
)
def test_diversity_is_the_share_of_word_pairs_of_its_own(texts: tuple[str, ...], wanted: list[float | None]) -> None:
    assert measured(Diversity(Diversity.Config()), *texts)["diversity"] == wanted


def test_diversity_of_single_words() -> None:
    assert measured(Diversity(Diversity.Config(words=1)), "a b", "b c")["diversity"] == [0.5, 0.5]


def test_conformance() -> None:
    check_evaluator(Length(Length.Config(characters=True, tokens=True)))
    check_evaluator(Diversity(Diversity.Config()))
