"""Refined DPO (arXiv 2402.08005) as a plan: draft, critique, revision, both scored, and a soft preference for each pair.

The paper's loss was not found verbatim; its training code was never released. Implemented is the reading of docs/methods.md:
L = -tau log sigma(h) - (1 - tau) log sigma(-h), with tau the probability that the revision is the better answer, by the
Bradley-Terry model over the external scores (eq. 2.2), mixed with the teacher's word by lambda (eq. 2.3), or hard.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, ClassVar, Literal

from sctk_core import (
    Arm,
    AskedCritic,
    AskedReward,
    CheckFailed,
    Declined,
    Evaluate,
    Fit,
    Generate,
    Made,
    Pair,
    Plan,
    Prompt,
    Sample,
    Score,
    Speaker,
    Train,
    seed_from,
    setting,
    spoken,
    together,
)
from sctk_core.claims import Claim
from sctk_core.rivals import HELP, SYSTEM_HELP, Nobody, RivalName, passing, rivals_of

from sctk_rdpo.claims import CLAIMS

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


TASKS = ("requests", "safety", "goals", "role-play", "sycophancy")
RdpoArm = Literal[RivalName, "dsc", "dpo", "filtered-dpo", "cdpo", "robust-dpo"]
PREFERENCES = (
    "dpo, filtered-dpo (pairs that the reward agrees with), cdpo (label smoothing), robust-dpo (arXiv 2403.00409)"
)
DSC = "dsc (SFT on where the same chains stand after dSC's Metropolis step at this T)"
STEPS = ("draft", "critique.1", "revise.1", "score.0", "score.1")
KEPT = Declined(reason="the critic says keep")


@dataclass(frozen=True, kw_only=True)
class RdpoConfig:
    """Settings of the method."""

    probability: Literal["bradley-terry", "hard"] = setting(
        "bradley-terry",
        help="how scores become a preference: sigma((s_r - s_o) / temperature), or 1, 1/2, 0 by their order",
    )
    temperature: float | Literal["auto"] = setting(
        1.0,
        help="T of the Bradley-Terry model, by the reward's scale; auto: the root mean square of the pairs' differences of scores",
        unit="reward",
        low=1e-6,
    )
    teacher_weight: float = setting(
        0.0, help="lambda: 1 trusts the teacher alone (plain DPO), 0 the reward alone", low=0.0, high=1.0
    )
    teacher_noise: float = setting(
        0.0,
        help="for experiments: the share of pairs of which the teacher's word is turned",
        unit="share",
        low=0.0,
        high=1.0,
    )
    respect_keep: bool = setting(False, help="where the critic says keep, ask for no revision and make no pair")
    arms: tuple[RdpoArm, ...] = setting(
        (), help=f"{HELP}; {DSC}; on the same pairs, by the teacher's word: {PREFERENCES}", identity=False
    )
    label_noise: float = setting(
        0.1, help="eps of the arms cdpo and robust-dpo: the share of pairs that they take to be turned", unit="share",
        low=0.0, high=0.49,
    )  # fmt: skip
    system_prompt: str = setting("", help=SYSTEM_HELP)


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
    tasks: ClassVar[Mapping[str, str]] = {
        name: files("sctk_rdpo").joinpath(f"tasks/{name}.toml").read_text("utf-8") for name in TASKS
    }
    recipe: ClassVar[str] = RECIPE
    claims: ClassVar[tuple[Claim, ...]] = CLAIMS
    reading: ClassVar[str] = (
        "rDPO: the paper's exact loss is not public; implemented is tau f(h) + (1 - tau) f(-h) with "
        "tau = lambda + (1 - lambda) P(revision better | scores) (docs/methods.md)"
    )

    def __init__(self, config: RdpoConfig, *, sections: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._config = config
        assumes_noise = "noise" in (sections or {}).get("trainer", {})
        self._plain: Mapping[str, Any] = {"noise": {"assume": "none"}} if assumes_noise else {}

    def plan(self) -> Plan:
        """Chains; SFT on their drafts, preference training on their pairs; the comparison."""
        auto = self._config.temperature == "auto"
        makes = {"drafts": Sample, "pairs" if auto else "train": Pair}
        chains = Generate(
            "chains",
            self.walk,
            steps=STEPS,
            makes=makes,
            settings=("probability", "temperature", "teacher_weight", "teacher_noise", "respect_keep"),
            rests_on={"drafts": ("draft",)},
        )
        labels = (
            Fit("spread", "chains.pairs", usual_margin, settings=()),
            Generate("labels", self.label, over="chains.pairs", makes={"train": Pair}, fit="spread"),
        )
        revised = Generate(
            "revised",
            self.revised,
            steps=STEPS,
            makes={"drafted": Score, "scored": Score},
            settings=("respect_keep",),
        )
        accepted = (revised, *passing("revisions", on="revised.scored", level="revised.drafted"))
        rivals = rivals_of(
            self._config.arms,
            drafts="chains.drafts",
            revisions=accepted,
            system_prompt=self._config.system_prompt,
            own={**self._distilled(), **self._preferences("chains.pairs" if auto else "chains.train")},
        )
        return (
            chains,
            *(labels if auto else ()),
            Train("sft", on="chains.drafts", section="baseline"),
            Train("student", on="labels.train" if auto else "chains.train"),
            *rivals.plan,
            Evaluate(Arm("base"), Arm("sft"), *rivals.arms, Arm("student")),
        )

    def _distilled(self) -> dict[str, Plan]:
        """dSC of one sweep on the same chains: every reply recalled, T as tau has it, SFT on where they stand."""
        auto = self._config.temperature == "auto"
        states = Generate(
            "states", self.measured_state if auto else self.state, steps=STEPS, makes={"states": Sample},
            fit="spread" if auto else "", settings=("temperature", "respect_keep"),
        )  # fmt: skip
        return {"dsc": (states, Train("dsc", on="states.states", section="baseline"))}

    def _preferences(self, pairs: str) -> Mapping[str, Plan]:
        """The losses that take the teacher at its word, on the pairs of the same chains."""
        word = Generate(
            "word", by_word, over=pairs, makes={"pairs": Pair, "agreed": Pair}, crew=Nobody, settings=()
        )  # fmt: skip
        eps = self._config.label_noise
        return {
            "dpo": (word, Train("dpo", on="word.pairs", changes=self._plain)),
            "filtered-dpo": (word, Train("filtered-dpo", on="word.agreed", changes=self._plain)),
            "cdpo": (word, Train("cdpo", on="word.pairs", changes={"noise": {"assume": "conservative", "eps": eps}})),
            "robust-dpo": (
                word,
                Train("robust-dpo", on="word.pairs", changes={"noise": {"assume": "robust", "eps": eps}}),
            ),
        }

    async def walk(self, prompt: Prompt, crew: RdpoCrew) -> Made:
        """Draft, critique, revision, both scored; tau by eq. 2.2 and 2.3."""
        draft, scores = await self._chain(prompt, crew)
        pair = self._pair(*scores) if scores else KEPT
        if self._config.temperature == "auto":
            return {"drafts": spoken(draft), "pairs": pair}
        return {"drafts": spoken(draft), "train": pair}

    async def _chain(self, prompt: Prompt, crew: RdpoCrew) -> tuple[Sample, tuple[Score, ...]]:
        """The draft, and the scores of draft and revision; none where the critic's word to keep it is respected."""
        draft = await crew.teacher.draft(prompt)
        critique = await crew.critic.critique(draft)
        if self._config.respect_keep and critique.verdict == "keep":
            return draft, ()
        revision = await crew.critic.revise(critique)
        return draft, tuple(await together(crew.reward.score(draft), crew.reward.score(revision)))

    async def label(self, pair: Pair, crew: RdpoCrew, numbers: Mapping[str, float]) -> Made:
        """A pair with tau at the temperature that was fitted."""
        assert pair.margin is not None
        return {"train": replace(pair, probability=self.probability(pair.margin, numbers["spread"]))}

    async def revised(self, prompt: Prompt, crew: RdpoCrew) -> Made:
        """The same chain again, every reply recalled: the scores of draft and revision, equal texts too."""
        _, scores = await self._chain(prompt, crew)
        return {"drafted": scores[0], "scored": scores[1]} if scores else {"drafted": KEPT, "scored": KEPT}

    async def measured_state(self, prompt: Prompt, crew: RdpoCrew, numbers: Mapping[str, float]) -> Made:
        """Where a chain stands, at the temperature that was fitted."""
        return await self._stand(prompt, crew, numbers["spread"])

    async def state(self, prompt: Prompt, crew: RdpoCrew) -> Made:
        """Where a chain stands after one Metropolis step of p(x) exp(s / T), T that of tau (arXiv 2312.01957, eq. 1.2)."""
        assert self._config.temperature != "auto"
        return await self._stand(prompt, crew, self._config.temperature)

    async def _stand(self, prompt: Prompt, crew: RdpoCrew, temperature: float) -> Made:
        draft, scores = await self._chain(prompt, crew)
        if not scores:
            return {"states": spoken(draft)}
        before, after = scores
        loss = max(0.0, before.value - after.value)
        coin = seed_from("dsc", before.sample.id, after.sample.id)
        accepted = coin < math.exp(-loss / temperature) * (1 << 63)
        return {"states": spoken(after.sample if accepted else before.sample)}

    def _pair(self, before: Score, after: Score) -> Pair | Declined:
        """The revision (chosen, by the teacher's word) against the draft, with the probability that the chosen is the better."""
        draft, revision, margin = before.sample, after.sample, after.value - before.value
        if draft.text == revision.text:
            return Declined(reason="draft and revision are equal")
        config = self._config
        chosen, rejected = revision, draft
        if seed_from("teacher-noise", draft.id, revision.id) < config.teacher_noise * (1 << 63):
            chosen, rejected, margin = draft, revision, -margin
        tau = 0.5 if config.temperature == "auto" else self.probability(margin, config.temperature)
        return Pair(prompt=draft.prompt, chosen=chosen, rejected=rejected, margin=margin, probability=tau)

    def probability(self, margin: float, temperature: float) -> float:
        """tau = lambda + (1 - lambda) P_RM for a difference of scores s_r - s_o at T (eq. 2.2, 2.3).

        >>> round(RefinedDpo(RdpoConfig()).probability(3.0, 1.0), 6)
        0.952574
        """
        config = self._config
        hard = 0.5 * (1.0 + (margin > 0) - (margin < 0))
        by_reward = hard if config.probability == "hard" else _sigmoid(margin / temperature)
        return config.teacher_weight + (1.0 - config.teacher_weight) * by_reward


