"""Where a chain may move to: a revision after a critique, or the answer drawn anew from a position on.

Each gives the proposal and, where it is known, the log of the ratio of proposal probabilities that makes the Metropolis step
exact for p(x) L(x), p the model as it is sampled. A revision without it is the paper's shortcut. With `exact` the critique z is
an auxiliary variable, the same forth and back, and six log-probabilities make the ratio. An answer drawn anew from position i on
(QUEST, arXiv 2406.00049; QAlign, 2504.03790) needs none: i is the auxiliary variable, what p says of the two answers is what they
were drawn by, and what is left of the ratio is that i was one of n positions forth and would be one of n' back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sctk_core import AskedCritic, AskedReward, AskedRule, Critique, Message, Sample, Speaker


@dataclass(frozen=True, kw_only=True)
class Redrawers:
    """[roles.teacher] drafts and draws anew (left out: the student as it came); nobody criticises."""

    teacher: Speaker


@dataclass(frozen=True, kw_only=True)
class Revisers:
    """[roles.teacher] drafts (left out: the student as it came), [critic] criticises and revises."""

    teacher: Speaker
    critic: AskedCritic


@dataclass(frozen=True, kw_only=True)
class DscCrew(Revisers):
    """The same, and [reward] and [rule] do what they are called."""

    reward: AskedReward
    rule: AskedRule


@dataclass(frozen=True, kw_only=True)
class SuffixCrew(Redrawers):
    """The same, and [reward] and [rule] do what they are called."""

    reward: AskedReward
    rule: AskedRule


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Where a chain may move to; `log_ratio` in nats is None where it is not known, and taken for 0."""

    sample: Sample
    log_ratio: float | None = None


async def revised(state: Sample, sweep: int, crew: Revisers) -> Proposal:
    """A revision after a critique: the paper's proposal, whose ratio nobody computes."""
    critique = await crew.critic.critique(state, sweep)
    return Proposal(sample=await crew.critic.revise(critique))


async def revised_exactly(state: Sample, sweep: int, crew: Revisers) -> Proposal:
    """A revision after a critique, and log [p(x'|c) p(z|c,x') p(x|c,x',z)] / [p(x|c) p(z|c,x) p(x'|c,x,z)]."""
    critique = await crew.critic.critique(state, sweep)
    revision = await crew.critic.revise(critique)
    texts = [*_way(state, critique, revision, crew), *_way(revision, critique, state, crew)]
    forth = await crew.teacher.logprobs(texts, f"logprobs.{sweep}", about=revision)
    return Proposal(sample=revision, log_ratio=math.fsum(forth[3:]) - math.fsum(forth[:3]))


def _way(
    start: Sample, critique: Critique, end: Sample, crew: Revisers
) -> Sequence[tuple[Sequence[Message], str | tuple[int, ...]]]:
    """The three texts of one direction: `start` as a draft, the critique of it, and `end` as its revision."""
    said = replace(critique, sample=start)
    return (
        (start.prompt.messages, _sampled(start)),
        (crew.critic.asking(start), _sampled(critique)),
        (crew.critic.revising(said), _sampled(end)),
    )


def _sampled(record: Sample | Critique) -> str | tuple[int, ...]:
    """What a model sampled: the token ids, or the text where they are not known."""
    return record.token_ids or record.text


async def redrawn(state: Sample, sweep: int, crew: Redrawers) -> Proposal:
    """The answer, kept up to a position drawn uniformly from its n tokens, the rest drawn anew, and log n / n'."""
    sample = await crew.teacher.redrawn(state, sweep)
    return Proposal(sample=sample, log_ratio=math.log(n_positions(state) / n_positions(sample)))


def n_positions(sample: Sample) -> int:
    """From how many positions an answer can be drawn anew: its sampled tokens, the end of the turn among them."""
    return max(1, len(sample.token_ids or ()))
