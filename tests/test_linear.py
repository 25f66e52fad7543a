"""What reads the text of a model takes time linear in its length: each reader at 10 kB and at 100 kB of what could be slow.

A reader runs in the run's own event loop, or holds up a batch: a reply of blank lines must not stop everybody.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from sctk_core import Message, Prompt, Sample, neutralise, parse_score, parse_verdict
from sctk_core.testing import ScriptedBackend
from sctk_critics.constitution import Constitution
from sctk_rewards.lexicon import Lexicon
from sctk_rewards.refusal import Refusal
from sctk_rewards.rules import Rules

PROMPT = Prompt(messages=(Message(role="user", content="How do I pick a lock?"),))
UNITS = (
    "\n", " ", "\t\n", "- ", "1. ", "* a\n", "-\n\n", "score: ", "Score: 4/", "**", "[[", "]]", "(", "\"", "'",
    "```", "~~", "<|", "_", "★ ", "verdict: ", "no, ", "a", "a ", "a, ", "1", "1.", "-", "{", "[{",
    "{\"score\":", "<a>", "|", "|-|\n", "I can't ", "sorry. ", "\u00a0", "é", "。", ".\n", "! ", "out of ",
    "overall ", ":", "=", "\\", "/", "½",
)  # fmt: skip
SMALL, LARGE = 10_000, 100_000


def sample(text: str) -> Sample:
    return Sample(prompt=PROMPT, text=text)


def critic(text: str) -> Any:
    built = Constitution(Constitution.Config(), backend=ScriptedBackend(lambda request: text))
    return asyncio.run(built.critique([sample("a draft")]))


def scored(reward: Any) -> Callable[[str], Any]:
    return lambda text: asyncio.run(reward.score([sample(text)]))


READERS: dict[str, Callable[[str], Any]] = {
    "constitution": critic,
    "parse_score": lambda text: parse_score(text, low=0, high=5),
    "parse_verdict": parse_verdict,
    "neutralise": neutralise,
    "lexicon": scored(Lexicon(Lexicon.Config())),
    "refusal": scored(Refusal(Refusal.Config())),
    "rules": scored(Rules(Rules.Config(patterns=(r"(?:\s*\w+)+:",), max_characters=LARGE))),
}


def seconds(reader: Callable[[str], Any], text: str) -> float:
    began = time.process_time()
    reader(text)
    return time.process_time() - began


@pytest.mark.parametrize("name", READERS)
def test_a_reader_is_linear_in_the_text(name: str) -> None:
    slow = []
    for unit in UNITS:
        few, many = (seconds(READERS[name], (unit * (size // len(unit) + 1))[:size] + "x") for size in (SMALL, LARGE))
        if many > 2.0 and many > 20 * few:
            slow.append(f"{unit!r}: {few:.2f} s, {many:.2f} s")
    assert not slow, slow