def usual_margin(pairs: Iterable[Pair], spent: Mapping[str, Any] | None = None) -> dict[str, float]:
    """`spread`: the root mean square of what the scores of a pair differ by, which is what a temperature "auto" is fitted to.

    A pair whose scores differ by that much gets tau = 0.73, whatever the reward's unit. The spread of the drafts' scores alone is
    no measure of it: where the teacher mends every draft, drafts score alike and all labels saturate. CheckFailed where no pair
    differs.
    """
    margins = [pair.margin for pair in pairs if pair.margin is not None]
    if not any(margins):
        raise CheckFailed(
            f'temperature = "auto": got {len(margins)} pairs whose scores are equal, wanted scores that differ',
            hint="name a temperature: a quarter of the difference of scores that matters to you is a beginning",
        )
    return {"spread": math.sqrt(math.fsum(each * each for each in margins) / len(margins))}


async def by_word(pair: Pair, crew: Nobody) -> Made:
    """A pair as its maker says, whatever the reward says; and the same where the reward says so too."""
    assert pair.margin is not None
    trusted = replace(pair, probability=1.0)
    return {"pairs": trusted, "agreed": trusted if pair.margin > 0 else Declined(reason="the reward does not agree")}


def _sigmoid(x: float) -> float:
    """The logistic function without overflow."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    return math.exp(x) / (1.0 + math.exp(x))
