"""Conformance of the kinds that do not answer batches: source, curator, method, trainer, watcher."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import tomllib
from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sctk_core.pipeline.batching import aside
from sctk_core.pipeline.contract import checked_verdicts
from sctk_core.pipeline.events import ChainFinished, ItemFinished, RunFinished, RunStarted, StageFinished, StageStarted
from sctk_core.pipeline.stages import (
    AcceptStep,
    Chain,
    Collect,
    CritiqueStep,
    Declined,
    DraftStep,
    EvaluateStage,
    ReviseStep,
    ScoreStep,
    Stage,
    Train,
)
from sctk_core.protocols import Curator, Method, Source, Trainer, Watcher
from sctk_core.records import Critique, Decision, ModelRef, Pair, Prompt, Sample, Score, TrainingData, TrainReport
from sctk_core.testing.complaints import Complaints
from sctk_core.testing.examples import example_pairs, example_prompts, example_samples

STEPS = (DraftStep, CritiqueStep, ReviseStep, ScoreStep, AcceptStep)


def check_source(source: Source, *, n_prompts: int = 1000) -> None:
    """Raises a ContractError unless the first `n_prompts` are prompts, the same each time, unique, and none is held out."""
    found = Complaints(source)
    first, again = _prompts(found, "prompts", n_prompts), _prompts(found, "prompts", n_prompts)
    held_out = _prompts(found, "held_out", n_prompts)
    if not first and not found.lines:
        found.add("prompts(): got none, wanted one or more")
    if [one.id for one in first] != [one.id for one in again]:
        found.add("prompts(): got others the second time, wanted the same in the same order")
    for verb, prompts in (("prompts", first), ("held_out", held_out)):
        ids = [one.id for one in prompts]
        if len(set(ids)) < len(ids):
            found.add(f"{verb}(): got {len(ids) - len(set(ids))} equal ids, wanted repeated rows to count `occurrence`")
    for what, names in (("messages", _conversations), ("meta['group']", _groups)):
        shared = names(first) & names(held_out)
        if shared:
            found.add(
                f"held_out(): got {len(shared)} {what} that prompts() has too, wanted none ({min(shared)[:80]!r})"
            )
    found.done()


def _prompts(found: Complaints, verb: str, limit: int) -> list[Prompt]:
    """What the source yields, up to `limit`, and a complaint where that is no stream of prompts."""
    well, prompts = found.attempt(lambda: list(islice(getattr(found.component, verb)(), limit)), verb)
    strangers = [type(one).__name__ for one in prompts or () if not isinstance(one, Prompt)]
    if strangers:
        found.add(f"{verb}(): got a {strangers[0]}, wanted Prompt")
    return [one for one in prompts if isinstance(one, Prompt)] if well else []


def _conversations(prompts: Sequence[Prompt]) -> set[str]:
    return {"\n".join(message.content for message in one.messages) for one in prompts}


def _groups(prompts: Sequence[Prompt]) -> set[str]:
    return {one.meta["group"] for one in prompts if "group" in one.meta}


def check_curator(curator: Curator, rows: Sequence[Any] | None = None, *, timeout_s: float = 60.0) -> None:
    """Raises a ContractError unless `curator` keeps its contract on `rows` (else on example prompts, samples and pairs).

    One verdict per row, the same the second time, and none of an empty table; a row that stands for another one stays itself.
    """
    found = Complaints(curator, timeout_s=timeout_s)
    tables: list[Sequence[Any]] = [example_prompts(), example_samples(), example_pairs()] if rows is None else [rows]
    for table in tables:
        held_out = example_prompts()[1:3]
        first, again = (_verdicts(found, table, held_out) for _ in range(2))
        _verdicts(found, table[:0], held_out)
        _verdicts(found, table, [])
        if first is not None and again is not None and list(first) != list(again):
            found.add("curate(): got other verdicts the second time, wanted a pure function")
        gone = {row.id for row, verdict in zip(table, first or (), strict=False) if verdict is not None}
        if any(isinstance(verdict, Declined) and verdict.because in gone for verdict in first or ()):
            found.add("curate(): got a row left out because of one that is left out too, wanted the one that stays")
    found.done()


def _verdicts(found: Complaints, rows: Sequence[Any], held_out: list[Prompt]) -> Sequence[Any] | None:
    """The verdicts on a table, or None and a complaint where they cannot be used."""

    async def ask() -> Any:
        try:
            return await asyncio.wait_for(aside(lambda: curator.curate(tuple(rows), tuple(held_out))), found.timeout_s)
        except TimeoutError as error:
            raise TimeoutError(f"no answer to {len(rows)} rows within {found.timeout_s:g} s") from error

    curator: Any = found.component
    well, answer = found.attempt(lambda: asyncio.run(ask()), "curate")
    complaint = checked_verdicts(answer, rows, held_out) if well else ""
    if complaint:
        found.add(f"curate(): {complaint}")
    return answer.verdicts if well and not complaint else None


def check_method(method: Method) -> None:
    """Raises a ContractError unless the plan can be run: names, order of steps, tables, arms, and pure `build` functions."""
    found = Complaints(method)
    _check_recipe(found, getattr(type(method), "recipe", None))
    well, stages = found.attempt(method.stages, "stages")
    if well and not (isinstance(stages, tuple) and all(isinstance(one, Stage) for one in stages)):
        found.add(f"stages(): got {stages!r:.200}, wanted a tuple of stages")
    elif well:
        _check_stages(found, stages)
    found.done()


def _check_recipe(found: Complaints, recipe: object) -> None:
    """The method's default recipe is TOML text with a [source] and a [backend] that a run can begin with."""
    if not isinstance(recipe, str):
        found.add(f"recipe: got {recipe!r:.80}, wanted a class attribute with TOML text")
        return
    try:
        sections = tomllib.loads(recipe)
    except tomllib.TOMLDecodeError as error:
        found.add(f"recipe: got text that is no TOML ({error})")
        return
    for section in ("source", "backend"):
        if "use" not in sections.get(section, {}):
            found.add(f'recipe: got no [{section}] with `use = "..."`, wanted a default that runs')


