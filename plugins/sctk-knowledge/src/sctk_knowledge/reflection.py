"""Scorers that ask the model what it thinks of its answers: p(True) (arXiv 2207.05221) and BSDetector (arXiv 2308.16175).

p(True) reads a probability; BSDetector reads a reply of one choice, strictly, and mixes it with what was observed. The reference
code finds "Correct" in every reply with an "a" in it; here a reply that states no choice is a failure, counted, and no score.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from sctk_core import Failure, Message, Sample, Step, Template, neutralise, together
from sctk_core.choosing import UNLIKELY, expected

from sctk_knowledge.crews import Reflectors, Thinkers
from sctk_knowledge.scorers import Judged, Posed, both_ways, matrix, mean
from sctk_knowledge.settings import Scoring

TRUE = """{question}

Proposed answer: {answer}

Is the proposed answer (A) true or (B) false? Answer with (A) or (B) alone."""
REFLECT = """{question}

Proposed answer: {answer}

Is the proposed answer (A) correct, (B) incorrect, or (C) are you not sure? Answer with (A), (B) or (C) alone."""
LETTERS = ("(A)", "(B)")
WORTH = {"A": 1.0, "B": 0.0, "C": 0.5}
_MEANT = {"correct": "A", "incorrect": "B", "not sure": "C", "i am not sure": "C", "i'm not sure": "C", "unsure": "C"}
_CHOICE = re.compile(r"\(?([abc])\)?[.:,]?(?:\s+(?:the proposed answer is )?(.+?))?", re.DOTALL)
_LONGEST_REPLY = 12
"""Tokens of a reflection: a choice, and the word that it stands for."""


@dataclass(frozen=True)
class PTrue:
    """S is 1 less the mean of p(True), each answer in the conversation that it was drawn in; of each 1 less its own."""

    crew: type = Thinkers

    def steps(self, step: str, k: int, *, alone: bool = False) -> tuple[Step, ...]:
        """One ask for all answers; a line for each that says whether it can be read."""
        return Step(f"{step}.likelihoods"), Step(f"{step}.true", most=k)

    async def against(
        self, reference: Sample, answers: Sequence[Sample], step: str, posed: Posed, crew: Thinkers
    ) -> Judged | None:
        """As by themselves: the reference is not looked at."""
        return await self.among(answers, step, posed, crew)

    async def among(self, answers: Sequence[Sample], step: str, posed: Posed, crew: Thinkers) -> Judged | None:
        """1 - p(True) of each; NaN where the model would more likely say something else than true or false."""
        asked = [(asking(TRUE, posed, one), letter) for one in answers for letter in LETTERS]
        told = await crew.student.logprobs(asked, f"{step}.likelihoods", about=posed.question)
        found = [told[2 * place : 2 * place + 2] for place in range(len(answers))]
        read = [
            crew.notes.read(f"{step}.true", one, partial(p_true, likely))
            for one, likely in zip(answers, found, strict=True)
        ]
        return _judged([math.nan if value is None else 1.0 - value for value in read])


def p_true(likely: Sequence[float], text: str = "") -> float | Failure:
    """p(A) / (p(A) + p(B)) out of log-probabilities; a Failure where both are unlikely. `text` is what is judged.

    >>> round(float(p_true([-0.2, -2.0])), 4)
    0.8581
    """
    share = expected((1.0, 0.0), [min(math.exp(one), 1.0) for one in likely])
    detail = f"log p(A) = {likely[0]:.3g}, log p(B) = {likely[1]:.3g} of {text}"
    return Failure(kind="parse", reason=UNLIKELY, detail=detail) if share is None else share


@dataclass(frozen=True)
class BsDetector:
    """S is 1 less the confidence, beta o + (1 - beta) s: o how far answers agree with the reference, s what the model says of them.

    Of each answer it is the same with its own agreement and its own word; NaN where that cannot be read. beta = 1 asks for none.
    """

    settings: Scoring
    crew: type = Reflectors

    @property
    def reflects(self) -> bool:
        """Whether the model is asked at all."""
        return self.settings.observed_weight < 1.0

    def steps(self, step: str, k: int, *, alone: bool = False) -> tuple[Step, ...]:
        """Comparisons, as the paper's scorer; a reflection on each answer, and its reading."""
        compared = both_ways(step, k) if alone else (Step(step, most=k),)
        words = (Step(f"{step}.reflect", most=k), Step(f"{step}.read", of=f"{step}.reflect"))
        return (*compared, *(words if self.reflects else ()))

    async def against(
        self, reference: Sample, answers: Sequence[Sample], step: str, posed: Posed, crew: Reflectors
    ) -> Judged | None:
        """The answers held against the reference."""
        agrees = [score.value for score in await crew.comparer.compare(reference, answers, step=step)]
        return self._mixed(agrees, await self._said(answers, step, posed, crew))

    async def among(self, answers: Sequence[Sample], step: str, posed: Posed, crew: Reflectors) -> Judged | None:
        """The answers held against each other."""
        if len(answers) < 2:
            return None
        rows = await matrix(answers, step, crew)
        agrees = [mean([value for other, value in enumerate(row) if other != one]) for one, row in enumerate(rows)]
        return self._mixed(agrees, await self._said(answers, step, posed, crew))

    async def _said(self, answers: Sequence[Sample], step: str, posed: Posed, crew: Reflectors) -> list[float | None]:
        """What the model says of each answer: 1 correct, 0 incorrect, 1/2 not sure; None: it cannot be read."""
        if not self.reflects:
            return [0.0] * len(answers)
        sampling = replace(crew.student.sampling, max_new_tokens=_LONGEST_REPLY)

        async def one(answer: Sample) -> float | None:
            said = await crew.student.draft(
                posed.question, f"{step}.reflect", shown=asking(REFLECT, posed, answer), greedy=True, sampling=sampling,
                about=answer, or_none=True,
            )  # fmt: skip
            return None if said is None else crew.notes.read(f"{step}.read", said, reflection)

        return list(await together(*(one(answer) for answer in answers)))

    def _mixed(self, agrees: Sequence[float], said: Sequence[float | None]) -> Judged | None:
        beta = self.settings.observed_weight
        read = [one for one in said if one is not None]
        if not read:
            return None
        each = [
            math.nan if word is None else 1.0 - (beta * agreed + (1.0 - beta) * word)
            for agreed, word in zip(agrees, said, strict=True)
        ]
        return Judged(value=1.0 - (beta * mean(agrees) + (1.0 - beta) * mean(read)), each=tuple(each))


