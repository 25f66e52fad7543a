"""Training as a step of a run: rows out of the sealed tables, a trainer's report into the manifest, lines for the ledger.

A training that was finished (its report stands in the manifest and the model's bytes fit the digest) is not done again; one
that was killed starts again from its inputs.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sctk_core.errors import CheckFailed, SctkError
from sctk_core.identity import directory_digest
from sctk_core.pipeline.chain import Entry
from sctk_core.pipeline.stages import Collect, Train
from sctk_core.records import ModelRef, Pair, Prompt, Sample, TrainingData, TrainReport
from sctk_core.store.directory import Leg, RunDirectory
from sctk_core.store.failures import writing
from sctk_core.store.tables import prompt_from, sample_from


def samples_of(leg: Leg, table: str = "samples") -> list[Sample]:
    """The samples of a leg's table, in input order, with their prompts."""
    prompts = {row["id"]: prompt_from(row) for row in leg.rows("prompts")}
    return [sample_from(row, prompts[row["prompt"]]) for row in leg.rows(table)]


def rows_of(leg: Leg, collect: Collect) -> TrainingData:
    """The rows of a training table as records."""
    if collect.rows == "samples":
        return samples_of(leg, collect.folder)
    known = {sample.id: sample for sample in samples_of(leg)}
    return [_pair(row, known) for row in leg.rows(collect.folder)]


def _pair(row: Mapping[str, Any], known: Mapping[str, Sample]) -> Pair:
    chosen, rejected = known[row["chosen"]], known[row["rejected"]]
    prompt: Prompt = chosen.prompt
    return Pair(prompt=prompt, chosen=chosen, rejected=rejected, margin=row["margin"], probability=row["probability"])


def place_of(arm: str) -> str:
    """Where an arm's model lies in the run directory."""
    return "model" if arm == "student" else f"arms/{arm}"


def trained(directory: RunDirectory, arm: str) -> ModelRef | None:
    """The model of an arm that is finished and whole, or None."""
    found = directory.manifest.arms.get(arm)
    path = directory.path / place_of(arm)
    if found is None or not path.is_dir() or directory_digest(path) != found["digest"]:
        return None
    return ModelRef(path=str(path), digest=found["digest"])


def train(directory: RunDirectory, stage: Train, trainer: Any, data: TrainingData, model: ModelRef) -> ModelRef:
    """Trains an arm and notes its report in the manifest."""
    path = directory.path / place_of(stage.arm)
    with writing(path):
        if path.exists():
            shutil.rmtree(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    report = _reported(trainer, data, model, path, stage)
    digest = directory_digest(path)
    directory.manifest.arms[stage.arm] = asdict(report) | {"digest": digest}
    directory.save()
    return ModelRef(path=str(path), digest=digest)


def _reported(trainer: Any, data: TrainingData, model: ModelRef, path: Path, stage: Train) -> TrainReport:
    try:
        report = trainer.train(data, model, path)
    except SctkError:
        raise
    except Exception as error:
        raise CheckFailed(
            f"{stage.name}: the trainer failed: {type(error).__name__}: {error}",
            hint="the tables are kept: mend the trainer or its settings, and run the same line again",
        ) from error
    if not isinstance(report, TrainReport) or not path.is_dir():
        raise CheckFailed(
            f"{stage.name}: got {type(report).__name__} and {'a' if path.is_dir() else 'no'} directory {path}, "
            "wanted a TrainReport and a model directory",
            hint="the trainer breaks its contract: `sctk plugin check` tells more",
        )
    return report


def entries_of(stage: Train, data: Sequence[Any], declined: Mapping[str, str]) -> list[dict[str, Any]]:
    """One line of the ledger for each row that was to be trained on."""
    return [
        asdict(
            Entry(
                stage=stage.name,
                id=row.id,
                outcome="declined" if row.id in declined else "answered",
                record=row.id,
                reason=declined.get(row.id, ""),
            )
        )
        for row in data
    ]