def _check_stages(found: Complaints, stages: tuple[Stage, ...]) -> None:
    names = [one.name for one in stages]
    if len(set(names)) < len(names):
        found.add(f"stages(): got the names {names}, wanted each once (a name is a row in the ledger)")
    kinds = [isinstance(one, STEPS) for one in stages]
    if kinds != sorted(kinds, reverse=True):
        found.add("stages(): got a chain step after collection, training or evaluation, wanted chain steps first")
    _check_order(found, [one for one in stages if isinstance(one, STEPS)])
    tables = {one.table for one in stages if isinstance(one, Collect)}
    arms = {one.arm for one in stages if isinstance(one, Train)} | {"base"}
    for stage in stages:
        if isinstance(stage, Train) and stage.table not in tables:
            found.add(f"{stage.name}: got the table {stage.table!r}, wanted one of {sorted(tables)}")
        if isinstance(stage, EvaluateStage):
            named = {*stage.arms, *(arm for pair in stage.differences for arm in pair)}
            for arm in sorted(named - arms):
                found.add(f"{stage.name}: got the arm {arm!r}, wanted one of {sorted(arms)}")
        if isinstance(stage, Collect):
            _check_build(found, stage, [one for one in stages if isinstance(one, STEPS)])


def _check_order(found: Complaints, steps: Sequence[Any]) -> None:
    """A draft first; in each sweep critique, revise, score, accept; and nothing accepted that was not scored."""
    if not steps or not isinstance(steps[0], DraftStep):
        found.add("stages(): got no draft as the first step, wanted DraftStep")
        return
    sweeps = [one.sweep for one in steps if not isinstance(one, ScoreStep)]
    if sweeps != sorted(sweeps):
        found.add(f"stages(): got the sweeps {sweeps}, wanted them to rise")
    done = set[tuple[type, int]]()
    for step in steps:
        owed = {ReviseStep: (CritiqueStep, step.sweep), AcceptStep: (ScoreStep, step.sweep)}.get(type(step))
        if owed and owed not in done:
            found.add(f"{step.name}: got no {owed[0].__name__} of sweep {step.sweep} before it")
        done.add((type(step), step.sweep))


