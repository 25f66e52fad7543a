"""What lies in a run: the value of each metric for each arm and prompt, the groups of prompts, and what each arm cost."""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sctk_core import SctkError, StoreError
from sctk_core.plan import ANSWERS, EVALUATION
from sctk_core.run.measuring import FIRST_PLACE
from sctk_core.run.outcomes import OUTCOMES, Compared
from sctk_core.statistics import group_of
from sctk_core.store.facts import ArmCost
from sctk_core.store.layout import Layout
from sctk_core.store.manifest import load_manifest
from sctk_core.store.reader import RunReader
from sctk_core.store.rows import object_in, parents_of

from sctk_cli.terminal import clean, say
from sctk_cli.verifying.trials import Trial

__all__ = ["OUTCOMES", "ByPrompt", "Compared", "Reading", "read", "settings_in", "with_readings"]
ByPrompt = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """`values` maps (metric, arm) to a value for each prompt's id; `groups` the ids of prompts that have one to their group.

    What a comparer says of two arms stands under "student-sft". `answered` maps (evaluation, arm) to the ids of the prompts that
    the arm answered.
    """

    values: Mapping[tuple[str, str], ByPrompt]
    groups: Mapping[str, str]
    costs: Sequence[ArmCost]
    answered: Mapping[tuple[str, str], Collection[str]] = field(default_factory=dict)

    def compared(self, comparer: str, one: str, other: str) -> dict[str, Compared | None]:
        """What a comparer said of two arms in both orders, by the prompts that both answered; None: nothing of this one.

        Empty: it was not asked of the two.
        """
        pair = f"{one}-{other}"
        ours, places = self.values.get((comparer, pair), {}), self.values.get((f"{comparer}{FIRST_PLACE}", pair), {})
        known = ours.keys() & places.keys()
        both = set(self.answered.get((EVALUATION, one), ())) & set(self.answered.get((EVALUATION, other), ()))
        told = {name: Compared.of(ours[name], places[name]) if name in known else None for name in sorted(both)}
        return told if known else {}

    @property
    def comparers(self) -> list[str]:
        """The comparers of arms of the usual evaluation."""
        metrics = dict.fromkeys(metric for metric, _ in self.values)
        ended = (metric.removesuffix(FIRST_PLACE) for metric in metrics if metric.endswith(FIRST_PLACE))
        return [metric for metric in ended if metric in metrics and "." not in metric]

    def group(self, prompt: str) -> Hashable:
        """The group that a prompt belongs to; one of its own where it has none."""
        return group_of(prompt, self.groups)


def read(run: Path) -> Reading:
    """The values of a finished run; a metric of an evaluation that has a name is called NAME.METRIC, as in the run's table."""
    reader = RunReader(run)
    values: dict[tuple[str, str], dict[str, float]] = {}
    groups: dict[str, str] = {}
    answered: dict[tuple[str, str], set[str]] = {}
    for table in [name for name in reader.tables() if name.endswith("/values")]:
        part = table.removesuffix("/values")
        before = "" if part == EVALUATION else f"{part}."
        prompts = _prompts(reader, part, groups)
        for (arm, _), answer_to in prompts.items():
            answered.setdefault((part, arm), set()).add(answer_to)
        firsts = _firsts({arm for arm, _ in prompts})
        for row in reader.rows(reader.tables()[table]):
            arm = str(row["arm"])
            prompt = prompts.get((firsts.get(arm, arm), row["sample_id"]))
            if prompt is not None:
                values.setdefault((before + row["metric"], row["arm"]), {})[prompt] = row["value"]
    return Reading(values=values, groups=groups, costs=reader.manifest.costs, answered=answered)


def settings_in(run: Path, section: str) -> Mapping[str, Any]:
    """The settings that the component of a section has in a run, finished or not; none where there is no manifest."""
    manifest = load_manifest(Layout(run).manifest)
    component = manifest.components.get(section) if manifest else None
    return component["settings"] if component else {}


def _firsts(arms: Collection[str]) -> dict[str, str]:
    """Two arms as they are called together -> the first of them, whose answer stands for both.

    >>> _firsts(["sft", "student"])["student-sft"]
    'student'
    """
    return {f"{one}-{other}": one for one in arms for other in arms if f"{one}-{other}" not in arms}


def with_readings(trials: Sequence[Trial]) -> tuple[list[Trial], dict[tuple[str, int], Reading]]:
    """The trials, those that cannot be read as failed ones, and what the others measured by experiment and seed."""
    found: dict[tuple[str, int], Reading] = {}
    told = list(trials)
    for place, one in enumerate(trials):
        if not one.error:
            try:
                found[one.experiment.name, one.seed] = read(one.run)
            except SctkError as error:
                say(f"failed: {one.experiment.name}, seed {one.seed}: {clean(str(error), one_line=True)}")
                told[place] = replace(one, error=str(error), exit_code=error.exit_code)
    return told, found


def _prompts(reader: RunReader, part: str, groups: dict[str, str]) -> dict[tuple[str, str], str]:
    """(arm, id of its answer) -> id of the prompt, and into `groups` the groups of prompts."""
    found: dict[tuple[str, str], str] = {}
    for table, shards in reader.tables().items():
        where, _, name = table.rpartition("/")
        if name != ANSWERS or where.rpartition("/")[0] != part:
            continue
        for row in reader.rows(shards):
            found[where.rpartition("/")[2], row["id"]] = row["prompt_id"]
            if row["prompt_id"] not in groups:
                group = _group(row, reader.path / table)
                if group is not None:
                    groups[row["prompt_id"]] = json.dumps(group, sort_keys=True)
    return found


def _group(row: Mapping[str, Any], table: Path) -> Any:
    """The group of the prompt that a row answers, None where it has none; a StoreError where the row does not hold its prompt."""
    try:
        prompt = parents_of(row).get(row["prompt_id"], {})
        return object_in({"id": row["prompt_id"]} | dict(prompt), "meta").get("group")
    except StoreError as error:
        raise StoreError(f"{table}: {error.message}", hint=error.hint) from error
