"""The comparer `lexical` keeps its kind's contract, and says what the Rust core says."""

from __future__ import annotations

import asyncio

import pytest
from sctk_core import Failure, Message, Prompt, Sample, Score
from sctk_core.testing import check_comparer
from sctk_knowledge.lexical import Lexical


def sample(text: str) -> Sample:
    return Sample(prompt=Prompt(messages=(Message(role="user", content="Why?"),)), text=text)


def compared(one: str, other: str, **settings: str) -> Score | Failure:
    comparer = Lexical(Lexical.Config(**settings))  # type: ignore[arg-type]
    (found,) = asyncio.run(comparer.compare([(sample(one), sample(other))]))
    return found


def test_conformance() -> None:
    check_comparer(Lexical(Lexical.Config()))
    check_comparer(Lexical(Lexical.Config(score="rouge-2", gives="agreement", words="rouge")), may_fail=True)


@pytest.mark.parametrize(
    ("score", "value"),
    [("rouge-l", 2 / 3), ("rouge-1", 2 / 3), ("rouge-2", 1 / 2), ("jaccard", 1 / 2), ("word-edit", 2 / 3)],
)
def test_agreement_is_the_score_and_disagreement_what_is_left(score: str, value: float) -> None:
    agrees, differs = (
        compared("a b c", "a b d", score=score, gives="agreement"),
        compared("a b c", "a b d", score=score),
    )
    assert isinstance(agrees, Score)
    assert isinstance(differs, Score)
    assert (agrees.value, differs.value) == (pytest.approx(value), pytest.approx(1 - value))


def test_a_text_without_words_is_no_score() -> None:
    assert isinstance(compared("a b", "..."), Failure)
