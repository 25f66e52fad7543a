"""Semantic entropy (arXiv 2302.09664): how many meanings K answers have, and how evenly they are spread over them, in nats.

Two answers mean the same where each entails the other; the Rust core clusters them. The reference code takes answers for one
meaning that do not contradict each other, and its cluster probabilities exceed 1; this is the cited paper's measure.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from sctk_core import Sample, Step
from sctk_rs import consistency

from sctk_knowledge.crews import Detectors
from sctk_knowledge.scorers import Judged, Posed, both_ways, matrix
from sctk_knowledge.settings import Scoring


@dataclass(frozen=True)
class SemanticEntropy:
    """S is the entropy over meanings, 0 to ln K; of each answer 1 less the probability of its meaning. No reference is needed."""

    settings: Scoring
    crew: type = Detectors

    @property
    def by_likelihood(self) -> bool:
        """Whether answers count by their likelihood, and not each as one."""
        return self.settings.entropy == "likelihood"

    def steps(self, step: str, k: int, *, alone: bool = False) -> tuple[Step, ...]:
        """Every ordered pair of answers; their likelihoods."""
        return (*both_ways(step, k), *((Step(f"{step}.likelihoods"),) if self.by_likelihood else ()))

    async def against(
        self, reference: Sample, answers: Sequence[Sample], step: str, posed: Posed, crew: Detectors
    ) -> Judged | None:
        """As among themselves: the reference is not looked at."""
        return await self.among(answers, step, posed, crew)

    async def among(self, answers: Sequence[Sample], step: str, posed: Posed, crew: Detectors) -> Judged | None:
        """The entropy over the meanings of the answers."""
        rows = await matrix(answers, step, crew)
        flat = array("d", (1.0 if math.isnan(value) else value for row in rows for value in row))
        labels = consistency.clusters(flat, len(answers), above=self.settings.linked_above)
        likely = await self._likelihoods(answers, step, posed, crew) if self.by_likelihood else None
        found = consistency.semantic_entropy(
            labels,
            len(answers),
            estimator=self.settings.entropy,
            log_likelihoods=None if likely is None else array("d", likely),
        )
        shares = shares_of(list(memoryview(labels)), likely)
        return Judged(value=memoryview(found)[0], each=tuple(1.0 - share for share in shares))

    async def _likelihoods(self, answers: Sequence[Sample], step: str, posed: Posed, crew: Detectors) -> list[float]:
        """log p of each answer in the conversation that it was drawn in, as it was sampled."""
        told = [(posed.shown, one.text if one.token_ids is None else one.token_ids) for one in answers]
        return await crew.student.logprobs(told, f"{step}.likelihoods", about=posed.question)


def shares_of(labels: Sequence[int], log_likelihoods: Sequence[float] | None = None) -> list[float]:
    """The probability of the meaning of each answer: its share of the answers, or of their likelihood.

    >>> shares_of([0, 0, 1, 0])
    [0.75, 0.75, 0.25, 0.75]
    >>> [round(share, 3) for share in shares_of([0, 1], [-1.0, -2.0])]
    [0.731, 0.269]
    """
    most = max(log_likelihoods) if log_likelihoods else 0.0
    weights = [math.exp(one - most) for one in log_likelihoods] if log_likelihoods else [1.0] * len(labels)
    total = math.fsum(weights)
    of = {
        label: math.fsum(w for w, other in zip(weights, labels, strict=True) if other == label) for label in set(labels)
    }
    return [of[label] / total for label in labels]
