"""`sctk knowledge tables`: runs in the form of the paper's Tables 1 and 2, out of what they measured; no model is asked.

Table 1: the share of right answers on each question set (`[[test]]`) by arm, and their average. Table 2: how often a comparer of
arms (`[[pairwise]]`) prefers an arm to the tuned model in both orders, ties, losses and what it did not say. Runs that differ by
their seed are pooled: seeds are resampled, and prompts within them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

import click
from sctk_cli.terminal import put, put_json, say, table
from sctk_cli.verifying.pooling import Cell, Values, pooled
from sctk_cli.verifying.readings import OUTCOMES, Compared, Reading, read
from sctk_core import ConfigError

from sctk_knowledge.kept import knowledge

TEST, EXAM = "test-", "evaluation"
AVERAGE = "average"
EPILOG = """\\b
Examples:
  sctk knowledge tables runs/first
  sctk knowledge tables runs/seed-0 runs/seed-1 runs/seed-2 --json
  sctk knowledge tables runs/first --against base"""


@knowledge.command(epilog=EPILOG)
@click.argument("runs", type=click.Path(path_type=Path, exists=True, file_okay=False), nargs=-1, required=True)
@click.option("--against", default="sft", show_default=True, help="The arm that the others are compared with.")
@click.option("--json", "json_", is_flag=True, help="Print one object for each row on standard output.")
def tables(runs: tuple[Path, ...], against: str, json_: bool) -> None:
    """Show runs in the form of the paper's Tables 1 and 2."""
    readings = [read(run) for run in runs]
    first, second = list(accuracies(readings, against)), list(preferences(readings, against))
    if not first and not second:
        raise ConfigError(
            f"{runs[0]}: got a run without a question set and without a comparer of {against!r} with other arms",
            hint="[[test]] names questions, [[pairwise]] a comparer; --against base names another arm",
        )
    for row in (*first, *second) if json_ else ():
        put_json({name: asdict(cell) if isinstance(cell, Cell) else cell for name, cell in row.items()})
    if not json_:
        _show(f"Right answers on question sets, and less {against}", first)
        _show(f"Compared with {against}", second)
    say(f"{len(runs)} runs; 95 % intervals" + (", seeds resampled and prompts within them" if len(runs) > 1 else ""))


def _show(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        heads = [name for name in rows[0] if name != "table"]
        for line in [title, *table(heads, [[str(row.get(head, "")) for head in heads] for row in rows]), ""]:
            put(line)


def accuracies(readings: Sequence[Reading], against: str) -> Iterator[dict[str, Any]]:
    """The rows of Table 1: each arm on each set and on average, then each arm less `against`, paired by question."""
    sets = _sets(readings)
    arms = _arms(readings, [f"{TEST}{name}" for name in sets])
    for arm in arms if sets else ():
        yield _accuracy(readings, sets, arm)
    for arm in arms:
        if arm != against and against in arms:
            yield _accuracy(readings, sets, arm, against)


def _accuracy(readings: Sequence[Reading], sets: Mapping[str, str], arm: str, against: str = "") -> dict[str, Any]:
    """An arm on each set and on average; less another, where one is named."""
    by_set = {
        one: [_grouped(found, _values(found, metric, arm, against)) for found in readings]
        for one, metric in sets.items()
    }
    pool = partial(pooled, paired=bool(against))
    row: dict[str, Any] = {"table": 1, "arm": f"{arm} - {against}" if against else arm}
    row |= {one: pool(values) for one, values in by_set.items()}
    if len(sets) > 1:
        row[AVERAGE] = pool([_averaged(run) for run in zip(*by_set.values(), strict=True)])
    return row


def _values(found: Reading, metric: str, arm: str, against: str) -> Mapping[str, float]:
    """An arm's values by prompt; less another's, of the prompts that both have one of."""
    ours = found.values.get((metric, arm), {})
    theirs = found.values.get((metric, against), {}) if against else dict.fromkeys(ours, 0.0)
    return {prompt: ours[prompt] - theirs[prompt] for prompt in ours if prompt in theirs}


def _averaged(run: Sequence[Values]) -> Values:
    """The numbers of a run's sets, weighted so that their mean is the mean of the sets' means; nothing where a set is missing."""
    n_all = sum(map(len, run))
    if not all(run):
        return []
    return [
        (value * n_all / (len(run) * len(one)), (place, group)) for place, one in enumerate(run) for value, group in one
    ]


def preferences(readings: Sequence[Reading], against: str) -> Iterator[dict[str, Any]]:
    """The rows of Table 2: for each comparer and each arm that it compared with `against` the shares of what came of it."""
    for metric in dict.fromkeys(one for found in readings for one in found.comparers):
        for arm in _arms(readings, [EXAM]):
            compared = [found.compared(metric, arm, against) for found in readings]
            if not any(one for run in compared for one in run.values()):
                continue
            row: dict[str, Any] = {"table": 2, "comparer": metric, "arm": arm}
            row |= {name: pooled(_of_counted(readings, compared, partial(_came_to, name=name))) for name in OUTCOMES}
            row["uncounted"] = pooled(
                [
                    _grouped(found, {prompt: float(one is None) for prompt, one in run.items()})
                    for found, run in zip(readings, compared, strict=True)
                ]
            )
            row["first chosen"] = pooled(_of_counted(readings, compared, attrgetter("firsts")))
            yield row


def _came_to(one: Compared, name: str) -> Sequence[float]:
    return (float(one.outcome == name),)


def _of_counted(
    readings: Sequence[Reading],
    compared: Sequence[Mapping[str, Compared | None]],
    of: Callable[[Compared], Sequence[float]],
) -> list[Values]:
    """Numbers of the prompts that were counted, by run."""
    return [
        [(value, found.group(prompt)) for prompt, one in run.items() if one is not None for value in of(one)]
        for found, run in zip(readings, compared, strict=True)
    ]


def _sets(readings: Sequence[Reading]) -> dict[str, str]:
    """Each question set, and the first metric that it is measured by."""
    sets: dict[str, str] = {}
    for metric, _ in (key for found in readings for key in found.values):
        if metric.startswith(TEST):
            sets.setdefault(metric.removeprefix(TEST).partition(".")[0], metric)
    return sets


def _arms(readings: Sequence[Reading], parts: Sequence[str]) -> list[str]:
    """The arms of these evaluations, base first and the student last."""
    found = dict.fromkeys(arm for one in readings for part, arm in one.answered if part in parts)
    return sorted(found, key=lambda arm: (arm.startswith("student"), arm != "base", arm != "sft", arm))


def _grouped(found: Reading, values: Mapping[str, float]) -> Values:
    return [(value, found.group(prompt)) for prompt, value in values.items()]
