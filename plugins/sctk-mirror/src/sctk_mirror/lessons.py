"""What rationales and evaluations teach: rows of the tables predict and explain, the k-th of one with the k-th of the other.

The loss over both is alpha CE(predict) + (1 - alpha) CE(explain) (eq. 4.1), which the trainer has. Questions are parted for
validation before anything is made of them, by a digest, so that no two rows of one fall on two sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sctk_core import Declined, Made, Message, Prompt, Sample, Weighted, seed_from
from sctk_core.rivals import Nobody

from sctk_mirror.prompts import EXPLAIN, PREDICT, Wording, prefixed
from sctk_mirror.records import Judged
from sctk_mirror.settings import Mirrored, Taught
from sctk_mirror.statements import reasons, without_verdict
from sctk_mirror.task import Task
from sctk_mirror.teaching import golds, is_right

Row = Sample | Weighted
Found = tuple[Row, Row] | Declined
"""A row of predict with the one of explain that it is paired with, or why there is none."""
TABLES = ("predict", "explain", "validation")
KEPT, TAUGHT = Declined(reason="kept for validation"), Declined(reason="is taught, and does not validate")
ANOTHER = Declined(reason="another rationale of its question")
NO_GOLD, UNREADABLE = Declined(reason="no gold answer"), Declined(reason="a gold answer that cannot be read")


@dataclass(frozen=True, kw_only=True)
class Lessons:
    """How rows are made; `branches` are the rationales of a question that teach, the first readable ones (0: all).

    `answers` and `verdicts` say of what: rationales, evaluations, or both.
    """

    taught: Taught
    mirrored: Mirrored
    wording: Wording
    task: Task
    branches: int = 0
    answers: bool = False
    verdicts: bool = False

    @property
    def kind(self) -> type:
        """The type of the rows."""
        return Weighted if self.verdicts and self.mirrored.noise == "weight" else Sample

    @property
    def makes(self) -> Mapping[str, type]:
        """The tables."""
        return dict.fromkeys(TABLES, self.kind)

    async def walk(self, one: Judged, crew: Nobody) -> Made:
        """The rows of one rationale. Where both kinds are taught, answers validate: of verdicts there are several to each."""
        if self.branches and one.place >= self.branches:
            return dict.fromkeys(TABLES, ANOTHER)
        answers = self._of_answer(one) if self.answers else []
        verdicts = self._of_verdicts(one) if self.verdicts else []
        return self._sided(one.question, [*answers, *verdicts], validating=answers or verdicts)

    async def label(self, question: Prompt, crew: Nobody) -> Made:
        """The gold answer of a question, and no words: standard fine-tuning."""
        gold = self._gold(question)
        if isinstance(gold, Declined):
            return dict.fromkeys(TABLES, gold)
        asked = replace(question, given=None)
        row = Sample(prompt=_asked(asked, asked.messages, PREDICT), text=gold, step="gold")
        return self._sided(question, [(row, row)], validating=[(row, row)])

    async def teachers_label(self, one: Judged, crew: Nobody) -> Made:
        """The first answer of the teacher to a question, and no words: standard distillation."""
        if one.place:
            return dict.fromkeys(TABLES, ANOTHER)
        row = _part(one.rationale, one.answer, _asked(one.question, one.question.messages, PREDICT))
        return self._sided(one.question, [(row, row)], validating=[(row, row)])

    def _gold(self, question: Prompt) -> str | Declined:
        """The first gold answer that can be read, whoever's source the question is of: no other text is a label."""
        return next(iter(golds(self.task, question)), NO_GOLD if question.reference is None else UNREADABLE)

    def _sided(self, question: Prompt, taught: Sequence[Found], *, validating: Sequence[Found]) -> Made:
        """Rows and refusals of one question in their tables, on its side of the split."""
        validates = is_validation(question, self.taught.validation_share)
        found = validating if validates else taught
        pairs = [one for one in found if not isinstance(one, Declined)]
        refused: list[Any] = [one for one in found if isinstance(one, Declined)]
        if validates:
            return {"predict": KEPT, "explain": KEPT, "validation": [*(first for first, _ in pairs), *refused] or KEPT}
        return {
            "predict": [*(first for first, _ in pairs), *refused],
            "explain": [*(second for _, second in pairs), *refused],
            "validation": TAUGHT,
        }

    def _of_answer(self, one: Judged) -> list[Found]:
        """The answer and the words of a rationale."""
        label = self._gold(one.question) if self.taught.labels == "gold" else one.answer
        if isinstance(label, Declined):
            return [label]
        words = one.rationale.text if self.taught.words == "whole" else reasons(one.rationale.text)
        if not words.strip():
            return [Declined(reason="a rationale without reasons")]
        return [self._row(one.question, one.question.messages, one.rationale, label, words, 1.0)]

    def _of_verdicts(self, one: Judged) -> list[Found]:
        """The verdicts and the words of a rationale's evaluations."""
        if not one.verdicts:
            return [Declined(reason="no evaluation with a verdict")]
        weights = self.weights(one)
        shown = self.wording.mirrored(one.question, one.rationale.text)
        return [
            weight
            if isinstance(weight, Declined)
            else self._row(one.question, shown, text, word, words, weight)
            if (words := without_verdict(text.text))
            else Declined(reason="a verdict without reasons")
            for text, word, weight in zip(one.evaluations, one.verdicts, weights, strict=True)
        ]

    def weights(self, one: Judged) -> list[float | Declined]:
        """What each verdict on a rationale counts for, or why it is not taught."""
        counts, n = Counter(one.verdicts), len(one.verdicts)
        if self.mirrored.noise == "weight":
            return [counts[word] / n for word in one.verdicts]
        if self.mirrored.noise == "majority":
            refused = Declined(reason="not what most verdicts say")
            return [1.0 if 2 * counts[word] > n else refused for word in one.verdicts]
        if self.mirrored.noise == "agreement":
            right = is_right(self.task, one.answer, one.question)
            if right is None:
                return [NO_GOLD if one.question.reference is None else UNREADABLE] * n
            refused = Declined(reason="a verdict that the gold answer contradicts")
            return [1.0 if word == ("correct" if right else "wrong") else refused for word in one.verdicts]
        return [1.0] * n

    def _row(
        self, question: Prompt, shown: tuple[Message, ...], text: Sample, label: str, words: str, weight: float
    ) -> tuple[Row, Row]:
        first = _part(text, label, _asked(question, shown, PREDICT))
        second = _part(text, words, _asked(question, shown, EXPLAIN))
        if self.kind is Sample:
            return first, second
        return Weighted(sample=first, weight=weight), Weighted(sample=second, weight=weight)


def is_validation(question: Prompt, share: float) -> bool:
    """Whether a question is kept for validation, by its digest: the same in every arm, whoever else is in the run, and for every
    row that says it again.
    """
    name = question.meta.get("group") or replace(question, occurrence=0).id
    return seed_from("validation", name) < share * (1 << 63)


def _asked(question: Prompt, messages: tuple[Message, ...], prefix: str) -> Prompt:
    """A question as a student is asked it, behind a prefix."""
    return replace(question, messages=prefixed(messages, prefix))


def _part(text: Sample, said: str, prompt: Prompt) -> Sample:
    """A part of what a text says, as the answer to a prompt; it is known by the text that it is of."""
    return replace(text.reworded(said), prompt=prompt, step="lesson", about=text.id, reply=None)
