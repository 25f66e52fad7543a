"""The evaluator `solved`: whether an answer is the gold one, by the task, of all questions and of those that can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sctk_core import Failure, Sample, Scale, setting

from sctk_mirror.prompts import question_of
from sctk_mirror.task import HELP, digest_of_task, task_of


class Solved:
    """`solved`: 1 where the answer is right, else 0, and a text without an answer solves nothing. `accuracy`: the same of the
    answers that can be read; the others are failures, which the summary counts with their reasons.
    """

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Whose answers."""

        task: str = setting("svamp", help=HELP)

    needs_reference: ClassVar[bool] = True
    scale: ClassVar[Scale] = Scale(low=0.0, high=1.0, unit="right or not")

    @staticmethod
    def digest_of(config: Config) -> str:
        """The task's file, or its name."""
        return digest_of_task(config.task)

    def __init__(self, config: Config) -> None:
        self._task = task_of(config.task)

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | Failure | None]]:
        """By metric; None where there is no gold answer."""
        accuracy = [self._of(sample) for sample in samples]
        return {"solved": [0.0 if isinstance(one, Failure) else one for one in accuracy], "accuracy": accuracy}

    def _of(self, sample: Sample) -> float | Failure | None:
        wanted = sample.prompt.references
        if not wanted:
            return None
        found = self._task.conclude(sample.text, question_of(sample.prompt))
        if isinstance(found, Failure):
            return found
        return float(any(self._task.equal(found, one) for one in wanted))
