"""The source `word-problems`: questions with their gold expressions.

The held-out ones combine tellings and wordings of questions that the others never combine (`sctk_word_problems.world.problems`).
The i-th depends on the seed and i alone, so a longer run extends a shorter one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from sctk_core import Message, Prompt, setting

from sctk_word_problems.world.problems import Problem, Split, distinct


class WordProblems:
    """Word problems in plain English."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """How many, and which."""

        n_prompts: int = setting(400, help="problems to learn from", unit="problems", low=1, high=50_000)
        n_held_out: int = setting(400, help="problems of evaluation", unit="problems", low=1, high=5_000)
        seed: int = setting(0, help="another seed gives other problems of the same splits", low=0, high=1_000_000)

    evaluators: ClassVar[tuple[str, ...]] = ("solved",)
    task: ClassVar[str] = "svamp"

    def __init__(self, config: Config) -> None:
        self.config = config

    def prompts(self) -> Iterator[Prompt]:
        """The problems of a run."""
        return self._some("prompts", self.config.n_prompts)

    def held_out(self) -> Iterator[Prompt]:
        """The problems of evaluation."""
        return self._some("held-out", self.config.n_held_out)

    def _some(self, split: Split, n: int) -> Iterator[Prompt]:
        return (problem_prompt(problem) for problem in islice(distinct(split, self.config.seed), n))


def problem_prompt(problem: Problem) -> Prompt:
    """A problem as a question; `meta` says of what kind it is, what it is about, and what makes it hard."""
    meta = {
        "task": "word-problems",
        "kind": problem.kind,
        "scene": problem.scene.name,
        "asked": problem.question.name,
        "idle": "yes" if problem.has_spare_numbers else "no",
        "turned": "yes" if problem.is_turned else "no",
    }
    gold, *others = map(str, problem.right)
    messages = (Message(role="user", content=problem.text),)
    return Prompt(messages=messages, reference=gold, other_references=tuple(others), meta=meta)
