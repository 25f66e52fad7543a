"""Distilled self-critique (arXiv 2312.01957) as a plan: T sweeps of critique, revision and acceptance, then SFT.

The chain aims at p(x | c) L(x) (eq. 1.1): draft, then for each sweep a critique, a revision, both scored, and the acceptance
rule decides where the chain stands (eq. 1.2 for `metropolis`). Training on the chain's *states* is the gradient of the paper's
distillation objective (eq. 1.4); "accepted" is its sentence, and what the reference code does: accepted revisions only. A
state of likelihood 0 is no point of the posterior, and never trains.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, ClassVar, Literal

from sctk_core import (
    Arm,
    Declined,
    Evaluate,
    Fit,
    Generate,
    Made,
    Plan,
    Prompt,
    Sample,
    Score,
    Setup,
    Train,
    setting,
    spoken,
    spread_of,
)
from sctk_core.claims import Claim
from sctk_core.rivals import HELP, SYSTEM_HELP, Nobody, RivalName, Triers, rivals_of

from sctk_dsc.checks import complain, want_a_count
from sctk_dsc.claims import CLAIMS
from sctk_dsc.proposals import DscCrew, Redrawers, Revisers, SuffixCrew, redrawn, revised, revised_exactly

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


TASKS = ("sentiment", "safety", "privacy", "films", "goals")
DscArm = Literal[RivalName, "no-acceptance"]
PRESETS = ("paper-safety", "paper-sentiment", "paper-privacy")


def shipped(folder: Literal["tasks", "presets"], names: Iterable[str]) -> dict[str, str]:
    """The recipes of a folder of the package, by name."""
    return {name: files("sctk_dsc").joinpath(f"{folder}/{name}.toml").read_text("utf-8") for name in names}


@dataclass(frozen=True, kw_only=True)
class DscConfig:
    """Settings of the method."""

    preset: str = setting(
        "",
        help="critic, reward and rule as the paper has them, where your recipe does not say otherwise: paper-safety, "
        "paper-sentiment, paper-privacy",
        identity=False,
    )
    sweeps: int = setting(
        1, help="critique and revision steps per chain (T); the paper ran one in all its experiments", low=1, high=32
    )
    train_on: Literal["states", "accepted"] = setting(
        "states",
        help="states: where each chain stands at its end, a rejected step repeats the draft (the paper's formula); "
        "accepted: only chains whose last sweep was accepted (the paper's sentence, and the reference code)",
    )
    proposal: Literal["revision", "suffix"] = setting(
        "revision",
        help="revision: a critique and a revision, as the paper has it, an approximation for a language model; suffix: the answer "
        "drawn anew from a random position on, exact for p(x) L(x) with rule metropolis, without critiques",
    )
    exact: bool | Literal["measured"] = setting(
        False,
        help="with proposal = revision: six log-probabilities a step make it exact for p(x) L(x) with rule metropolis; few long "
        "texts are accepted then, so it is a yardstick; measured: they are asked and told, and the chain goes on without them",
    )
    arms: tuple[DscArm, ...] = setting(
        (), help=f"{HELP}; no-acceptance: SFT on every chain's last revision", identity=False
    )
    system_prompt: str = setting("", help=SYSTEM_HELP)


class DistilledSelfCritique:
    """The method `dsc`."""

    Config = DscConfig
    Crew = DscCrew
    recipe: ClassVar[str] = RECIPE
    claims: ClassVar[tuple[Claim, ...]] = CLAIMS
    tasks: ClassVar[Mapping[str, str]] = shipped("tasks", TASKS)
    presets: ClassVar[Mapping[str, str]] = shipped("presets", PRESETS)

    @staticmethod
    def reading(config: DscConfig) -> str:
        """What a user should know of what the chains are."""
        if config.exact is True or config.proposal == "suffix":
            return (
                "dSC: with rule metropolis these chains are exact for p(x) L(x), p the model as it is sampled: they come to it as "
                "sweeps grow, and after few of them stand between the drafts and it (docs/methods.md)"
            )
        return (
            "dSC: a revision prompt that still shows the draft makes the acceptance of eq. 1.2 an approximation: the kernel is "
            "reversible only if the revision depends on the draft through the critique alone; "
            'method.exact = "measured" tells how far off the chains are, method.proposal = "suffix" needs no such thing '
            "(docs/methods.md)"
        )

    def __init__(self, config: DscConfig, *, sections: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._config = config
        rule = (sections or {}).get("rule", {})
        self._measures = rule.get("temperature") == "auto"
        self._suffix = config.proposal == "suffix"
        self._propose: Any = redrawn if self._suffix else revised_exactly if config.exact else revised
        self._by_score = rule.get("use") == "metropolis" and rule.get("likelihood") == "score"

    def check(self, setup: Setup) -> None:
        """Refuses what the rule, or an exact proposal, cannot come right with."""
        complain(setup, by_score=self._by_score, suffix=self._suffix, exact=self._config.exact)
        if self._config.preset == "paper-privacy":
            want_a_count(setup)

    def plan(self) -> Plan:
        """Chains; SFT on their drafts and on their states; the comparison."""
        chains = Generate(
            "chains",
            self.measured_walk if self._measures else self.walk,
            steps=tuple(self._steps()),
            makes={"drafts": Sample, "train": Sample},
            crew=SuffixCrew if self._suffix else None,
            fit="spread" if self._measures else "",
            settings=("sweeps", "train_on", "proposal", "exact"),
            rests_on={"drafts": ("draft",)},
        )
        measuring = (
            Generate(
                "measuring", score_draft, steps=("draft", "score.0"), makes={"drafted": Score}, crew=Triers, settings=()
            ),
            Fit("spread", "measuring.drafted", spread_of, settings=()),
        )
        moved = Generate("moved", moved_on, over="chains.train", makes={"accepted": Sample}, crew=Nobody, settings=())
        rivals = rivals_of(
            self._config.arms,
            drafts="chains.drafts",
            revisions=(moved,),
            system_prompt=self._config.system_prompt,
            rounds=self._config.sweeps,
            rounds_by=("sweeps",),
            own={"no-acceptance": self._without_acceptance()},
        )
        return (
            *(measuring if self._measures else ()),
            chains,
            Train("sft", on="chains.drafts", section="baseline"),
            Train("student", on="chains.train"),
            *rivals.plan,
            Evaluate(Arm("base"), Arm("sft"), *rivals.arms, Arm("student")),
        )

    def _without_acceptance(self) -> Plan:
        """The paper's ablation: the same chains, every revision taken, and nobody scores."""
        proposing = ("redraw.{}",) if self._suffix else ("critique.{}", "revise.{}")
        sweeps = range(1, self._config.sweeps + 1)
        steps = ("draft", *(step.format(sweep) for sweep in sweeps for step in proposing))
        taken = Generate(
            "taken", self.taken, steps=steps, makes={"revisions": Sample},
            crew=Redrawers if self._suffix else Revisers, settings=("sweeps", "proposal"),
        )  # fmt: skip
        return taken, Train("no-acceptance", on="taken.revisions", section="baseline")

    async def taken(self, prompt: Prompt, crew: Any) -> Made:
        """The last revision of a chain that takes each of them."""
        propose: Any = redrawn if self._suffix else revised
        state = await crew.teacher.draft(prompt)
        for sweep in range(1, self._config.sweeps + 1):
            state = (await propose(state, sweep, crew)).sample
        return {"revisions": spoken(state)}

    def _steps(self) -> Iterator[str]:
        yield from ("draft", "score.0")
        for sweep in range(1, self._config.sweeps + 1):
            yield from (f"redraw.{sweep}",) if self._suffix else (f"critique.{sweep}", f"revise.{sweep}")
            yield from (f"logprobs.{sweep}",) if self._config.exact else ()
            yield from (f"score.{sweep}", f"accept.{sweep}")

    async def measured_walk(self, prompt: Prompt, crew: Any, numbers: Mapping[str, float]) -> Made:
        """One chain, whose rule is told how far the drafts' scores spread."""
        return await self.walk(prompt, crew, numbers["spread"])

    async def walk(self, prompt: Prompt, crew: Any, spread: float | None = None) -> Made:
        """One chain: the state moves to a proposal where the rule accepts it (eq. 1.2)."""
        draft = await crew.teacher.draft(prompt)
        state, accepted = await crew.reward.score(draft), False
        for sweep in range(1, self._config.sweeps + 1):
            proposal = await self._propose(state.sample, sweep, crew)
            scored = await crew.reward.score(proposal.sample)
            decision = await crew.rule.decide(
                state,
                scored,
                sweep,
                log_proposal_ratio=proposal.log_ratio,
                ratio_counts=self._config.exact != "measured",
                spread=spread,
            )
            accepted = decision.accepted
            state = scored if accepted else state
        return {"drafts": spoken(draft), "train": self._target(state, accepted)}

    def _target(self, state: Score, accepted: bool) -> Sample | Declined:
        """What the student learns from one chain: a point of the posterior, or an accepted revision."""
        if self._by_score and state.value <= 0:
            return Declined(reason="its likelihood is 0")
        if self._config.train_on == "accepted" and not accepted and state.sample.text.strip():
            return Declined(reason="the rule did not accept the revision")
        return spoken(state.sample)


async def score_draft(prompt: Prompt, crew: Triers) -> Made:
    """The draft's score, to measure how far scores spread; the chain asks both again, and the reply is recalled."""
    return {"drafted": await crew.reward.score(await crew.teacher.draft(prompt))}


async def moved_on(state: Sample, crew: Nobody) -> Made:
    """The state of a chain that moved: an accepted revision."""
    return {"accepted": state if state.sweep else Declined(reason="the rule accepted no revision")}
