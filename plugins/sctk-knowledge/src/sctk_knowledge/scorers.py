"""How K answers to one question are judged, on one protocol: a number for all of them, and one for each.

The number of all is S_L of answers with the document and S_K of answers without it: high says unreliable, or unknown. The number of
each ranks the answers: the highest is the worst. A scorer that needs no reference ignores it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sctk_core import Message, Prompt, Sample, Step, together

from sctk_knowledge.crews import Detectors, Reflectors

Shown = tuple[Message, ...]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """`value`: S_L or S_K; `each`: how bad each answer is, in order. NaN: nothing can be said of that one."""

    value: float
    each: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Posed:
    """A question as it was asked: the conversation that was sent (with the document, or without)."""

    question: Prompt
    shown: Shown


class Scorer(Protocol):
    """Judges answers; `crew` is whom it asks."""

    @property
    def crew(self) -> type: ...

    def steps(self, step: str, k: int, *, alone: bool = False) -> tuple[Step, ...]:
        """What judging up to `k` answers asks, under steps that begin with `step`; `alone`: without a reference."""
        ...

    async def against(
        self, reference: Sample, answers: Sequence[Sample], step: str, posed: Posed, crew: Any
    ) -> Judged | None:
        """The answers held against the reference; None: nothing can be said of them."""
        ...

    async def among(self, answers: Sequence[Sample], step: str, posed: Posed, crew: Any) -> Judged | None:
        """The answers held against each other."""
        ...


@dataclass(frozen=True)
class Contradiction:
    """The paper's: the mean of S_C(reference, answer) (eq. 1, 2); among themselves, of S_C(answer, other) over the others.

    S_C is what [comparer] gives. It is no symmetric number, so of each two answers both directions are asked; the reference code
    asks one, and takes it for both.
    """

    crew: type = Detectors

    def steps(self, step: str, k: int, *, alone: bool = False) -> tuple[Step, ...]:
        """One comparison for each answer; alone, for each and each other."""
        return both_ways(step, k) if alone else (Step(step, most=k),)

    async def against(
        self, reference: Sample, answers: Sequence[Sample], step: str, posed: Posed, crew: Detectors
    ) -> Judged | None:
        """S_C(reference, answer) of each, and their mean."""
        each = [score.value for score in await crew.comparer.compare(reference, answers, step=step)]
        return Judged(value=mean(each), each=tuple(each))

    async def among(self, answers: Sequence[Sample], step: str, posed: Posed, crew: Detectors) -> Judged | None:
        """mean over j != i of S_C(y_i, y_j) of each y_i, and the mean of these."""
        if len(answers) < 2:
            return None
        rows = await matrix(answers, step, crew)
        each = [mean([value for other, value in enumerate(row) if other != one]) for one, row in enumerate(rows)]
        return Judged(value=mean(each), each=tuple(each))


def both_ways(step: str, k: int) -> tuple[Step, ...]:
    """Every ordered pair of `k` answers: the comparisons of the i-th are the step STEP.i."""
    return tuple(Step(f"{step}.{one}", most=k - 1) for one in range(k)) if k > 1 else ()


async def matrix(answers: Sequence[Sample], step: str, crew: Detectors | Reflectors) -> list[list[float]]:
    """The comparer's number of every ordered pair of answers; NaN on the diagonal."""

    async def row(one: int) -> list[float]:
        others = [*answers[:one], *answers[one + 1 :]]
        found = [score.value for score in await crew.comparer.compare(answers[one], others, step=f"{step}.{one}")]
        return [*found[:one], math.nan, *found[one:]]

    return list(await together(*(row(one) for one in range(len(answers)))))


def mean(values: Sequence[float]) -> float:
    """The mean of at least one number."""
    return math.fsum(values) / len(values)