def reflection(text: str) -> float | Failure:
    """What one choice is worth; a Failure where the reply is not one choice, and nothing else.

    >>> reflection("(A)"), reflection("B) Incorrect."), reflection("not sure"), reflection("C")
    (1.0, 0.0, 0.5, 0.5)
    >>> reflection("As an answer that is fair.").reason, reflection("(A) incorrect").reason
    ('no plain choice', 'no plain choice')
    """
    said = " ".join(text.lower().split()).strip("*\"'` .")
    letter = _MEANT.get(said, "")
    if not letter and (found := _CHOICE.fullmatch(said)):
        letter = found[1].upper()
        word = (found[2] or "").strip("*() .")
        letter = letter if not word or _MEANT.get(word) == letter else ""
    return WORTH[letter] if letter else Failure(kind="parse", reason="no plain choice", detail=text)


def asking(template: str, posed: Posed, answer: Sample) -> tuple[Message, ...]:
    """The conversation that the answer was drawn in, its last turn with the answer and a question about it."""
    *before, last = posed.shown
    text = Template(text=template).fill(question=last.content, answer=neutralise(answer.text))
    return (*before, Message(role="user", content=text))


def _judged(each: Sequence[float]) -> Judged | None:
    known = [value for value in each if not math.isnan(value)]
    return Judged(value=mean(known), each=tuple(each)) if known else None
