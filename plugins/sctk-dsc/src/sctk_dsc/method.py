"""Distilled self-critique (arXiv 2312.01957) as a plan: T sweeps of critique, revision and acceptance, then SFT.

The chain samples p(x | c) exp(r(x) / T_r) (eq. 1.1): draft, then for each sweep a critique, a revision, both scored, and the
acceptance rule decides where the chain stands (eq. 1.2 for `metropolis`). Training on the chain's *states* is the gradient of
the paper's distillation objective (eq. 1.4); training on accepted revisions only is what the reference code does, a heuristic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from sctk_core import (
    AcceptStep,
    Chain,
    Collect,
    CritiqueStep,
    Declined,
    DraftStep,
    EvaluateStage,
    ReviseStep,
    Sample,
    ScoreStep,
    Stage,
    Train,
    draft_of,
    setting,
)

RECIPE = """
[backend]
use = "nano"
[source]
use = "nano-sentiment"
[critic]
use = "constitution"
preset = "sentiment"
[reward]
use = "lexicon"
[rule]
use = "metropolis"
temperature = 0.25 # the reward below lies in [-1, 1]
[trainer]
use = "sft"
[baseline]
use = "sft"
[[evaluator]]
use = "length"
[[evaluator]]
use = "diversity"
"""


@dataclass(frozen=True, kw_only=True)
class DscConfig:
    """Settings of the method."""

    sweeps: int = setting(
        1, help="critique and revision steps per chain (T); the paper found one enough", low=1, high=32
    )
    train_on: Literal["states", "accepted"] = setting(
        "states",
        help="states: where each chain stands at its end, a rejected step repeats the draft (the paper's objective); "
        "accepted: only chains whose last sweep was accepted (the reference code's heuristic)",
    )


class DistilledSelfCritique:
    """The method `dsc`."""

    Config = DscConfig
    recipe: ClassVar[str] = RECIPE
    reading: ClassVar[str] = (
        "dSC: a revision prompt that still shows the draft makes the acceptance of eq. 1.2 an approximation: the kernel is "
        "reversible only if the revision depends on the draft through the critique alone (docs/methods.md)"
    )

    def __init__(self, config: DscConfig) -> None:
        self._config = config

    def stages(self) -> tuple[Stage, ...]:
        """Draft and score; per sweep critique, revise, score, accept; two trainings; the comparison."""
        sweeps = range(1, self._config.sweeps + 1)
        steps = (step for sweep in sweeps for step in self._sweep(sweep))
        return (
            DraftStep(),
            ScoreStep(),
            *steps,
            Collect(table="drafts", rows="samples", build=draft_of),
            Collect(table="train", rows="samples", build=self._target),
            Train(arm="sft", table="drafts", section="baseline"),
            Train(arm="student", table="train"),
            EvaluateStage(),
        )

    def _sweep(self, sweep: int) -> tuple[Stage, ...]:
        return CritiqueStep(sweep=sweep), ReviseStep(sweep=sweep), ScoreStep(sweep=sweep), AcceptStep(sweep=sweep)

    def _target(self, chain: Chain) -> Sample | Declined:
        """What the student learns from one chain: a point of the posterior, or an accepted revision."""
        state = chain.state
        if state is None or not state.text.strip():
            return Declined(reason="the text is empty")
        if self._config.train_on == "accepted" and not chain.decisions[-1].accepted:
            return Declined(reason="the rule did not accept the revision")
        return state
