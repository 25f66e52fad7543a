"""Records of two tasks at the shapes of word problems: inputs of 10 to 90 words, short answers, explanations of 4 to 80 words."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from sctk_core import Message, Prompt, Sample, Weighted

TEXT = """Dan had 84 pens and gave half away so how many pens are left ? each box holds 3 red 12 blue then he buys 7 more
the answer is ( 84 / 2 ) . first we take what was there - and + what came in total there were"""
WORDS = TEXT.split()


def said(draws: random.Random, least: int, most: int) -> str:
    return " ".join(draws.choices(WORDS, k=draws.randint(least, most)))


def record(task: str, number: int, least: int, most: int) -> Sample:
    """The answer of a task to the `number`-th question; equal numbers have equal questions."""
    question = said(random.Random(number), 10, 90)
    text = said(random.Random(f"{task} {number}"), least, most)
    return Sample(prompt=Prompt(messages=(Message(role="user", content=f"{task}: {question}"),)), text=text)


def tables(n: int, *, weighted: bool = False, validation: int = 0) -> Mapping[str, Sequence[Any]]:
    """`n` rows of each task, and rows to choose by of other questions."""
    predict: list[Any] = [record("predict", number, 1, 6) for number in range(n)]
    explain: list[Any] = [record("explain", number, 4, 80) for number in range(n)]
    if weighted:
        weights = (1.0, 0.25, 0.6)
        explain = [Weighted(sample=one, weight=weights[number % 3]) for number, one in enumerate(explain)]
    found = {"predict": predict, "explain": explain}
    more = {"validation": [record("predict", number, 1, 6) for number in range(1000, 1000 + validation)]}
    return found | more if validation else found
