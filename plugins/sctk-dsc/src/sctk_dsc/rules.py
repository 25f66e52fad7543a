"""Acceptance rules: whether a chain moves to its revision or stays where it is.

The target is p(x|c, r) proportional to p(x|c) L(x), L the likelihood that a score stands for: exp(s / T), or the score itself,
s^(1/T), as Appendix B of arXiv 2312.01957 has it for safety and sentiment (there with T = 1). `metropolis` is the Metropolis
step min(1, L(x') / L(x)): exact where critique and revision are exact conditionals of one joint (Gibbs), an approximation for a
language model, and exact again where the round carries the log ratio of proposal probabilities. `strict` is what the published
code does. `non-worse` is the limit T -> 0 of exp(s / T). `always` takes every revision. A rule is pure: its coin comes with the
round, seeded by content.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sctk_core import ConfigError, ContractError, Decision, Round, Score, setting

Likelihood = Literal["exp", "score"]
NOWHERE = "both likelihoods are 0: the chain stays"
SAME = "the proposal is the text where the chain stands"


class Metropolis:
    """Accepts with probability min(1, L(x') / L(x) * proposal ratio)."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What a score says of a text, and how sharply it counts."""

        likelihood: Likelihood = setting(
            "exp",
            help="how a score s becomes a likelihood: exp(s / T), or the score itself, s^(1/T), as the paper has it for safety "
            "(0 or 1) and sentiment (1 to 5); then no score may be below 0, and a text of score 0 never trains",
        )
        temperature: float | Literal["auto"] = setting(
            1.0,
            help="reward temperature T: a loss of T in reward is accepted with probability 1/e; 0 accepts no loss at all; "
            "auto: the standard deviation of the drafts' scores",
            unit="reward",
            low=0.0,
        )

    def __init__(self, config: Config) -> None:
        self.likelihood, self.temperature = config.likelihood, config.temperature
        if self.likelihood == "score" and self.temperature == "auto":
            raise ConfigError(
                '[rule] metropolis: got temperature = "auto" beside likelihood = "score", wanted a number',
                hint="the spread of scores is a unit of s in exp(s / T); of s^(1/T) the paper's T is 1",
            )

    def decide(self, rounds: Sequence[Round]) -> Sequence[Decision]:
        """One decision per round, with the log of its acceptance probability (nats, at most 0)."""
        return [self._decide(each) for each in rounds]

    def _decide(self, each: Round) -> Decision:
        temperature = _measured(each) if self.temperature == "auto" else self.temperature
        log_alpha = log_acceptance(each, temperature, self.likelihood)
        alpha = math.exp(log_alpha)
        nowhere = self.likelihood == "score" and each.current.value == each.proposal.value == 0
        return decision(
            each, accepted=each.coin < alpha, log_alpha=log_alpha, reason=f"alpha {alpha:.4g}, coin {each.coin:.4g}",
            note=NOWHERE if nowhere else "", log_gain=log_gain(each, temperature, self.likelihood),
        )  # fmt: skip


class Strict:
    """Accepts a revision that scores higher, and no other."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def decide(self, rounds: Sequence[Round]) -> Sequence[Decision]:
        """One decision per round: r' > r."""
        return [compared(each, accepted=each.proposal.value > each.current.value) for each in rounds]


class NonWorse:
    """Accepts a revision that scores as high or higher."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def decide(self, rounds: Sequence[Round]) -> Sequence[Decision]:
        """One decision per round: r' >= r."""
        return [compared(each, accepted=each.proposal.value >= each.current.value) for each in rounds]


class Always:
    """Accepts every revision: sampling from the critique chain alone, without a reward."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def decide(self, rounds: Sequence[Round]) -> Sequence[Decision]:
        """One decision per round: yes."""
        return [decision(each, accepted=True, log_alpha=None, reason="every revision is taken") for each in rounds]


def _measured(each: Round) -> float:
    """The spread of the drafts' scores, as the method measured it."""
    if each.spread is None:
        raise ContractError(
            'rule metropolis: got temperature = "auto" from a method that does not measure how far scores spread',
            hint="name a temperature",
        )
    return each.spread


def log_gain(each: Round, temperature: float, likelihood: Likelihood = "exp") -> float:
    """log L(x') - log L(x) in nats; -inf where L(x') is 0, where L(x) is 0 too."""
    old, new = (_log_score(one) if likelihood == "score" else one.value for one in (each.current, each.proposal))
    if new == -math.inf:
        return new
    gain = new - old
    if temperature > 0:
        return gain / temperature
    return math.copysign(math.inf, gain) if gain else 0.0


def log_acceptance(each: Round, temperature: float, likelihood: Likelihood = "exp") -> float:
    """log alpha in nats, at most 0 (-inf: never): the Metropolis-Hastings ratio for the target p(x) L(x).

    A text of likelihood 0 is never moved to, from another of likelihood 0 neither, where the ratio would be 0 / 0.
    """
    gain = log_gain(each, temperature, likelihood)
    if likelihood == "score" and each.proposal.value == 0:
        return gain
    log_ratio = gain + (each.log_proposal_ratio or 0.0)
    if math.isnan(log_ratio):
        raise ContractError(
            f"round of sample {each.proposal.sample.id}, sweep {each.sweep}: got the log proposal ratio "
            f"{each.log_proposal_ratio!r} beside a gain of {gain!r}, wanted two numbers whose sum is one",
            hint="a text of probability zero both ways has no ratio; leave log_proposal_ratio out",
        )
    return min(0.0, log_ratio)


def _log_score(score: Score) -> float:
    """log s, of a score that is a likelihood itself; -inf where it is 0."""
    if score.value < 0:
        raise ContractError(
            f'rule metropolis, likelihood = "score": the reward {score.name!r} gave {score.value:.6g} to sample '
            f"{score.sample.id}, wanted a likelihood, 0 or more",
            hint='likelihood = "exp" takes any score',
            reason=f"the reward {score.name!r} gave a likelihood below 0",
        )
    return math.log(score.value) if score.value else -math.inf


def compared(each: Round, *, accepted: bool) -> Decision:
    """The decision of a rule that only compares scores, with both scores as its reason."""
    reason = f"score {each.current.value:.6g} -> {each.proposal.value:.6g}"
    return decision(each, accepted=accepted, log_alpha=None, reason=reason)


def decision(
    each: Round, *, accepted: bool, log_alpha: float | None, reason: str, note: str = "", **more: Any
) -> Decision:
    """The chain's next state and the sample that was left; where both are one text, a note that the ledger counts says so."""
    old, new = each.current.sample, each.proposal.sample
    kept, dropped = (new, old) if accepted else (old, new)
    note = note or (SAME if old.text.strip() == new.text.strip() else "")
    return Decision(
        kept=kept, dropped=dropped, accepted=accepted, log_alpha=log_alpha, reason=reason, sweep=each.sweep, note=note,
        **more,
    )  # fmt: skip
