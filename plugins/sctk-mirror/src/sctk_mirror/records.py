"""The rows of the method: a rationale with what was said of it, what a student said to a question, and what a rule takes of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sctk_core import Prompt, Sample, name_by


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A rationale whose answer could be read, with its evaluations: `verdicts[i]` is what `evaluations[i]` comes to.

    `place` counts the readable rationales of a question, from 0.
    """

    question: Prompt
    rationale: Sample
    answer: str
    place: int
    evaluations: tuple[Sample, ...] = ()
    verdicts: tuple[str, ...] = ()
    id: str = field(init=False)

    def __post_init__(self) -> None:
        evaluations = [one.id for one in self.evaluations]
        name_by(self, self.question.id, self.rationale.id, self.answer, self.place, evaluations, list(self.verdicts))


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """What a student says to a question, several times: texts, the answer of each ("" where none can be read), and beliefs.

    `beliefs[i]` in [0, 1] is how sure the evaluator is that text i is right; 0 where it has no answer.
    """

    question: Prompt
    texts: tuple[str, ...]
    answers: tuple[str, ...]
    beliefs: tuple[float, ...] = ()
    id: str = field(init=False)

    def __post_init__(self) -> None:
        name_by(self, self.question.id, list(self.texts), list(self.answers), list(self.beliefs))


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """What one rule takes out of a pool, and how sure it is of it in [0, 1]; `right` None: there is no gold answer."""

    question: Prompt
    rule: str
    text: str
    answer: str
    confidence: float
    right: float | None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        name_by(self, self.question.id, self.rule, self.text, self.answer, self.confidence)
