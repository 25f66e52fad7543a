"""Intake: the source is read once, into a table that everything else reads; so what is asked is known before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from sctk_core.errors import ConfigError
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
    prompts = _with_gold(_prompts(context, unit.what), _in_need(context, unit.what), unit.what)
    context.directory.complete(part, part.seal_all(_rows(prompts)))


def _in_need(context: Context, table: str) -> list[str]:
    """The sections whose components compare the answers to a table's prompts with gold answers."""
    assembly = context.assembly
    parts = [part for part in assembly.parts.values() if part.kind in ("reward", "comparer")]
    parts += [*assembly.evaluators, *assembly.pairwise] if table == HELD_OUT else []
    return [part.where for part in parts if part.needs_reference]


def _with_gold(prompts: Iterable[Prompt], in_need: Sequence[str], table: str) -> Iterator[Prompt]:
    """The prompts; a ConfigError where some component compares with gold answers and not one prompt has any."""
    n_prompts = n_gold = 0
    for prompt in prompts:
        n_prompts, n_gold = n_prompts + 1, n_gold + bool(prompt.references)
        yield prompt
    if in_need and n_prompts and not n_gold:
        raise ConfigError(
            f"{', '.join(in_need)}: got {n_prompts} prompts ({table}) without a reference, wanted gold answers to compare with",
            hint='say which column holds them: [source.columns] reference = "..."; or name another component',
        )


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
