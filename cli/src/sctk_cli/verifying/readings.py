"""What lies in a run: the value of each metric for each arm and prompt, the groups of prompts, and what each arm cost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sctk_core import SctkError, StoreError
from sctk_core.plan import ANSWERS, EVALUATION
from sctk_core.store.facts import ArmCost
from sctk_core.store.reader import RunReader
from sctk_core.store.rows import object_in, parents_of

from sctk_cli.terminal import clean, say
from sctk_cli.verifying.trials import Trial

ByPrompt = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """`values` maps (metric, arm) to a value for each prompt's id; `groups` the ids of prompts that have one to their group."""

    values: Mapping[tuple[str, str], ByPrompt]
    groups: Mapping[str, str]
    costs: Sequence[ArmCost]


def read(run: Path) -> Reading:
    """The values of a finished run; a metric of an evaluation that has a name is called NAME.METRIC, as in the run's table."""
    reader = RunReader(run)
    values: dict[tuple[str, str], dict[str, float]] = {}
    groups: dict[str, str] = {}
    for table in [name for name in reader.tables() if name.endswith("/values")]:
        part = table.removesuffix("/values")
        before = "" if part == EVALUATION else f"{part}."
        prompts = _prompts(reader, part, groups)
        for row in reader.rows(reader.tables()[table]):
            prompt = prompts.get((row["arm"], row["sample_id"]))
            if prompt is not None:
                values.setdefault((before + row["metric"], row["arm"]), {})[prompt] = row["value"]
    return Reading(values=values, groups=groups, costs=reader.manifest.costs)


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
