"""How the chains of a pass went: accepted by sweep, how far a shortcut was from exact, how well scores mixed.

Read off the sealed tables of a pass whose walk asks an acceptance rule: its decisions (`accept.K`) and the scores of states
(`score.K`), one shard in memory at a time; of each step a few numbers are kept.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sctk_core.pipeline.notes import ANSWERED
from sctk_core.records import Decision, Measure, Score
from sctk_core.run.context import Context
from sctk_core.run.tables import RECORDS
from sctk_core.store.part import files_of, shards_of
from sctk_core.store.shards import read_shards

ACCEPT, SCORE = "accept.", "score."


@dataclass(frozen=True, kw_only=True)
class Chain:
    """One chain: its prompt, its decisions by sweep, and the scores of its states, the draft's first."""

    prompt: str
    decisions: Sequence[Mapping[str, Any]]
    scores: Sequence[float]


@dataclass(kw_only=True)
class Mixing:
    """What the chains of a pass came to; ratios are logs in nats, alphas acceptance probabilities without and with them."""

    accepted: Counter[int] = field(default_factory=Counter)
    asked: Counter[int] = field(default_factory=Counter)
    ratios: list[float] = field(default_factory=list)
    alphas: list[tuple[float, float]] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)
    r_hats: list[float] = field(default_factory=list)
    n_states: int = 0
    n_chains: int = 0

    def add(self, chains: Sequence[Chain]) -> None:
        """Counts the chains of one prompt."""
        from sctk_core.statistics import LEAST_STATES, effective_size, lag_one, r_hat

        for decision in (one for chain in chains for one in chain.decisions):
            self.asked[decision["sweep"]] += 1
            self.accepted[decision["sweep"]] += bool(decision["accepted"])
            ratio, gain = decision.get("log_proposal_ratio"), decision.get("log_gain")
            if ratio is not None and gain is not None and not math.isnan(gain + ratio):
                self.ratios.append(ratio)
                self.alphas.append((math.exp(min(0.0, gain)), math.exp(min(0.0, gain + ratio))))
        n_states = min(len(chain.scores) for chain in chains)
        if n_states < LEAST_STATES:
            return
        trace = [chain.scores[:n_states] for chain in chains]
        self.n_states, self.n_chains = max(self.n_states, n_states * len(chains)), max(self.n_chains, len(chains))
        self.lags.append(lag_one(trace))
        self.sizes.append(effective_size(trace))
        if len(chains) > 1:
            self.r_hats.append(r_hat(trace))


def mixings(context: Context, passes: Iterable[str]) -> dict[str, Mixing]:
    """What the chains of each of these passes came to, by the pass; those whose walks ask no rule have none."""
    wanted = {RECORDS[Decision], RECORDS[Score]}
    parts = context.directory.manifest.parts
    found = {name: Mixing() for name in passes if name in parts and wanted <= set(parts[name].tables)}
    for name, mixing in found.items():
        for _, chains in groupby(_chains(context, name), key=lambda chain: chain.prompt):
            mixing.add(list(chains))
    return {name: mixing for name, mixing in found.items() if mixing.asked}


def _chains(context: Context, part: str) -> Iterator[Chain]:
    """The chains of a pass that were walked to their ends, in order."""
    layout = context.directory.layout
    shards = shards_of(layout, part)
    tables = [files_of(layout, shards, table) for table in ("ledger", RECORDS[Decision], RECORDS[Score])]
    for files in zip(*tables, strict=True):
        lines, decisions, scores = (read_shards([path]) for path in files)
        decided = {row["id"]: row for row in decisions}
        values = {row["id"]: row["value"] for row in scores}
        for (_, item), rows in groupby(lines, key=lambda row: (row["number"], row["id"])):
            records = {
                row["stage"].removeprefix(f"{part}."): row["record"] for row in rows if row["outcome"] == ANSWERED
            }
            if chain := _chain(item, records, decided, values):
                yield chain


