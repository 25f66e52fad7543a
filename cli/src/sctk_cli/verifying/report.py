"""What came of claims: verdicts, every seed and what each arm cost, in lines for a terminal and as an object for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sctk_core.identity import fingerprint
from sctk_core.statistics import Estimate

from sctk_cli.terminal import clean, table
from sctk_cli.verifying.findings import Finding, Readings, SeedLead
from sctk_cli.verifying.trials import Protocol, Trial

COSTS = ["tokens written for its data", "tokens of an answer", "rows trained", "steps", "seeds"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """All that a verification came to; `registered` is what was noted before it began."""

    protocol: Protocol
    registered: Mapping[str, Any]
    trials: Sequence[Trial]
    readings: Readings
    findings: Sequence[Finding]

    @property
    def metrics(self) -> tuple[str, ...]:
        """What the claims are about, each metric once."""
        return tuple(dict.fromkeys(claim.metric for claim in self.protocol.claims))


def told(found: Estimate | None) -> str:
    """A mean with its interval, signed.

    >>> told(Estimate(value=0.25, low=0.125, high=0.5, n=5)), told(None)
    ('+0.250 [+0.125, +0.500]', '')
    """
    if found is None:
        return ""
    if found.low is None or found.high is None:
        return f"{found.value:+.3f}"
    return f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def as_object(outcome: Outcome) -> dict[str, Any]:
    """Claims with verdicts, seeds and digests; experiments with their settings, runs and arms."""
    claims = [_claim(one) for one in outcome.findings]
    return {
        "method": outcome.protocol.method,
        "digest": fingerprint(method=outcome.protocol.method, claims={one["id"]: one["digest"] for one in claims}),
        "settings": dict(outcome.protocol.changes),
        "seeds": outcome.protocol.n_seeds,
        "seeds_registered": list(outcome.registered["seeds"]),
        "claims": claims,
        "experiments": [
            {
                "name": one.name,
                "sections": dict(one.sections),
                "runs": [
                    {"seed": trial.seed, "run": str(trial.run), "error": trial.error or None}
                    for trial in outcome.trials
                    if trial.experiment.name == one.name
                ],
                "arms": list(_arms(outcome, one.name)),
            }
            for one in outcome.protocol.experiments
        ],
    }


def _claim(one: Finding) -> dict[str, Any]:
    claim = one.claim
    return {
        "id": claim.id, "says": claim.says, "source": claim.source, "lead": claim.told, "metric": claim.metric,
        "least": claim.least, "digest": claim.digest, "verdict": one.verdict, "why": one.why or None,
        "found": _estimate(one.found), "at_temperature_0": _estimate(one.at_zero),
        "seeds": [asdict(seed) for seed in one.seeds],
    }  # fmt: skip


def _estimate(found: Estimate | None) -> dict[str, Any] | None:
    return None if found is None else {"value": found.value, "low": found.low, "high": found.high, "seeds": found.n}


def _arms(outcome: Outcome, experiment: str) -> Iterator[dict[str, Any]]:
    """What each arm of an experiment came to and cost, on the mean over its seeds."""
    runs = [reading for (name, _), reading in outcome.readings.items() if name == experiment]
    for arm in dict.fromkeys(cost.arm for run in runs for cost in run.costs):
        found = [cost for run in runs for cost in run.costs if cost.arm == arm]
        names = ("tokens_written", "written_per_answer", "n_rows", "n_steps")
        costs = {name: _mean([getattr(cost, name) for cost in found]) for name in names}
        values = {one: [run.values[one, arm] for run in runs if (one, arm) in run.values] for one in outcome.metrics}
        means = {one: _mean([_mean(list(run.values())) for run in seeds]) for one, seeds in values.items() if seeds}
        yield {"arm": arm, "seeds": len(found), "means": means} | costs


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def lines_of(outcome: Outcome) -> Iterator[str]:
    """The report for a terminal."""
    for one in outcome.findings:
        yield f"{one.claim.id}  {one.verdict.upper()}{f' ({clean(one.why, one_line=True)})' if one.why else ''}"
        yield f"    {clean(one.claim.says, one_line=True)} ({clean(one.claim.source, one_line=True)})"
        yield f"    {clean(one.claim.told, one_line=True)}: {told(one.found) or 'nothing was measured'}"
        if one.at_zero is not None:
            yield f"    at temperature 0: {told(one.at_zero)}"
        yield f"    seeds: {', '.join(_of_seed(seed) for seed in one.seeds)}"
    header, rows = arms_table(outcome)
    if rows:
        yield from ["", *table(header, rows, right=range(2, len(header)))]
    yield from ["", *(f"note: {note}" for note in notes(outcome))]


def _of_seed(seed: SeedLead) -> str:
    if seed.value is None:
        return f"{seed.seed}: none ({clean(seed.why, one_line=True)})"
    failed = f", {seed.n_failed} failed" if seed.n_failed else ""
    return f"{seed.seed}: {seed.value:+.3f} (n {seed.n}{failed})"


def arms_table(outcome: Outcome) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of what the arms came to and cost."""
    metrics, rows = outcome.metrics, []
    for one in outcome.protocol.experiments:
        for row in _arms(outcome, one.name):
            means = [f"{row['means'][metric]:.3f}" if metric in row["means"] else "" for metric in metrics]
            costs = ("tokens_written", "written_per_answer", "n_rows", "n_steps", "seeds")
            rows.append([one.name, clean(row["arm"]), *means, *(f"{row[name]:,.0f}" for name in costs)])
    return ["experiment", "arm", *(f"{metric}, mean" for metric in metrics), *COSTS], rows


def notes(outcome: Outcome) -> Iterator[str]:
    """What a reader should know beside the verdicts."""
    yield (
        "supported: the 95 % interval over seeds and prompts lies wholly above the smallest effect that counts; not supported: "
        "wholly below it; undecided: neither"
    )
    seeds = outcome.registered["seeds"]
    if len(seeds) > 1:
        yield f"the number of seeds was changed after runs had begun: {', then '.join(map(str, seeds))}"
    if outcome.protocol.changes:
        changes = json.dumps(dict(outcome.protocol.changes), sort_keys=True)
        yield f"not as the method states it: {changes} was set for all experiments"
    for trial in outcome.trials:
        if trial.error:
            yield f"{trial.experiment.name}, seed {trial.seed} failed: {clean(trial.error, one_line=True)}"
