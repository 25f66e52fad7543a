"""The composition root: a recipe in, a run directory with tables, models, ledger and metrics out.

Chains first, then each training, then every arm's answers to the held-out prompts, then the comparison. Whatever was finished
before is not done again; the same line again goes on where it stopped. Only this file knows everything.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import tomli_w

from sctk_core import curating, ledger, training
from sctk_core.asking import aside, scores
from sctk_core.assembly import Assembly
from sctk_core.differences import differences
from sctk_core.errors import CheckFailed, NothingAccepted
from sctk_core.evaluation import comparisons, measure
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.chain import Crew
from sctk_core.pipeline.events import Event, RunFinished, RunStarted, StageFinished, StageStarted
from sctk_core.pipeline.leg import Leg, one_scale, walk_all
from sctk_core.pipeline.observers import Observers
from sctk_core.pipeline.recording import RecordingBackend
from sctk_core.pipeline.stages import Collect, CritiqueStep, DraftStep, EvaluateStage, Step, Train
from sctk_core.plugins import build
from sctk_core.recipe import PROMPTS, Recipe
from sctk_core.records import Measure, ModelRef, Prompt, Sample, Score
from sctk_core.store.directory import Leg as StoredLeg
from sctk_core.store.directory import RunDirectory
from sctk_core.store.tables import read_shards, row_of

_TABLES = ("prompts", "samples", "critiques", "scores", "decisions", "failures", "ledger")
CHAINS = "chains"


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a run came to. `exit_code` is the command's; `notes` are what a user should know beside the numbers."""

    run: Path
    state: str
    ledger: Sequence[ledger.StageCount]
    metrics: Sequence[Measure]
    notes: Sequence[str] = ()
    exit_code: int = 0


def run_path(assembly: Assembly, out: Path | None) -> Path:
    """Where a run lies: where the user says, else runs/METHOD-FINGERPRINT, so that the same line finds it again."""
    return out or Path("runs") / f"{assembly.method}-{assembly.fingerprint[:8]}"


def execute(
    assembly: Assembly, *, out: Path | None = None, observers: Sequence[Callable[[Event], None]] = ()
) -> RunResult:
    """Runs, or goes on, to the end. What stops it comes out as an SctkError, and what was finished is kept."""
    path = run_path(assembly, out)
    notify = Observers([*observers, *(assembly.listed(part, {}).notify for part in assembly.watchers)])
    with RunDirectory(
        path,
        fingerprint=assembly.fingerprint,
        method=assembly.method,
        shard_rows=assembly.settings.shard_rows,
        differs=partial(differences, assembly, path),
    ) as directory:
        resumed = (path / "manifest.json").exists()
        notify(RunStarted(run=str(path), method=assembly.method, resumed=resumed))
        result = finished(directory) or Execution(assembly, directory, notify).run()
        notify(RunFinished(run=str(path), state=result.state))
        return result


def finished(directory: RunDirectory) -> RunResult | None:
    """The result of a run that is done and whole, or None."""
    manifest, path = directory.manifest, directory.path
    whole = all(training.trained(directory, arm) for arm in manifest.arms)
    if manifest.state != "done" or not whole or not (path / "metrics.json").exists():
        return None
    if set(manifest.shards) - set(manifest.legs):
        return None  # a shard was torn
    return read_result(path, manifest.notes, manifest.state)


def read_result(path: Path, notes: Sequence[str], state: str) -> RunResult:
    """The result that lies in a finished run's directory."""
    metrics = [Measure(**row) for row in json.loads((path / "metrics.json").read_text(encoding="utf-8"))]
    counts = ledger.count(read_shards([path / "ledger.parquet"]))
    return RunResult(run=path, state=state, ledger=counts, metrics=metrics, notes=notes)


