"""Intake: the source is read once, into a table that everything else reads; so what is asked is known before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from sctk_core.pipeline.generate import one_scale
from sctk_core.plan import HELD_OUT, PROMPTS, Generate
from sctk_core.records import Prompt
from sctk_core.run.context import Context
from sctk_core.run.tables import ROWS
from sctk_core.run.units import Unit
from sctk_core.store.progress import TableRows
from sctk_core.store.rows import schema, whole


def take_in(context: Context, unit: Unit) -> None:
    """The source's prompts, or its held-out prompts, as a sealed table."""
    part = context.part(unit, {ROWS: schema(Prompt, full=True)}, {ROWS: Prompt.__name__})
    context.directory.complete(part, part.seal_all(_rows(_prompts(context, unit.what))))


def _prompts(context: Context, table: str) -> Iterable[Prompt]:
    source: Any = context.assembly.source.instance
    if table == HELD_OUT:
        held_out = source.held_out() if hasattr(source, "held_out") else ()
        return (replace(prompt, given=None) for prompt in held_out)
    prompts: Iterable[Prompt] = islice(source.prompts(), context.assembly.settings.limit or None)
    for one in context.assembly.plan:
        if isinstance(one, Generate) and one.over == PROMPTS:
            prompts = one_scale(prompts, one)
    return prompts


def _rows(prompts: Iterable[Prompt]) -> Iterator[TableRows]:
    return ({ROWS: [whole(prompt)]} for prompt in prompts)
