"""What the parts of a run share: the assembly, the directory, the engines, the loop, and where tables and models are."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sctk_core.assembly import Assembly
from sctk_core.identity import directory_digest
from sctk_core.pipeline.events import Event, StageFinished, StageStarted
from sctk_core.plan import BASE, HELD_OUT, PROMPTS, Generate, Train
from sctk_core.plan_rules import tables_of
from sctk_core.records import ModelRef, Prompt
from sctk_core.run.crews import Crews
from sctk_core.run.drawing import KIND, Drawn, draw
from sctk_core.run.engines import Engines
from sctk_core.run.loop import RunLoop
from sctk_core.run.tables import ROWS, StoredTable
from sctk_core.run.units import Unit
from sctk_core.run.watch import Watch
from sctk_core.store.columns import NUMBERS
from sctk_core.store.directory import RunDirectory
from sctk_core.store.layout import curated
from sctk_core.store.manifest import Part
from sctk_core.store.part import Kinds, StoredPart, files_of, shards_of
from sctk_core.store.rows import object_in
from sctk_core.store.shards import read_shards


def place_of(name: str) -> tuple[str, str]:
    """The part and the table that a full name stands for, before curation."""
    if name in (PROMPTS, HELD_OUT):
        return name, ROWS
    part, _, table = name.rpartition(".")
    return part, table


@dataclass(frozen=True, kw_only=True)
class Context:
    """One run under way."""

    assembly: Assembly
    directory: RunDirectory
    engines: Engines
    crews: Crews
    runner: RunLoop
    watch: Watch
    notify: Callable[[Event], None]

    def part(self, unit: Unit, kinds: Kinds, types: dict[str, str]) -> StoredPart:
        """The unit's part of the store, noted in the manifest."""
        part = self.directory.part(unit.part, kinds)
        if unit.part not in self.directory.manifest.parts:
            part.forget()  # what an earlier recipe left there under this name
            self.directory.manifest.parts[unit.part] = Part(
                fingerprint=unit.fingerprint, facts={"facts": dict(unit.facts), "reads": dict(unit.reads)}, tables=types,
                inputs=self.inputs(unit),
            )  # fmt: skip
            self.directory.save()
        return part

    def inputs(self, unit: Unit) -> dict[str, str]:
        """The digests of what a unit reads, as it lies there: of tables and of trained models."""
        manifest = self.directory.manifest
        found = {}
        for name in unit.reads:
            for part in (curated(name), name.rpartition(".")[0], name):
                if part in manifest.parts and part != unit.part:
                    found[name] = manifest.parts[part].digest
                    break
            if name in manifest.arms:
                found[name] = manifest.arms[name]["digest"]
        return found

    def table(self, name: str, chosen: Collection[str] | None = None) -> StoredTable[Any]:
        """A table by its full name ("prompts", "chains.train"), as curation left it, or what is `chosen` of it by id."""
        asked = (PROMPTS, HELD_OUT, *(one.table for one in self.assembly.tests))
        kind: type = Prompt if name in asked else tables_of(self.assembly.plan)[name]
        part, table = (curated(name), ROWS) if self.assembly.curates(name) else place_of(name)
        return self.stored(part, table, kind, chosen)

    def stored(self, part: str, table: str, kind: type, chosen: Collection[str] | None = None) -> StoredTable[Any]:
        """A table of a part that is complete."""
        layout = self.directory.layout
        return StoredTable(files_of(layout, shards_of(layout, part), table), kind, chosen)

    @cached_property
    def drawn(self) -> Drawn | None:
        """Which of the held-out prompts `run.eval_limit` leaves; None: all of them."""
        settings = self.assembly.settings
        return draw(self._held_out(), settings.eval_limit, settings.seed) if settings.eval_limit else None

    @cached_property
    def evaluated(self) -> list[tuple[str, str]]:
        """The id and the kind of every held-out prompt that is evaluated, for all arms the same."""
        return [row for row in self._held_out() if self.drawn is None or self.drawn.holds(*row)]

    def _held_out(self) -> Iterator[tuple[str, str]]:
        """The id and the kind of every held-out prompt."""
        rows = read_shards(self.table(HELD_OUT).files, ["id", "meta"])
        return ((row["id"], str(object_in(row, "meta").get(KIND, ""))) for row in rows)

    def bound(self, one: Generate) -> Generate:
        """A pass with the numbers of the fit that it names."""
        return one.bound(self.numbers(one.fit)) if one.fit else one

    def numbers(self, fit: str) -> dict[str, float]:
        """The numbers of a fit that is complete."""
        rows = self.directory.part(fit, {ROWS: NUMBERS}).rows(ROWS)
        return {row["name"]: row["value"] for row in rows}

    def model(self, arm: str) -> ModelRef:
        """The model of an arm; of one that training left unchanged, that of the arm it started from."""
        if arm == BASE:
            return self.assembly.student.model
        if self.directory.manifest.arms[arm].get("unchanged"):
            trainings = (one for one in self.assembly.plan if isinstance(one, Train))
            return self.model(next(one.start for one in trainings if one.arm == arm))
        path = self.directory.layout.model(arm)
        given = self.assembly.student.model.variables
        return ModelRef(path=str(path), digest=self.directory.manifest.arms[arm]["digest"], variables=given)

    def trained(self, unit: Unit) -> bool:
        """Whether the arm of a training is trained, on what there is now, and its model is as it was."""
        arm = unit.what.arm
        found, path = self.directory.manifest.arms.get(arm), self.directory.layout.model(arm)
        if found is None or (found["fingerprint"], found["inputs"]) != (unit.fingerprint, self.inputs(unit)):
            return False
        return path.is_dir() and directory_digest(path) == found["digest"]

    @contextmanager
    def stage(self, name: str, n_items: int | None = None, n_asks: int | None = None) -> Iterator[None]:
        """Tells observers when a part begins and ends."""
        started = time.monotonic()
        self.notify(StageStarted(stage=name, n_items=n_items, n_asks=n_asks))
        yield
        self.notify(StageFinished(stage=name, seconds=time.monotonic() - started))
