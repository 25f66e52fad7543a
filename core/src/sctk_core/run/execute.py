"""A recipe in, a run directory with tables, models, ledger and metrics out.

The units of the plan one after another, each where it is still owed: whatever was finished before is not done again, and the
same line again goes on where it stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import tomli_w

from sctk_core.assembly import Assembly, Part, notes_before
from sctk_core.assembly.blame import Blame, texts_of, who_is
from sctk_core.assembly.parts import answer_of
from sctk_core.identity import directory_digest
from sctk_core.ledger import StageCount
from sctk_core.pipeline.asking import CannotStart, Desk
from sctk_core.pipeline.events import Event, RunFinished, RunStarted
from sctk_core.pipeline.observers import Observers
from sctk_core.pipeline.patience import Patience
from sctk_core.plan import HELD_OUT, Evaluate
from sctk_core.recipe import TYPED, Recipe
from sctk_core.run.chains import measures_of_chains, mixings, told_of_chains
from sctk_core.run.context import Context
from sctk_core.run.costs import costs_of
from sctk_core.run.crews import Crews
from sctk_core.run.curating import notes_of, sieve
from sctk_core.run.differences import forget, prepare
from sctk_core.run.engines import Engines
from sctk_core.run.evaluation import evaluate, losses, measures_of
from sctk_core.run.fitting import fit
from sctk_core.run.generating import generate, players_of
from sctk_core.run.intake import take_in
from sctk_core.run.loop import RunLoop, give_up
from sctk_core.run.noise import told_of_noise
from sctk_core.run.result import RunResult, is_as_noted, read_result
from sctk_core.run.training import notes_of as notes_of_training
from sctk_core.run.training import train
from sctk_core.run.units import Unit, units_of
from sctk_core.run.watch import Watch
from sctk_core.store.directory import RunDirectory
from sctk_core.store.layout import Layout
from sctk_core.store.part import is_whole, list_digest, shards_of

log = logging.getLogger("sctk")


def run_path(assembly: Assembly, out: Path | None) -> Path:
    """Where a run lies: where the user says, else runs/METHOD-FINGERPRINT, so that the same line finds it again."""
    return out or Path("runs") / f"{assembly.method}-{assembly.fingerprint[:8]}"


def execute(
    assembly: Assembly,
    *,
    out: Path | None = None,
    observers: Sequence[Callable[[Event], None]] = (),
    redo: Collection[str] = (),
) -> RunResult:
    """Runs, or goes on, to the end. What stops it comes out as an SctkError, and what was finished is kept.

    `redo` names parts that are made anew, with all that follows from them, although they are finished.
    """
    blame = _blame(assembly)
    with blame.told(), Watch(blame.of_chain) as watch:
        try:
            return _executed(assembly, run_path(assembly, out), observers, redo, watch)
        except CannotStart as stopped:
            raise stopped.error from stopped


def _blame(assembly: Assembly) -> Blame:
    return Blame(assembly.catalogue, [*assembly.parts.values(), *assembly.listed])


def _executed(
    assembly: Assembly, path: Path, observers: Sequence[Callable[[Event], None]], redo: Collection[str], watch: Watch
) -> RunResult:
    bound_s = assembly.settings.timeout_s
    typed = assembly.recipe.origins.get("watcher", "") in TYPED
    needs = {"folder": None if typed else Layout(path).logs}
    watchers = {
        _told_by(part.built(assembly.catalogue, needs), watch, bound_s): who_is(part) for part in assembly.watchers
    }
    notify = Observers([*observers, *watchers], watchers)
    units = units_of(assembly)
    with RunDirectory(
        path, fingerprint=assembly.fingerprint, method=assembly.method, shard_rows=assembly.settings.shard_rows
    ) as directory:
        resumed = directory.layout.manifest.exists()
        prepare(directory, units, redo, assembly.fingerprint)
        notify(RunStarted(run=str(path), method=assembly.method, resumed=resumed))
        if not is_finished(directory, units):
            _Execution(assembly, directory, units, notify).run(watch)
        result = read_result(directory.layout, directory.manifest)
        notify(RunFinished(run=str(path), state=result.state))
        return result


def _told_by(watcher: Any, watch: Watch, bound_s: float) -> Callable[[Event], None]:
    """What tells a watcher of an event, in the time of an ask."""

    def tell(event: Event) -> None:
        with watch.over(bound_s):
            watcher.notify(event)

    return tell


def is_finished(directory: RunDirectory, units: Sequence[Unit]) -> bool:
    """Whether a run is done and whole: its parts, its models, and what lies beside them."""
    manifest, layout = directory.manifest, directory.layout
    if manifest.state != "done" or not all(is_as_noted(manifest, path) for path in (layout.metrics, layout.recipe)):
        return False
    return all(is_complete(directory, unit) and not lacks_model(directory, unit) for unit in units)


def is_complete(directory: RunDirectory, unit: Unit) -> bool:
    """Whether a unit's part holds all of its items, and its files are as they were written."""
    noted, layout = directory.manifest.parts.get(unit.part), directory.layout
    if noted is None or noted.total is None or noted.fingerprint != unit.fingerprint:
        return False
    if noted.digest != list_digest(layout, unit.part):
        return False
    shards = shards_of(layout, unit.part)
    held = sum(shard.stop - shard.first for shard in shards if is_whole(layout, shard, noted.tables))
    return held == noted.total and (unit.kind != "training" or unit.what.arm in directory.manifest.arms)


