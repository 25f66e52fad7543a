"""Rules as data: the share that a text keeps, and expressions that no text can make slow."""

from __future__ import annotations

import asyncio
import time

import pytest
from sctk_core import ConfigError, Failure, Message, Prompt, Sample, Score
from sctk_rewards.rules import Rules, safe_pattern

PROMPT = Prompt(messages=(Message(role="user", content="?"),))


def score(text: str, **options: object) -> float | Failure:
    (found,) = asyncio.run(Rules(Rules.Config(**options)).score([Sample(prompt=PROMPT, text=text)]))  # type: ignore[arg-type]
    return found.value if isinstance(found, Score) else found


def test_each_rule_counts_alike() -> None:
    options = {"must_contain": ("film",), "must_not_contain": ("as an AI",), "patterns": (r"\d{4}",), "max_words": 5}
    assert score("The film of 1994 shines.", **options) == 1.0
    assert score("The Film of 1994, as an ai I say, shines.", **options) == 0.5
    assert score("Nothing", must_contain=("a", "b"), min_words=1) == pytest.approx(1 / 3)
    assert score("call 555-1234", forbidden_patterns=(r"\d{3}-\d{4}",)) == 0.0


def test_no_rule_is_an_error_and_a_long_text_a_failure() -> None:
    with pytest.raises(ConfigError, match="got no rule"):
        Rules(Rules.Config())
    found = score("word " * 10, max_words=3, max_characters=20)
    assert isinstance(found, Failure)
    assert (found.kind, found.reason, found.detail) == ("budget", "more than 20 characters", "got 50")


@pytest.mark.parametrize(
    "source",
    [
        r"(a+)+b",
        r"(a|a)*b",
        r"(a|aa){1,30}b",
        r"((a?)b?)*",
        r".*.*x",
        r"(?:x+y?)+z",
        r"(a)\1",
        r"a{0,50}a{0,50}b",
        r"[a-z]+\s+x",
        "a" * 501,
    ],
)
def test_expressions_that_could_be_slow_are_refused(source: str) -> None:
    with pytest.raises(ConfigError, match="wanted"):
        safe_pattern(source, where="[reward] rules, patterns")


@pytest.mark.parametrize(
    "source",
    [
        r"\bfilm\b",
        r"(red|green) car",
        r"(ab){1,40}",
        r"[*+]{2}",
        r"\(a\+\)\+",
        r"x.*y",
        r"(?i:hello)?",
        r"\d{1,9}-\d{1,9}",
    ],
)
def test_plain_expressions_are_taken_and_stay_fast(source: str) -> None:
    pattern = safe_pattern(source, where="[reward] rules, patterns")
    began = time.process_time()
    for text in ("x" * 20_000, "ab" * 10_000, "1" * 20_000, "a+" * 10_000):
        pattern.search(text)
    assert time.process_time() - began < 20.0


def test_a_broken_expression_says_so() -> None:
    with pytest.raises(ConfigError, match=r"\[reward\] rules, patterns: got '\(', wanted a regular expression"):
        Rules(Rules.Config(patterns=("(",)))
