"""What runs say of a claim: every seed's paired lead, the mean over seeds with its interval, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sctk_core.claims import Claim
from sctk_core.identity import seed_from
from sctk_core.plan import GREEDY
from sctk_core.statistics import Estimate, borne_out, group_of, over_seeds

from sctk_cli.verifying.readings import Reading

Readings = Mapping[tuple[str, int], Reading]
"""(experiment, seed) -> what that run measured; runs that failed are not there."""


@dataclass(frozen=True, kw_only=True)
class SeedLead:
    """One seed's lead over `n` prompts; `n_failed` more have no value in some arm. `value` None: it says nothing, see `why`."""

    seed: int
    value: float | None
    n: int = 0
    n_failed: int = 0
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A claim with what came of it. `at_zero` is the same lead at temperature 0, without a verdict; None: not measured."""

    claim: Claim
    verdict: str
    why: str
    found: Estimate | None
    seeds: Sequence[SeedLead]
    at_zero: Estimate | None = None


def judge(claim: Claim, readings: Readings, n_seeds: int) -> Finding:
    """The verdict on a claim by all seeds that ran."""
    seeds = [_Seed(claim, readings, seed) for seed in range(n_seeds)]
    told = [one.lead for one in seeds]
    known = [one for one in seeds if one.rows]
    if not known:
        why = told[0].why if told else "no seed was run"
        return Finding(claim=claim, verdict=borne_out(_NOTHING, 0.0, 0)[0], why=why, found=None, seeds=told)
    found = _mean(claim, known)
    failed = any(one.lead.n_failed for one in known)
    at_worst = [_mean(claim, known, fill=sign) for sign in (-1, 1)] if failed else []
    verdict, why = borne_out(found, claim.least, min(len(one.rows) for one in known), at_worst)
    greedy = replace(claim, metric=f"{GREEDY}.{claim.metric}")
    at_zero = [one for one in (_Seed(greedy, readings, each.seed) for each in known) if one.rows]
    return Finding(
        claim=claim, verdict=verdict, why=why, found=found, seeds=told,
        at_zero=_mean(greedy, at_zero) if len(at_zero) == len(known) else None,
    )  # fmt: skip


_NOTHING = Estimate(value=0.0, low=None, high=None, n=0)


class _Seed:
    """The rows of one seed: each prompt's value of the lead, where all its arms have one."""

    def __init__(self, claim: Claim, readings: Readings, seed: int) -> None:
        self.seed = seed
        self.terms: list[tuple[int, Mapping[str, float]]] = []
        self.groups: dict[str, str] = {}
        missing = ""
        for sign, experiment, arm in claim.terms:
            run = readings.get((experiment.name, seed))
            if run is None:
                missing = missing or f"{experiment.name} failed"
                continue
            values = run.values.get((claim.metric, arm), {})
            missing = missing or ("" if values else f"{experiment.name}: no value of {claim.metric} for {arm}")
            self.terms.append((sign, values))
            self.groups |= run.groups
        asked = sorted({prompt for _, values in self.terms for prompt in values})
        all_there = [p for p in asked if all(p in values for _, values in self.terms)]
        if not missing and not all_there:
            missing = "the arms have no prompt in common"
        self.asked = [] if missing else asked
        self.rows = {} if missing else {p: sum(sign * values[p] for sign, values in self.terms) for p in all_there}
        mean = sum(self.rows.values()) / len(self.rows) if self.rows else None
        n_failed = len(self.asked) - len(self.rows)
        self.lead = SeedLead(seed=seed, value=mean, n=len(self.rows), n_failed=n_failed, why=missing)

    def filled(self, ends: tuple[float, float], sign: int) -> dict[str, float]:
        """The rows of all prompts, what failed put where it does the claim most harm (`sign` -1) or most good (1)."""
        return {
            prompt: sum(own * values.get(prompt, ends[own == sign]) for own, values in self.terms)
            for prompt in self.asked
        }


def _mean(claim: Claim, seeds: Sequence[_Seed], fill: int = 0) -> Estimate:
    """The mean over seeds; `fill`: with what failed, to the claim's harm or good."""
    known = [value for one in seeds for _, values in one.terms for value in values.values()]
    ends = (min(known), max(known))
    rows = [one.filled(ends, fill) if fill else one.rows for one in seeds]
    groups = [[group_of(prompt, one.groups) for prompt in row] for one, row in zip(seeds, rows, strict=True)]
    reach = (ends[1] - ends[0]) * (len(claim.terms) // 2)
    drawn = seed_from(0, "verify", claim.id, claim.metric)
    found = over_seeds([list(row.values()) for row in rows], groups, reach=reach, seed=drawn)
    if found.low is None or found.high is None or not set(known) <= {0.0, 1.0}:
        return found
    return replace(found, low=max(-reach, found.low), high=min(reach, found.high))  # no share leads by more than 1