class Execution:
    """One run under way."""

    def __init__(self, assembly: Assembly, directory: RunDirectory, notify: Callable[[Event], None]) -> None:
        self._assembly, self._directory, self._notify = assembly, directory, notify
        self._manifest = directory.manifest
        self._backends: dict[str, RecordingBackend] = {}
        self._entries: list[dict[str, Any]] = []
        self._complaints: list[str] = []
        self._notes: list[str] = [note for note in [getattr(assembly.parts["method"].target, "reading", "")] if note]

    def run(self) -> RunResult:
        """All stages, each where it is still owed."""
        self._open()
        with asyncio.Runner() as runner:
            try:
                self._walk_and_train(runner)
                measures = self._evaluate(runner)
            finally:
                runner.run(self._aclose())
        return self._end(measures)

    def _open(self) -> None:
        self._manifest.components = self._assembly.components
        self._manifest.model = asdict(self._assembly.model)
        self._manifest.state = "running"
        self._directory.save()
        self._directory.write_text("recipe.toml", tomli_w.dumps(as_toml(self._assembly.recipe)))

    # --- chains

    def _walk_and_train(self, runner: asyncio.Runner) -> None:
        collects = tuple(stage for stage in self._assembly.stages if isinstance(stage, Collect))
        steps = tuple(stage for stage in self._assembly.stages if isinstance(stage, Step))
        source, limit = self._assembly.source.instance, self._assembly.settings.limit
        prompts, kept = self._curated_prompts(runner, partial(_first, source.prompts, limit))
        with self._stage(CHAINS):
            chains = self._walk(runner, CHAINS, steps, collects, prompts, self._assembly.model)
        if kept is not None and kept != {row["id"] for row in chains.rows("prompts")}:
            self._complaints.append(f"{CHAINS}: the prompts that were walked are not those that curation kept")
        stays = {collect.table: self._curated_rows(runner, chains, collect) for collect in collects}
        if evaluation := self._evaluation():
            self._answer(runner, "base", evaluation)
        runner.run(self._aclose())
        by_table = {collect.table: collect for collect in collects}
        for stage in self._assembly.stages:
            if isinstance(stage, Train):
                with self._stage(stage.name):
                    rows = training.rows_of(chains, by_table[stage.table])
                    self._train(stage, list(filter(stays[stage.table], rows)))

    # --- curation

    def _curated_prompts(
        self, runner: asyncio.Runner, prompts: Callable[[], Iterable[Prompt]]
    ) -> tuple[Callable[[], Iterable[Prompt]], frozenset[str] | None]:
        """The prompts that are walked, and the ids of those that curation kept; None: the recipe curates no prompts."""
        if not self._assembly.curates(PROMPTS):
            return prompts, None
        asked = [prompt.id for prompt in prompts()]
        kept = self._curate(runner, (PROMPTS, curating.LEFT_OUT), lambda: list(prompts()), asked)
        return lambda: (prompt for prompt in prompts() if prompt.id in kept), kept

    def _curated_rows(self, runner: asyncio.Runner, chains: StoredLeg, collect: Collect) -> Callable[[Any], bool]:
        """Whether a row of a training table stays in it."""
        if not self._assembly.curates(collect.table):
            return lambda row: True
        asked = [row["id"] for row in chains.rows(collect.folder)]
        rows = partial(training.rows_of, chains, collect)
        kept = self._curate(runner, (collect.table, collect.folder), rows, asked)
        return lambda row: row.id in kept

    def _curate(
        self, runner: asyncio.Runner, names: tuple[str, str], rows: Callable[[], Sequence[Any]], asked: list[str]
    ) -> frozenset[str]:
        """The ids of a table (its name and its folder) that stay after curation; none is an error of its own."""
        table = curating.table(self._assembly, names, rows, self._needs())
        held_out, timeout_s = partial(self._held_out, 0), self._assembly.settings.timeout_s
        with self._stage(f"curate.{table.name}"):
            leg = curating.curated(self._directory, table, held_out, runner, timeout_s)
        found = curating.balance(leg, table, asked)
        self._complaints += found.complaints
        self._entries += found.entries
        self._notes += found.notes
        if asked and not found.kept:
            raise self._nothing_accepted(curating.nothing_left(found, table, self._directory.path))
        return found.kept

    # --- legs

    def _walk(
        self,
        runner: asyncio.Runner,
        name: str,
        steps: tuple[Step, ...],
        collects: tuple[Collect, ...],
        prompts: Callable[[], Iterable[Prompt]],
        model: ModelRef,
    ) -> StoredLeg:
        """Walks one leg where it is not complete, checks its ledger, and gives its sealed tables."""
        store = self._directory.leg(name, (*_TABLES, *(collect.folder for collect in collects)))
        settings = self._assembly.settings
        per_prompt = settings.chains if name == CHAINS else 1
        if not store.complete:
            leg = Leg(
                steps=steps, collects=collects, crew=self._crew(steps, model), row_of=row_of,
                chains_per_prompt=per_prompt, concurrency=settings.concurrency,
            )  # fmt: skip
            n_prompts = sum(1 for _ in one_scale(prompts(), steps))
            runner.run(walk_all(leg, prompts(), store, n_prompts, self._notify))
        rows = store.rows("ledger")
        chains = [f"{row['id']}/{number}" for row in store.rows("prompts") for number in range(per_prompt)]
        plan = [step.name + ("?" if isinstance(step, CritiqueStep) else "") for step in steps]
        self._complaints += ledger.complaints_of_chains(rows, chains, [*plan, *(c.name for c in collects)])
        self._entries += rows
        return store

    def _crew(self, steps: tuple[Step, ...], model: ModelRef) -> Crew:
        assembly, settings = self._assembly, self._assembly.settings
        backend = self._backend(model)
        needs = self._needs(backend)
        main = any(not isinstance(step, DraftStep) for step in steps)
        return Crew(
            backend=backend,
            sampling=assembly.sampling,
            critic=assembly.built("critic", needs) if main and "critic" in assembly.parts else None,
            scorer=self._scorer(backend) if main else None,
            rule=assembly.built("rule", needs) if main and "rule" in assembly.parts else None,
            names={section: part.name for section, part in assembly.parts.items()},
            run_seed=settings.seed,
            timeout_s=settings.timeout_s,
            retries=settings.retries,
        )

    def _needs(self, backend: RecordingBackend | None = None) -> dict[str, Any]:
        """What components may ask core for."""
        needs = {"model": self._assembly.model, "sampling": self._assembly.sampling}
        return needs if backend is None else needs | {"backend": backend}

    def _backend(self, model: ModelRef) -> RecordingBackend:
        """The one proxy of a model, until it is closed."""
        if model.digest not in self._backends:
            self._backends[model.digest] = self._proxy(model)
        return self._backends[model.digest]

    def _proxy(self, model: ModelRef) -> RecordingBackend:
        part = self._assembly.parts["backend"]
        where, among = self._assembly.recipe.where("backend"), self._assembly.catalogue

        def start() -> Any:
            needs = {"model": model}
            return build("backend", part.name, part.settings, needs, where=where, among=among).instance

        about = {"model": model.digest, "backend": part.facts["settings"] | {"name": part.name}}
        seed = self._assembly.settings.seed
        return RecordingBackend(start, self._directory.replies, about=about, run_seed=seed, name=part.name)

    def _scorer(self, backend: RecordingBackend) -> MicroBatcher[Sample, Score] | None:
        if "reward" not in self._assembly.parts:
            return None
        part = self._assembly.parts["reward"]
        reward = self._assembly.built("reward", self._needs(backend))
        return MicroBatcher(partial(scores, reward, part, self._assembly.settings.timeout_s))

    # --- training

    def _train(self, stage: Train, data: Sequence[Any]) -> None:
        if not data:
            message = f"{stage.name}: got 0 rows in table {stage.table!r}, wanted at least 1: nothing was accepted"
            hint = f"sctk show {self._directory.path} tells why rows were declined or failed"
            raise self._nothing_accepted(NothingAccepted(message, hint=hint))
        if training.trained(self._directory, stage.arm) is None:
            trainer = self._assembly.built(stage.section, self._needs())
            training.train(self._directory, stage, trainer, data, self._assembly.model)
        report = self._manifest.arms[stage.arm]
        entries = training.entries_of(stage, data, report["declined"])
        self._complaints += ledger.complaints_of_rows(stage.name, entries, [row.id for row in data])
        self._entries += entries
        if report["n_retokenised"]:
            count = f"{report['n_retokenised']} of {report['n_rows']} rows"
            self._notes.append(f"{stage.name}: {count} were tokenised again: their tokens are not the trainer's")

    def _nothing_accepted(self, error: NothingAccepted) -> NothingAccepted:
        """The error, after the ledger that explains it was written."""
        self._save_ledger()
        self._manifest.state = "nothing-accepted"
        self._directory.save()
        return error

    # --- evaluation

    def _evaluation(self) -> EvaluateStage | None:
        return next((stage for stage in self._assembly.stages if isinstance(stage, EvaluateStage)), None)

    def _held_out(self, limit: int) -> Iterable[Prompt]:
        """The source's held-out prompts, at most `limit` of them; 0: all."""
        source = self._assembly.source.instance
        if not hasattr(source, "held_out"):
            return []
        prompts = _first(source.held_out, limit)
        return (replace(prompt, given=None) for prompt in prompts)

    def _answer(self, runner: asyncio.Runner, arm: str, evaluation: EvaluateStage) -> None:
        """One arm answers the held-out prompts; all arms draw with the same seeds."""
        if arm not in evaluation.arms:
            return
        model = self._assembly.model if arm == "base" else training.trained(self._directory, arm)
        assert model is not None, arm
        step = DraftStep(name=f"evaluate.{arm}", seeded_as="evaluate")
        held_out = partial(self._held_out, self._assembly.settings.eval_limit)
        with self._stage(step.name):
            self._walk(runner, f"evaluation/{arm}", (step,), (), held_out, model)

    def _evaluate(self, runner: asyncio.Runner) -> list[Measure]:
        evaluation = self._evaluation()
        if evaluation is None:
            return []
        for arm in evaluation.arms:
            if arm != "base":
                self._answer(runner, arm, evaluation)
                runner.run(self._aclose())
        arms = {arm: training.samples_of(self._directory.leg(f"evaluation/{arm}", _TABLES)) for arm in evaluation.arms}
        if not any(arms.values()):
            self._notes.append("nothing was evaluated: the source has no held-out prompts")
            return []
        with self._stage("evaluate"):
            return runner.run(self._compare(arms, evaluation))

    async def _compare(self, arms: dict[str, list[Sample]], evaluation: EvaluateStage) -> list[Measure]:
        backend = self._backend(self._assembly.model)
        built = {part.name: self._assembly.listed(part, self._needs(backend)) for part in self._assembly.evaluators}
        evaluators = {part.name: aside(part, built[part.name].evaluate) for part in self._assembly.evaluators}
        measured = await measure(arms, self._scorer(backend), evaluators, self._assembly.settings.timeout_s)
        self._entries += measured.entries
        self._directory.write_table("evaluation/values.parquet", "values", measured.rows)
        return comparisons(measured, evaluation.differences, self._assembly.settings.seed)

    # --- the end

    def _end(self, measures: list[Measure]) -> RunResult:
        counts = self._save_ledger()
        self._directory.write_json("metrics.json", [asdict(measure) for measure in measures])
        self._manifest.notes = self._notes
        self._manifest.state = "unbalanced" if self._complaints else "done"
        self._directory.save()
        if self._complaints:
            shown = "; ".join(self._complaints[:3])
            raise CheckFailed(
                f"{self._directory.path}: the ledger does not balance: {len(self._complaints)} complaints: {shown}",
                hint="this is a fault of sctk or of a plugin: please report it with the run's manifest.json",
            )
        path, state = self._directory.path, self._manifest.state
        return RunResult(run=path, state=state, ledger=counts, metrics=measures, notes=tuple(self._notes))

    def _save_ledger(self) -> list[ledger.StageCount]:
        self._directory.write_table("ledger.parquet", "ledger", self._entries)
        return ledger.count(self._entries)

    def _stage(self, name: str) -> _Timed:
        return _Timed(name, self._notify)

    async def _aclose(self) -> None:
        backends, self._backends = self._backends, {}
        for backend in backends.values():
            await backend.aclose()


class _Timed:
    """Tells observers when a stage begins and ends."""

    def __init__(self, stage: str, notify: Callable[[Event], None]) -> None:
        self._stage, self._notify = stage, notify

    def __enter__(self) -> None:
        self._started = time.monotonic()
        self._notify(StageStarted(stage=self._stage, n_items=None))

    def __exit__(self, *_: object) -> None:
        self._notify(StageFinished(stage=self._stage, seconds=time.monotonic() - self._started))


def _first(prompts: Callable[[], Iterable[Prompt]], limit: int) -> Iterable[Prompt]:
    return itertools.islice(prompts(), limit or None)


def as_toml(recipe: Recipe) -> dict[str, Any]:
    """The merged recipe as TOML sections; what is None is left out, for TOML has no word for it."""
    sections: dict[str, Any] = {name: dict(values) for name, values in recipe.sections.items()}
    lists = {"curate": recipe.curation, "evaluator": recipe.evaluators, "watcher": recipe.watchers}
    return sections | {name: [dict(row) for row in rows] for name, rows in lists.items() if rows}
