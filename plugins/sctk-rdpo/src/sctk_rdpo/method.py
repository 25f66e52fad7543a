"""Refined DPO (arXiv 2402.08005) as a plan: draft, critique, revision, both scored, and a soft preference for each pair.

The paper's loss was not found verbatim; its training code was never released. Implemented is the reading of docs/methods.md:
L = -tau log sigma(h) - (1 - tau) log sigma(-h), with tau the probability that the revision is the better answer, by the
Bradley-Terry model over the external scores (eq. 2.2), mixed with the teacher's word by lambda (eq. 2.3), or hard.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from sctk_core import (
    Chain,
    Collect,
    CritiqueStep,
    Declined,
    DraftStep,
    EvaluateStage,
    Pair,
    ReviseStep,
    ScoreStep,
    Stage,
    Train,
    draft_of,
    setting,
)

RECIPE = """
[method]
temperature = 0.25 # the reward below is 0 or 1: a pair that it tells apart gets tau = 0.982
[backend]
use = "nano"
[source]
use = "nano-safety"
[critic]
use = "constitution"
preset = "safety"
[reward]
use = "refusal"
[trainer]
use = "preference"
[baseline]
use = "sft"
[[evaluator]]
use = "length"
[[evaluator]]
use = "diversity"
"""


@dataclass(frozen=True, kw_only=True)
class RdpoConfig:
    """Settings of the method."""

    probability: Literal["bradley-terry", "hard"] = setting(
        "bradley-terry",
        help="how scores become a preference: sigma((s_r - s_o) / temperature), or 1, 1/2, 0 by their order",
    )
    temperature: float = setting(1.0, help="T of the Bradley-Terry model; choose it by the reward's scale", low=1e-6)
    teacher_weight: float = setting(
        0.0, help="lambda: 1 trusts the teacher alone (plain DPO), 0 the reward alone", low=0.0, high=1.0
    )
    respect_keep: bool = setting(False, help="where the critic says keep, ask for no revision and make no pair")


class RefinedDpo:
    """The method `rdpo`."""

    Config = RdpoConfig
    recipe: ClassVar[str] = RECIPE
    reading: ClassVar[str] = (
        "rDPO: the paper's exact loss is not public; implemented is tau f(h) + (1 - tau) f(-h) with "
        "tau = lambda + (1 - lambda) P(revision better | scores) (docs/methods.md)"
    )

    def __init__(self, config: RdpoConfig) -> None:
        self._config = config

    def stages(self) -> tuple[Stage, ...]:
        """Draft, critique, revise, score both; drafts for the baseline, pairs for the student; the comparison."""
        return (
            DraftStep(),
            CritiqueStep(),
            ReviseStep(respect_keep=self._config.respect_keep),
            ScoreStep(sweep=0),
            ScoreStep(sweep=1),
            Collect(table="drafts", rows="samples", build=draft_of),
            Collect(table="train", rows="pairs", build=self._pair),
            Train(arm="sft", table="drafts", section="baseline"),
            Train(arm="student", table="train"),
            EvaluateStage(),
        )

    def _pair(self, chain: Chain) -> Pair | Declined:
        """The revision (chosen, by the teacher's word) against the draft, with the probability that it is the better."""
        draft, revision = chain.samples[0], chain.samples[1]
        if draft.text == revision.text:
            return Declined(reason="draft and revision are equal")
        margin = chain.score_of(revision).value - chain.score_of(draft).value
        return Pair(
            prompt=chain.prompt, chosen=revision, rejected=draft, margin=margin, probability=self.probability(margin)
        )

    def probability(self, margin: float) -> float:
        """tau = lambda + (1 - lambda) P_RM for a difference of scores s_r - s_o (eq. 2.2, 2.3).

        >>> round(RefinedDpo(RdpoConfig()).probability(3.0), 6)
        0.952574
        """
        config = self._config
        if config.probability == "hard":
            by_reward = 0.5 * (1.0 + (margin > 0) - (margin < 0))
        else:
            by_reward = _sigmoid(margin / config.temperature)
        return config.teacher_weight + (1.0 - config.teacher_weight) * by_reward


def _sigmoid(x: float) -> float:
    """The logistic function without overflow."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    return math.exp(x) / (1.0 + math.exp(x))
