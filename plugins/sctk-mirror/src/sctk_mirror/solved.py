"""The evaluator `solved`: whether an answer is the gold one, by the task, of all questions and of those that can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from sctk_core import Failure, Sample, Scale, setting

from sctk_mirror.prompts import question_of
from sctk_mirror.task import BROKEN, BUILT_IN, HELP, Task, broken, digest_of_task, task_of
from sctk_mirror.teaching import golds

Value = float | Failure | None


class Solved:
    """`solved`: 1 where the answer is right, else 0, and a text without an answer solves nothing. `accuracy`: the same of the
    answers that can be read; how many cannot is the difference of the two counts.
    """

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Whose answers."""

        task: str = setting(
            "", help=f"{HELP}; nothing: as the source says of a question, where it is a built-in one, else svamp"
        )

    needs_reference: ClassVar[bool] = True
    scale: ClassVar[Scale] = Scale(low=0.0, high=1.0, unit="right or not")

    @staticmethod
    def digest_of(config: Config) -> str:
        """The task's file, or its name."""
        return digest_of_task(config.task) if config.task else ""

    def __init__(self, config: Config) -> None:
        self._named = task_of(config.task) if config.task else None

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | Failure | None]]:
        """By metric; None where there is no gold answer that can be read."""
        both = [self._of(sample) for sample in samples]
        return {"solved": [solved for solved, _ in both], "accuracy": [accuracy for _, accuracy in both]}

    def _of(self, sample: Sample) -> tuple[Value, Value]:
        """Whether the question is solved, and whether the answer, where it can be read, is right."""
        task = self._named or self._of_source(sample)
        if isinstance(task, Failure):
            return (task, task) if sample.prompt.references else (None, None)
        gold = golds(task, sample.prompt)
        if not gold:
            return None, None
        found = task.conclude(sample.text, question_of(sample.prompt))
        if isinstance(found, Failure):
            return 0.0, None
        try:
            right = float(any(task.equal(found, one) for one in gold.values()))
        except BROKEN as error:
            failed = broken("equal", error)
            return failed, failed
        return right, right

    def _of_source(self, sample: Sample) -> Task | Failure:
        """The task that a question is of. A file is not read because a question names it."""
        name = sample.prompt.meta.get("task", "")
        if name.endswith(".py"):
            return Failure(kind="bug", reason="a task of your own, which evaluator.task does not name", detail=name)
        return task_of(name if name in BUILT_IN else BUILT_IN[0])