def _check_build(found: Complaints, stage: Collect, steps: Sequence[Any]) -> None:
    """`build` is pure, and turns a finished chain into a row or a reason."""
    chain = example_chain(max((step.sweep for step in steps), default=0))
    well, row = found.attempt(lambda: stage.build(chain), f"{stage.name}.build")
    if not well:
        return
    wanted = Sample if stage.rows == "samples" else Pair
    if not isinstance(row, wanted | Declined):
        found.add(f"{stage.name}: build() returned a {type(row).__name__}, wanted {wanted.__name__} or Declined")
    elif found.attempt(lambda: stage.build(chain), f"{stage.name}.build") != (True, row):
        found.add(f"{stage.name}: build() returned another row the second time, wanted a pure function")


def example_chain(n_sweeps: int) -> Chain:
    """A finished chain whose every revision is better than the last, and accepted."""
    draft = example_samples()[0]
    samples, critiques, decisions = [draft], list[Critique](), list[Decision]()
    for sweep in range(1, n_sweeps + 1):
        last = samples[-1]
        critiques.append(Critique(sample=last, text="Warmer, please.", verdict="revise", sweep=sweep))
        samples.append(dataclasses.replace(last, text=f"{last.text} Better.", sweep=sweep, critique=critiques[-1].id))
        decisions.append(
            Decision(kept=samples[-1], dropped=last, accepted=True, log_alpha=0.0, reason="better", sweep=sweep)
        )
    scores = {one.id: Score(sample=one, name="example", value=float(n)) for n, one in enumerate(samples)}
    return Chain(
        prompt=draft.prompt,
        samples=tuple(samples),
        critiques=tuple(critiques),
        scores=scores,
        decisions=tuple(decisions),
        state=samples[-1],
    )


def check_trainer(trainer: Trainer, model: ModelRef, data: TrainingData, *, twice: bool = True) -> None:
    """Raises a ContractError unless training `model` on `data` writes a model, accounts for every row, and can be repeated."""
    found = Complaints(trainer)
    with TemporaryDirectory() as folder:
        outs = [Path(folder) / name for name in ("first", "second")[: 2 if twice else 1]]
        reports = [found.attempt(partial(trainer.train, data, model, out), "train")[1] for out in outs]
        if isinstance(reports[0], TrainReport):
            _check_report(found, reports[0], data, outs[0])
        elif not found.lines:
            found.add(f"train(): got a {type(reports[0]).__name__}, wanted a TrainReport")
        if twice and not found.lines and reports[0].losses != reports[1].losses:
            found.add("train(): got other losses the second time, wanted the same for equal inputs")
    found.done()


def _check_report(found: Complaints, report: TrainReport, data: TrainingData, out: Path) -> None:
    if not (out.is_dir() and any(out.iterdir())):
        found.add("train(): wrote nothing to the directory it was given")
    if Path(report.model.path).resolve() != out.resolve():
        found.add(f"train(): reported the model at {report.model.path}, wanted {out}")
    strangers = set(report.declined) - {row.id for row in data}
    if strangers:
        found.add(f"train(): declined {len(strangers)} ids that are not in the data")
    if report.n_rows + len(report.declined) != len(data):
        found.add(
            f"train(): {report.n_rows} rows trained and {len(report.declined)} declined, wanted {len(data)} in all"
        )
    if not report.losses or not all(math.isfinite(loss) for loss in report.losses):
        found.add(f"train(): got the losses {report.losses[:5]}, wanted one or more finite numbers")


def check_watcher(watcher: Watcher) -> None:
    """Raises a ContractError unless `watcher` takes one of each event without raising."""
    found = Complaints(watcher)
    events = (
        RunStarted(run="runs/x", method="dsc", resumed=False),
        ItemFinished(stage="draft", outcome="answered", n_tokens=3),
        ChainFinished(n_done=1, n_chains=1),
        StageStarted(stage="train.student", n_items=None),
        StageFinished(stage="train.student", seconds=1.0),
        RunFinished(run="runs/x", state="done"),
    )
    for event in events:
        found.attempt(partial(watcher.notify, event), "notify")
    found.done()
