"""The walk of the teacher: n rationales of a question, m evaluations of each whose answer can be read (arXiv 2311.09214)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sctk_core import Declined, Failure, Made, Prompt, Sample, Step, together

from sctk_mirror.crews import Teachers
from sctk_mirror.prompts import Wording, question_of
from sctk_mirror.records import Judged
from sctk_mirror.statements import verdict
from sctk_mirror.task import Task

NONE_READ = Declined(reason="no rationale states an answer")
MORE_RATIONALES = Declined(reason="a rationale made elsewhere beyond method.teacher.n")
MORE_EVALUATIONS = Declined(reason="an evaluation made elsewhere beyond method.teacher.m")


@dataclass(frozen=True, kw_only=True)
class Reasoning:
    """Rationales, and evaluations of them where there are to be any (`m` 0: none)."""

    n: int
    m: int
    task: Task
    wording: Wording

    @property
    def steps(self) -> Sequence[Step]:
        """What a finished question has asked."""
        told = (Step("rationale", times=self.n), Step("answer", of="rationale"))
        judged = (Step("evaluation", times=self.m, of="answer"), Step("verdict", of="evaluation"))
        return (*told, *judged) if self.m else told

    async def walk(self, question: Prompt, crew: Teachers) -> Made:
        """A row for each rationale with an answer; an evaluation without a verdict is counted, and is in none."""
        asked = question_of(question)
        shown = self.wording.reasoning(question)
        texts = await crew.teacher.drafts(question, self.n, "rationale", least=1, shown=shown)
        read = [(one, crew.notes.read("answer", one, lambda text: self.task.conclude(text, asked))) for one in texts]
        kept = [(one, answer) for one, answer in read if answer is not None]
        found = await together(*(self._evaluations(question, one, crew) for one, _ in kept))
        bare = replace(question, given=None)
        rows = [
            Judged(
                question=bare, rationale=replace(one, prompt=bare), answer=answer, place=place,
                evaluations=tuple(replace(each, prompt=bare) for each, _ in said), verdicts=tuple(word for _, word in said),
            )
            for place, ((one, answer), said) in enumerate(zip(kept, found, strict=True))
        ]  # fmt: skip
        return {"judged": [*rows, *self._beyond(question)] if rows else NONE_READ}

    def _beyond(self, question: Prompt) -> list[Declined]:
        """What a file has of a question and nobody reads, so that it is counted."""
        given = question.given.answers if question.given else {}
        texts, said = (
            found if isinstance(found := given.get(name), tuple) else () for name in ("rationale", "evaluation")
        )
        n_more = sum(max(0, len(one) - self.m) for one in said[: self.n] if isinstance(one, tuple))
        return [MORE_RATIONALES] * max(0, len(texts) - self.n) + [MORE_EVALUATIONS] * n_more

    async def _evaluations(self, question: Prompt, one: Sample, crew: Teachers) -> list[tuple[Sample, str]]:
        """The evaluations of one rationale that end with a verdict, with it."""
        shown = self.wording.evaluating(question, one.text)
        asks = (
            crew.teacher.draft(question, "evaluation", shown=shown, about=one, rank=rank, or_none=True)
            for rank in range(self.m)
        )
        said = [text for text in await together(*asks) if text is not None]
        read = [(text, crew.notes.read("verdict", text, verdict)) for text in said]
        return [(text, word) for text, word in read if word is not None]


def teacher_value(verdicts: Sequence[str]) -> float:
    """What the published harness makes of verdicts: 20 for each correct, 1 for uncertain, 0.001 for wrong.

    >>> teacher_value(["correct", "uncertain", "uncertain", "wrong", "wrong"])
    22.002
    """
    worth = {"correct": 20.0, "uncertain": 1.0, "wrong": 0.001}
    return round(sum(worth[word] for word in verdicts), 9)


def golds(task: Task, question: Prompt) -> dict[str, str]:
    """The gold answers of a question that can be read, as they are written, each with what it concludes."""
    asked = question_of(question)
    found = {text: task.conclude(text, asked) for text in question.references}
    return {text: answer for text, answer in found.items() if not isinstance(answer, Failure)}


def is_right(task: Task, answer: str, question: Prompt) -> bool | None:
    """Whether an answer is a gold one; None where the question has none that can be read."""
    gold = golds(task, question)
    return any(task.equal(answer, one) for one in gold.values()) if gold else None
