"""Rules as data: the share that a text keeps, and expressions that no text can make slow."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from sctk_core import ConfigError, Failure, Message, Prompt, Sample, Score
from sctk_core.patterns import linear_pattern
from sctk_rewards.rules import Rules

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


@pytest.mark.parametrize("source", [r"(a)\1", r"x(?=y)", r"(?<!x)y", "a" * 501, r"a{2000}", r"\bслово\b"])
def test_what_the_linear_engine_does_not_know_is_refused(source: str) -> None:
    with pytest.raises(ConfigError, match="wanted"):
        linear_pattern(source, where="[reward] rules, patterns")


@pytest.mark.parametrize(
    "source",
    [
        r"(a+)+b",
        r"(a|a)*b",
        r"(a|aa){1,30}c",
        r"((a?)b?)*x",
        r".*.*x",
        r"(?:x+y?)+z",
        r"[a-z]+\s+x",
        r"a{0,50}a{0,50}c",
    ],
)
def test_no_text_makes_an_expression_slow(source: str) -> None:
    pattern = linear_pattern(source, where="[reward] rules, patterns")
    began = time.process_time()
    for text in ("x" * 100_000, "ab" * 50_000, "a" * 100_000 + "d", "a " * 50_000, "\n" * 100_000):
        pattern.found_in(text)
    assert time.process_time() - began < 5.0


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        (r"\w+ \d", "привет 3", True),
        (r"^\w+$", "naïve", True),
        (r"[\w-]+@", "é-è@", True),
        (r"\W", "ñandú", False),
        (r"a\sb", "a\u00a0b", True),
        (r"\S\S", "a\u3000b", False),
        (r"(?i:hello)", "HELLO", True),
        (r"\bcat\b", "concatenate", False),
        (r"[^\]\w]", "a]b", False),
    ],
)
def test_classes_are_of_unicode_as_in_python(source: str, text: str, found: bool) -> None:
    assert linear_pattern(source, where="").found_in(text) is found
    assert (re.search(source, text) is not None) is found


def test_a_broken_expression_says_so() -> None:
    with pytest.raises(ConfigError, match=r"\[reward\] rules, patterns: got '\(', wanted a regular expression of RE2"):
        Rules(Rules.Config(patterns=("(",)))
