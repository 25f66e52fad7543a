"""A fit as a unit of a run: numbers that a whole table, and what was spent on it, come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

from sctk_core.assembly.blame import broken, called
from sctk_core.pipeline.fields import is_label
from sctk_core.pipeline.recording import Spent
from sctk_core.plan import Fit
from sctk_core.reals import finite
from sctk_core.run.context import Context, place_of
from sctk_core.run.result import counts_of
from sctk_core.run.tables import ROWS
from sctk_core.run.units import Unit
from sctk_core.shown import shown
from sctk_core.store.columns import NUMBERS
from sctk_core.store.layout import Layout


def fit(context: Context, unit: Unit) -> None:
    """The numbers of a fit, looked at and stored."""
    one: Fit = unit.what
    method = context.assembly.parts["method"]
    part = context.part(unit, {ROWS: NUMBERS}, {ROWS: "Number"})
    with context.stage(one.name):
        rows, spent = context.table(one.on), spent_of(context.directory.layout, place_of(one.on)[0])
        found = called(method, partial(one.by, rows, spent), f"the fit {one.name!r}")
        complaint = _amiss(found)
        if complaint:
            raise broken(method, f"the fit {one.name!r}: got {complaint}, wanted finite numbers by name")
        total = part.seal_all({ROWS: [[name, finite(value)]]} for name, value in found.items())
    context.directory.complete(part, total)


def _amiss(found: Any) -> str:
    if not isinstance(found, Mapping) or not found or not all(map(is_label, found)):
        return shown(found)
    return next((f"{name} = {shown(value)}" for name, value in found.items() if finite(value) is None), "")


def spent_of(layout: Layout, part: str) -> dict[str, Spent]:
    """What each step of a part asked, read and wrote, by all roles; replies that were recalled are counted as well."""
    found: dict[str, Spent] = {}
    for stage in counts_of(layout, part):
        sums: Counter[str] = Counter()
        for counts in stage.usage.values():
            sums.update(counts)
        found[stage.stage.removeprefix(f"{part}.")] = Spent(**sums)
    return found
