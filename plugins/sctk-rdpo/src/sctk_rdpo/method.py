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
    Arm,
    AskedCritic,
    AskedReward,
    Declined,
    Evaluate,
    Generate,
    Made,
    Pair,
    Plan,
    Prompt,
    Sample,
    Score,
    Speaker,
    Train,
    setting,
    spoken,
    together,
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


@dataclass(frozen=True, kw_only=True)
class RdpoCrew:
    """[roles.teacher] drafts (left out: the student as it came); [critic] and [reward] say whose words they use."""

    teacher: Speaker
    critic: AskedCritic
    reward: AskedReward


class RefinedDpo:
    """The method `rdpo`."""

    Config = RdpoConfig
    Crew = RdpoCrew
    recipe: ClassVar[str] = RECIPE
    reading: ClassVar[str] = (
        "rDPO: the paper's exact loss is not public; implemented is tau f(h) + (1 - tau) f(-h) with "
        "tau = lambda + (1 - lambda) P(revision better | scores) (docs/methods.md)"
    )

    def __init__(self, config: RdpoConfig) -> None:
        self._config = config

    def plan(self) -> Plan:
        """Chains; SFT on their drafts, preference training on their pairs; the comparison."""
        steps = ("draft", "critique.1", "revise.1", "score.0", "score.1")
        return (
            Generate("chains", self.walk, steps=steps, makes={"drafts": Sample, "train": Pair}),
            Train("sft", on="chains.drafts", section="baseline"),
            Train("student", on="chains.train"),
            Evaluate(Arm("base"), Arm("sft"), Arm("student")),
        )

    async def walk(self, prompt: Prompt, crew: RdpoCrew) -> Made:
        """Draft, critique, revision, both scored; tau by eq. 2.2 and 2.3."""
        draft = await crew.teacher.draft(prompt)
        critique = await crew.critic.critique(draft)
        if self._config.respect_keep and critique.verdict == "keep":
            return {"drafts": spoken(draft), "train": Declined(reason="the critic says keep")}
        revision = await crew.critic.revise(critique)
        before, after = await together(crew.reward.score(draft), crew.reward.score(revision))
        return {"drafts": spoken(draft), "train": self._pair(before, after)}

    def _pair(self, before: Score, after: Score) -> Pair | Declined:
        """The revision (chosen, by the teacher's word) against the draft, with the probability that it is the better."""
        draft, revision, margin = before.sample, after.sample, after.value - before.value
        if draft.text == revision.text:
            return Declined(reason="draft and revision are equal")
        tau = self.probability(margin)
        return Pair(prompt=draft.prompt, chosen=revision, rejected=draft, margin=margin, probability=tau)

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
