"""Rivals: the arms that a method must beat to be worth its price, fed for as many tokens as the method spent.

A method writes drafts, critiques and revisions; who only drafts could have had more drafts for the same tokens, and chosen among
them by the same reward. `rivals_of` gives such arms to a plan: N drafts of each prompt, N so that their written tokens (with what
a judge wrote to score them) are those of the method's chains by the ledger. N is no whole number: a prompt has the next lower or
the next higher number of drafts, by its digest, so that the mean is N. Tokens that are read are not counted: an engine's prefix
cache reads a chain's turns once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, fsum
from typing import Any, Literal

from sctk_core.errors import CheckFailed, ConfigError
from sctk_core.identity import uniform
from sctk_core.pipeline.members import AskedReward
from sctk_core.pipeline.speaker import Speaker
from sctk_core.pipeline.together import together
from sctk_core.plan import ANSWERS, Arm, Declined, Fit, Generate, Made, Numbers, Plan, Step, Train, spoken
from sctk_core.records import Prompt, Sample, Score
from sctk_core.untrained import SELF_REFINE, SYSTEM_PROMPT, prompted, self_refine

RivalName = Literal[
    "all", "system-prompt", "self-refine", "sft-drafts", "sft-best", "sft-filtered", "sft-revisions", "best-of-n"
]
NAMES: tuple[RivalName, ...] = (
    "system-prompt",
    "self-refine",
    "sft-drafts",
    "sft-best",
    "sft-filtered",
    "sft-revisions",
    "best-of-n",
)
UNTRAINED = (SYSTEM_PROMPT, SELF_REFINE, "best-of-n")
HELP = (
    "more arms to compare with: system-prompt (the base, told by method.system_prompt), self-refine (the base criticises and "
    "revises its own answers), and at equal tokens sft-drafts (SFT on N drafts of each prompt), sft-best (on the best of N by the "
    "reward), sft-filtered (on those at or above the drafts' mean reward), sft-revisions (on accepted revisions), best-of-n (the "
    "base answers N times, and the reward chooses), or all"
)
BUDGET, TRIES, PASSING = "budget", "tries", "passing"


@dataclass(frozen=True, kw_only=True)
class Triers:
    """[roles.teacher] drafts, [reward] scores."""

    teacher: Speaker
    reward: AskedReward


@dataclass(frozen=True, kw_only=True)
class Answerers:
    """The base answers, [reward] chooses."""

    student: Speaker
    reward: AskedReward


SYSTEM_HELP = "what the arm system-prompt tells the base is wanted, behind the system prompt that a conversation has"


@dataclass(frozen=True, kw_only=True)
class Rivals:
    """What a plan needs for its rivals: passes, fits and trainings, and the arms that are compared."""

    plan: Plan = ()
    arms: tuple[Arm, ...] = ()


def rivals_of(
    names: Sequence[str],
    *,
    drafts: str,
    revisions: Plan,
    system_prompt: str = "",
    rounds: int = 1,
    rounds_by: Sequence[str] = (),
    own: Mapping[str, Plan] | None = None,
) -> Rivals:
    """The rivals of these names. `drafts` is the full name of the table of the method's own drafts, one for each chain.

    `revisions` are passes and fits of which the last makes a table `accepted`, the method's accepted revisions; `system_prompt`
    is the method's setting of that name, without which "all" has no such arm; `rounds` are Self-Refine's, which follow the
    settings `rounds_by`. `own` are rivals that only this method has, by name: what a plan needs for each, the last of it the
    training of the arm; equal passes stand once.
    """
    own = own or {}
    wanted = [name for name in (*NAMES, *own) if name in names or "all" in names]
    if not system_prompt and SYSTEM_PROMPT in wanted:
        if SYSTEM_PROMPT in names:
            raise ConfigError(
                "[method] arms: got system-prompt without a text, wanted method.system_prompt",
                hint="it says to the base what the method is to teach",
            )
        wanted.remove(SYSTEM_PROMPT)
    trained = [name for name in wanted if name not in UNTRAINED and name not in own]
    tables = {"sft-drafts": f"{TRIES}.drafts", "sft-best": f"{TRIES}.best", "sft-filtered": f"{PASSING}.accepted"}
    plan: list[Any] = [Fit(BUDGET, drafts, budget, settings=())] if {*tables, "best-of-n"} & set(wanted) else []
    if set(trained) & set(tables):
        makes = {"drafts": Sample, "best": Sample, "scored": Score}
        rests_on = {"drafts": ("draft",)}
        plan.append(
            Generate(TRIES, _tried, steps=_tries, makes=makes, crew=Triers, settings=(), fit=BUDGET, rests_on=rests_on)
        )
    if "sft-filtered" in wanted:
        plan += passing(PASSING, on=f"{TRIES}.scored")
    if "sft-revisions" in wanted:
        plan += revisions
        tables["sft-revisions"] = f"{revisions[-1].name}.accepted"  # type: ignore[union-attr]
    plan += [Train(name, on=tables[name], section="baseline") for name in trained]
    plan += [one for name in wanted for one in own.get(name, ())]
    best = Arm("best-of-n", model="base", walk=_best, steps=_answers, crew=Answerers, settings=(), fit=BUDGET)
    untrained = {SYSTEM_PROMPT: prompted(system_prompt), SELF_REFINE: self_refine(rounds, rounds_by), "best-of-n": best}
    once = [one for place, one in enumerate(plan) if one not in plan[:place]]
    return Rivals(plan=tuple(once), arms=tuple(untrained.get(name, Arm(name)) for name in wanted))


def passing(name: str, *, on: str, level: str = "") -> Plan:
    """The texts whose score is at least the mean of table `level` (left out: of `on` itself), as the table NAME.accepted."""
    return (
        Fit(f"{name}-level", level or on, mean_score, settings=()),
        Generate(name, _passed, over=on, makes={"accepted": Sample}, crew=Nobody, settings=(), fit=f"{name}-level"),
    )


@dataclass(frozen=True, kw_only=True)
class Nobody:
    """The crew of a walk that asks nobody."""


def budget(drafts: Sequence[Sample], spent: Mapping[str, Any]) -> Numbers:
    """`n`: the drafts that can be written and scored for the tokens that a chain wrote, by the ledger of the method's pass."""
    each = sum(spent[step].tokens_written for step in ("draft", "score.0") if step in spent)
    if not each:
        raise CheckFailed(
            "arms at equal tokens: got drafts without a count of tokens, wanted drafts that this run wrote",
            hint="drafts made elsewhere, or a server that does not tell its tokens, cannot be matched: leave method.arms out",
        )
    return {"n": max(1.0, sum(one.tokens_written for one in spent.values()) / each)}


