"""What a teacher is asked: a rationale that ends with its answer, an evaluation that ends with a verdict; and a student's turns.

The published repository holds no teacher prompts; what its outputs show they asked for is kept: "The answer is X." behind the
reasons, and a last line "Evaluation result: the given answer is correct." (or wrong, or uncertain). The student is asked with a
prefix before the user's turn, "predict: " for the answer and "explain: " for the words behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from sctk_core import Message, Prompt, Template

RATIONALE = """{question}

Reason step by step, in a few sentences. Then say the answer in a sentence of its own: "The answer is X.", where X is {form}."""
EVALUATION = """{question}

A given answer:
{rationale}

Check the given answer step by step, in a few sentences. Then end with a line of its own: "Evaluation result: the given answer is \
X.", where X is correct, wrong or uncertain."""
PREDICT, EXPLAIN = "predict: ", "explain: "
VERDICTS = ("correct", "wrong", "uncertain")
ANSWERING = "The answer is {answer}."
VERDICT_LINE = "Evaluation result: the given answer is {verdict}."
EvaluatorInput = Literal["question and rationale", "rationale"]


@dataclass(frozen=True, kw_only=True)
class Wording:
    """The templates of a run; `form` says in words what an answer of the task looks like."""

    rationale: Template
    evaluation: Template
    form: str
    judged: EvaluatorInput = "question and rationale"

    def reasoning(self, question: Prompt) -> tuple[Message, ...]:
        """The conversation that asks the teacher for a rationale."""
        return with_last(question, self.rationale.fill(question=question_of(question), form=self.form))

    def evaluating(self, question: Prompt, rationale: str) -> tuple[Message, ...]:
        """The conversation that asks the teacher for an evaluation of a rationale."""
        return with_last(question, self.evaluation.fill(question=question_of(question), rationale=rationale))

    def mirrored(self, question: Prompt, rationale: str) -> tuple[Message, ...]:
        """What an evaluator is shown of a rationale, without a prefix: behind its question, or alone as published."""
        text = rationale if self.judged == "rationale" else f"{question_of(question)}\n{rationale}"
        return with_last(question, text)


def wording(rationale: str, evaluation: str, form: str, judged: EvaluatorInput) -> Wording:
    """The templates, read; a ConfigError where one does not show what it must."""
    where = "[method] mirror, wording"
    return Wording(
        rationale=Template.read(rationale, known={"question", "form"}, needs=("question",), where=f"{where}.rationale"),
        evaluation=Template.read(
            evaluation, known={"question", "rationale"}, needs=("rationale",), where=f"{where}.evaluation"
        ),
        form=form,
        judged=judged,
    )


def question_of(prompt: Prompt) -> str:
    """The text of the question, as the student sees it: the last turn."""
    return prompt.messages[-1].content


def with_last(prompt: Prompt, text: str) -> tuple[Message, ...]:
    """The conversation with another text in its last turn."""
    *before, last = prompt.messages
    return (*before, replace(last, content=text))


def prefixed(messages: tuple[Message, ...], prefix: str) -> tuple[Message, ...]:
    """The conversation as a student is asked it: the prefix before the text of its last turn.

    >>> prefixed((Message(role="user", content="2 + 2?"),), PREDICT)[0].content
    'predict: 2 + 2?'
    """
    *before, last = messages
    return (*before, replace(last, content=prefix + last.content))
