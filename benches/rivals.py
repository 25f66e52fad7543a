"""The arms at equal tokens over seeds: does a method beat what its tokens could have bought?

    uv run python benches/rivals.py rdpo dsc --seeds 5 --out runs/rivals

Each seed is a run of its own: other prompts of the same splits, other draws, another order of training. A run that is finished
is read and not made again, so the same line goes on where it stopped. Of each arm the mean over seeds, and the student's lead
over it with Student's interval over seeds (few seeds make it wide); beside them, in how many runs the paired test over prompts
says that the student is above the arm, or below it. A run of the embedded world takes three to five minutes of one CPU.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from sctk_core import Measure, mean_with_interval
from sctk_core.assembly import assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute
from sctk_core.statistics import Estimate, is_claim

METRICS = ("truth", "reward")


def run_of(method: str, seed: int, arms: Sequence[str], out: Path) -> RunResult:
    """One run of the method's own recipe with these arms, on the prompts and draws of a seed."""
    known = catalogue()
    sections = {"method": {"use": method, "arms": list(arms)}, "run": {"seed": seed}, "source": {"seed": seed}}
    recipe = with_defaults([Layer(origin="bench", sections=sections)], known)
    return execute(assemble(recipe, known), out=out / f"{method}-{seed}")


def lines_of(results: Sequence[RunResult], metric: str) -> Iterator[str]:
    """The table of one metric as Markdown."""
    yield f"| {metric} | mean | student's lead | above, below | tokens written for its data | rows trained | steps |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for arm in [cost.arm for cost in results[0].costs]:
        values = [_row(result, metric, arm).value for result in results]
        leads = [] if arm == "student" else [_row(result, metric, f"student-{arm}") for result in results]
        signs = [one.value > 0 for one in leads if is_claim(one.verdict)]
        lead = told(mean_with_interval([one.value for one in leads])) if leads else ""
        counts = f"{sum(signs)}, {len(signs) - sum(signs)} of {len(leads)}" if leads else ""
        yield f"| {arm} | {sum(values) / len(values):.3f} | {lead} | {counts} | {_costs(results, arm)} |"


def told(found: Estimate) -> str:
    """A lead with its interval, where there is one."""
    if found.low is None or found.high is None:
        return f"{found.value:+.3f}"
    return f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _row(result: RunResult, metric: str, arm: str) -> Measure:
    return next(row for row in result.metrics if (row.metric, row.arm) == (metric, arm))


def _costs(results: Sequence[RunResult], arm: str) -> str:
    """Tokens, rows and steps, on the mean over runs."""
    found = [cost for result in results for cost in result.costs if cost.arm == arm]
    names = ("tokens_written", "n_rows", "n_steps")
    return " | ".join(f"{sum(getattr(cost, name) for cost in found) / len(found):,.0f}" for name in names)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("methods", nargs="+")
    asked.add_argument("--seeds", type=int, default=5)
    asked.add_argument("--arms", default="all")
    asked.add_argument("--out", type=Path, default=Path("runs/rivals"))
    given = asked.parse_args()
    for method in given.methods:
        results = [run_of(method, seed, given.arms.split(","), given.out) for seed in range(given.seeds)]
        for metric in METRICS:
            print(f"\n{method}, {given.seeds} seeds", *lines_of(results, metric), sep="\n")


if __name__ == "__main__":
    main()