def mean_score(scores: Sequence[Score], spent: Mapping[str, Any]) -> Numbers:
    """`level`: the mean of a table of scores, and never above the best of them."""
    values = [score.value for score in scores]
    return {"level": min(fsum(values) / len(values), max(values)) if values else 0.0}


def n_drafts(item: Prompt, numbers: Numbers) -> int:
    """How many drafts a prompt has, so that their mean over prompts is `n`."""
    n = numbers["n"]
    return floor(n) + (uniform("rivals", item.id) < n - floor(n))


def _tries(prompt: Prompt, numbers: Numbers) -> tuple[Step, ...]:
    return Step("draft", times=n_drafts(prompt, numbers)), Step("score", of="draft")


def _answers(prompt: Prompt, numbers: Numbers) -> tuple[Step, ...]:
    return Step("evaluate", times=n_drafts(prompt, numbers)), Step("score", of="evaluate")


async def _tried(prompt: Prompt, crew: Triers, numbers: Numbers) -> Made:
    """N drafts, the first of them the chain's own; all, the best by the reward, and their scores."""
    drafts = await crew.teacher.drafts(prompt, n_drafts(prompt, numbers), "draft", least=1)
    scores = await _scored(drafts, crew.reward)
    best = _best_of(scores)
    return {
        "drafts": [spoken(draft) for draft in drafts],
        "best": Declined(reason="no draft could be scored") if best is None else spoken(best),
        "scored": scores,
    }


async def _best(prompt: Prompt, crew: Answerers, numbers: Numbers) -> Made:
    """The best of N answers, the first of them the base's own."""
    answers = await crew.student.drafts(prompt, n_drafts(prompt, numbers), "evaluate", least=1)
    best = _best_of(await _scored(answers, crew.reward))
    return {ANSWERS: Declined(reason="no answer could be scored") if best is None else best}


async def _passed(score: Score, crew: Nobody, numbers: Numbers) -> Made:
    """A text whose score reaches the level."""
    passes = score.value >= numbers["level"]
    return {"accepted": spoken(score.sample) if passes else Declined(reason="its score is below the drafts' mean")}


async def _scored(samples: Sequence[Sample], reward: AskedReward) -> list[Score]:
    scores = await together(*(reward.score(one, step="score", or_none=True) for one in samples))
    return [score for score in scores if score is not None]


def _best_of(scores: Sequence[Score]) -> Sample | None:
    """The sample of the highest score, of equal ones the first."""
    return max(scores, key=lambda score: score.value).sample if scores else None