def lacks_model(directory: RunDirectory, unit: Unit) -> bool:
    """Whether the model of a training is gone, or not what was saved."""
    if unit.kind != "training":
        return False
    path = directory.layout.model(unit.what.arm)
    return not path.is_dir() or directory_digest(path) != directory.manifest.arms[unit.what.arm]["digest"]


TWICE = (
    "{n} requests were asked again while their answer was under way (the same question of two items, or a run beside this one), "
    "and paid for twice: the first answers stand ({path})"
)
DOES = {"intake": take_in, "curation": sieve, "pass": generate, "fit": fit, "training": train, "evaluation": evaluate}
"""What is done for each kind of unit."""


class _Execution:
    """One run under way."""

    def __init__(
        self, assembly: Assembly, directory: RunDirectory, units: Sequence[Unit], notify: Callable[[Event], None]
    ) -> None:
        self._assembly, self._directory, self._units, self._notify = assembly, directory, units, notify
        self._notes_before: list[str] = []

    def run(self, watch: Watch) -> None:
        """All units, each where it is still owed."""
        self._open()
        self._notes_before = notes_before(self._assembly)
        for note in self._notes_before:
            log.warning(note)
        settings = self._assembly.settings
        runner = RunLoop(watch, settings.timeout_s)
        desk = Desk(
            run_seed=settings.seed,
            timeout_s=settings.timeout_s,
            patience=Patience(settings.patience_s),
            notify=self._notify,
            thoughts={name: role.thoughts for name, role in self._assembly.speaking.items()},
            longest=settings.longest,
            stuck=partial(give_up, _blame(self._assembly), runner),
        )
        engines = Engines(
            self._assembly.catalogue, self._directory.replies, settings.seed, settings.longest, settings.timeout_s,
            unwatched=lambda: watch.over(0.0),
        )  # fmt: skip
        crews = Crews(self._assembly, engines, desk)
        context = Context(
            assembly=self._assembly, directory=self._directory, engines=engines, crews=crews, runner=runner,
            notify=self._notify, watch=watch,
        )  # fmt: skip
        try:
            for place, unit in enumerate(self._units):
                self._do(context, unit)
                runner.run(engines.close_but(self._still_wanted(context, self._units[place + 1 :])))
        finally:
            runner.run(engines.close_but())
            crews.close()
            runner.close()
        self._end(context)

    def _still_wanted(self, context: Context, to_come: Sequence[Unit]) -> set[str]:
        """The engines that the next pass asks; none where a training comes before it, which wants the room."""
        following = next((unit for unit in to_come if unit.kind not in ("curation", "fit")), None)
        if following is None or following.kind != "pass":
            return set()
        one = following.what
        return context.crews.engines_of(self._assembly.crew_of(one), players_of(context, one))

    def _open(self) -> None:
        manifest = self._directory.manifest
        manifest.components = self._assembly.components
        roles: Any = {name: role.facts | asdict(role.model) for name, role in self._assembly.speaking.items()}
        manifest.roles = roles
        manifest.model = asdict(self._assembly.student.model)
        manifest.state = "running"
        self._directory.save()
        self._directory.write_text(self._directory.layout.recipe, tomli_w.dumps(as_toml(self._assembly.recipe)))

    def _do(self, context: Context, unit: Unit) -> None:
        """One unit, unless it is complete."""
        noted = self._directory.manifest.parts.get(unit.part)
        if noted is not None and noted.inputs != context.inputs(unit):
            forget(self._directory, unit)  # what it reads was torn, and came out otherwise when it was made again
        untrained = unit.kind == "training" and not context.trained(unit)
        if untrained or not is_complete(self._directory, unit):
            DOES[unit.kind](context, unit)

    def _end(self, context: Context) -> None:
        manifest = self._directory.manifest
        evaluations = [unit for unit in self._units if unit.kind == "evaluation"]
        measures = [measure for unit in evaluations for measure in measures_of(context, unit)]
        mixed = mixings(context, [unit.part for unit in self._units if unit.kind == "pass"])
        numbers = [*measures, *measures_of_chains(mixed)]
        self._directory.write_json(self._directory.layout.metrics, [asdict(measure) for measure in numbers])
        manifest.notes = [*losses(measures), *self._notes(context), *told_of_chains(mixed)]
        manifest.costs = costs_of(context)
        manifest.state = "done"
        self._directory.save()

    def _notes(self, context: Context) -> list[str]:
        """What a user should know beside the numbers."""
        method = self._assembly.parts["method"]
        reading = texts_of(method, lambda: filter(None, [_reading(method)]), "reading")
        notes = [*reading, *self._assembly.notes, *self._notes_before]
        for unit in self._units:
            if unit.kind == "curation" or (unit.kind == "intake" and unit.what != HELD_OUT):
                notes += notes_of(context, unit)
            elif unit.kind == "training":
                notes += notes_of_training(unit.what.arm, self._directory.manifest.arms[unit.what.arm])
            elif unit.kind == "evaluation" and _is_empty(context, unit.what):
                notes.append("nothing was evaluated: the source has no held-out prompts")
            elif unit.kind == "evaluation" and unit.what.over == HELD_OUT and context.drawn:
                notes.append(f"{unit.name}: {context.drawn.told('run.eval_limit', 'held-out prompts')}")
            if unit.kind == "evaluation" and (line := told_of_noise(context, unit.what)):
                notes.append(f"{unit.name}: {line}")
        if n_twice := self._directory.replies.n_twice:
            notes.append(TWICE.format(n=n_twice, path=self._directory.layout.replies))
        return notes + [line for stage in _stages(self._directory) for line in stage.told()]


def _stages(directory: RunDirectory) -> Sequence[StageCount]:
    return read_result(directory.layout, directory.manifest).ledger


def _is_empty(context: Context, one: Evaluate) -> bool:
    return one.over == HELD_OUT and not len(context.table(HELD_OUT))


def as_toml(recipe: Recipe) -> dict[str, Any]:
    """The merged recipe as TOML sections; what is None is left out, for TOML has no word for it."""
    sections: dict[str, Any] = {name: dict(values) for name, values in recipe.sections.items()}
    lists = {
        "curate": recipe.curation, "evaluator": recipe.evaluators, "pairwise": recipe.pairwise, "test": recipe.tests,
        "watcher": recipe.watchers,
    }  # fmt: skip
    return sections | {name: [dict(row) for row in rows] for name, rows in lists.items() if rows}


def _reading(method: Part) -> Any:
    """What a method's class says of how its paper was read, or a function of its Config."""
    found = getattr(method.target, "reading", "")
    return answer_of(method, "reading", method.config) if callable(found) else found