def _chain(
    item: str, records: Mapping[str, str], decided: Mapping[str, Mapping[str, Any]], values: Mapping[str, float]
) -> Chain | None:
    n_sweeps = sum(step.startswith(ACCEPT) for step in records)
    steps = [decided.get(records.get(f"{ACCEPT}{sweep}", "")) for sweep in range(1, n_sweeps + 1)]
    found = [values.get(records.get(f"{SCORE}{sweep}", "")) for sweep in range(n_sweeps + 1)]
    decisions, known = [one for one in steps if one is not None], [one for one in found if one is not None]
    if not n_sweeps or len(decisions) < n_sweeps or len(known) <= n_sweeps:
        return None
    states = known[:1]
    for decision, score in zip(decisions, known[1:], strict=True):
        states.append(score if decision["accepted"] else states[-1])
    return Chain(prompt=item.rpartition("/")[0], decisions=decisions, scores=states)


def told_of_chains(mixed: Mapping[str, Mixing]) -> list[str]:
    """The same as lines for a user."""
    return [line for name, mixing in mixed.items() for line in _told(name, mixing)]


def _told(name: str, mixing: Mixing) -> list[str]:
    from statistics import mean, median

    shares = ", ".join(
        f"{mixing.accepted[sweep] / n:.3f}" + (f" (sweep {sweep})" if len(mixing.asked) > 1 else "")
        for sweep, n in sorted(mixing.asked.items())
    )
    lines = [f"{name}: accepted {shares} of {max(mixing.asked.values())} chains"]
    if mixing.ratios:
        ordered = sorted(mixing.ratios)
        low, high = ordered[len(ordered) // 20], ordered[-1 - len(ordered) // 20]
        without, exactly = (mean(pair[place] for pair in mixing.alphas) for place in (0, 1))
        otherwise = mean(abs(one - other) for one, other in mixing.alphas)
        lines.append(
            f"{name}: log of the proposal ratio: median {median(ordered):.2f} nats, nine tenths from {low:.2f} to {high:.2f} "
            f"(n = {len(ordered)}); where these chains stood the scores alone would accept {without:.3f}, with the ratio "
            f"{exactly:.3f}, and {otherwise:.3f} of the steps would be decided otherwise"
        )
    lags, sizes, r_hats = (
        [one for one in row if not math.isnan(one)] for row in (mixing.lags, mixing.sizes, mixing.r_hats)
    )
    if lags and sizes:
        lines.append(
            f"{name}: scores along the chains of a prompt, medians over prompts where they change: autocorrelation "
            f"{median(lags):.2f}, effective sample size {median(sizes):.1f} of {mixing.n_states} states"
        )
    if r_hats:
        apart = sum(one > 1.01 for one in r_hats) / len(r_hats)
        lines.append(
            f"{name}: R-hat over {mixing.n_chains} chains of a prompt: median {median(r_hats):.3f}, above 1.01 for {apart:.0%} of "
            f"{len(r_hats)} prompts"
        )
    return lines


def measures_of_chains(mixed: Mapping[str, Mixing]) -> list[Measure]:
    """The same as numbers: the share accepted at each sweep with its interval, and medians over prompts or steps."""
    return [measure for name, mixing in mixed.items() for measure in _measures(name, mixing)]


def _measures(name: str, mixing: Mixing) -> list[Measure]:
    from statistics import fmean, median

    from sctk_core.statistics import wilson

    found = []
    for sweep, n in sorted(mixing.asked.items()):
        share = wilson(mixing.accepted[sweep], n)
        metric = f"accepted at sweep {sweep}"
        found.append(Measure(arm=name, metric=metric, value=share.value, low=share.low, high=share.high, n=n))
    rows = {
        "log proposal ratio, median": mixing.ratios, "autocorrelation, median": mixing.lags,
        "effective sample size, median": mixing.sizes, "R-hat, median": mixing.r_hats,
    }  # fmt: skip
    means = {
        "acceptance by scores alone": [one for one, _ in mixing.alphas],
        "acceptance with the proposal ratio": [other for _, other in mixing.alphas],
        "decided otherwise with the ratio": [abs(one - other) for one, other in mixing.alphas],
    }
    told = {metric: [one for one in values if not math.isnan(one)] for metric, values in rows.items()}
    known = {metric: (median(values), len(values)) for metric, values in told.items() if values}
    known |= {metric: (fmean(values), len(values)) for metric, values in means.items() if values}
    return found + [
        Measure(arm=name, metric=metric, value=value, low=None, high=None, n=n)
        for metric, (value, n) in known.items()
        if math.isfinite(value)
    ]
