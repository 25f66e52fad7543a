"""Intake: the source is read into a table that everything else reads; so what is asked is known before anything is asked.

Where `run.limit` leaves some prompts out, the source is read twice: once to draw, once to take what was drawn.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import count, islice
from typing import Any

from sctk_core.assembly.blame import broken, called, who_is
from sctk_core.errors import ConfigError, NothingAccepted
from sctk_core.pipeline.fields import prompt_amiss
from sctk_core.pipeline.generate import one_scale
from sctk_core.plan import HELD_OUT, PROMPTS, Evaluate, Generate
from sctk_core.records import Prompt
from sctk_core.run.context import Context
from sctk_core.run.drawing import KIND, Drawn, draw
from sctk_core.run.failing import note_ended
from sctk_core.run.tables import ROWS
from sctk_core.run.units import Unit
from sctk_core.statistics import N_LEAST
from sctk_core.store.columns import NOTES
from sctk_core.store.progress import TableRows
from sctk_core.store.rows import schema, whole

log = logging.getLogger("sctk")


def take_in(context: Context, unit: Unit) -> None:
    """The source's prompts, or its held-out prompts, as a sealed table."""
    part = context.part(
        unit, {ROWS: schema(Prompt, full=True), "notes": NOTES}, {ROWS: Prompt.__name__, "notes": "str"}
    )
    drawn = _drawn(context) if unit.what == PROMPTS else None
    notes = [[unit.what, drawn.told("run.limit", "prompts")]] if drawn else []
    prompts = _with_gold(_prompts(context, unit.what, drawn), _in_need(context, unit.what), unit.what)
    total = part.seal_all(_rows(prompts, notes))
    if not total and unit.what == PROMPTS:
        note_ended(context, unit.part, "nothing-accepted")
        raise NothingAccepted(
            f"{who_is(context.assembly.parts['source'])}: got 0 prompts, wanted one or more: there is nothing to ask",
            hint="look at the source's settings, and at its file where it reads one",
        )
    n_again = total - len(set(context.stored(unit.part, ROWS, Prompt).ids()))
    if n_again:
        log.warning(
            "%s: %d of %d rows of %s have the id of another: equal rows need another number each (occurrence)",
            who_is(context.assembly.parts["source"]), n_again, total, unit.what,
        )  # fmt: skip
    context.directory.complete(part, total)
    if unit.what == HELD_OUT:
        _warn_of_too_few(context, total)


def _warn_of_too_few(context: Context, total: int) -> None:
    """Says, before anything is paid for, that nothing will be measured, or too little to tell anything apart."""
    limit = context.assembly.settings.eval_limit
    n_asked = min(total, limit) if limit else total
    compares = any(isinstance(one, Evaluate) and one.over == HELD_OUT for one in context.assembly.plan)
    if compares and not n_asked:
        log.warning("nothing will be measured: %s holds out no prompt", who_is(context.assembly.parts["source"]))
    elif compares and n_asked < N_LEAST:
        log.warning("%d prompts are held out: of fewer than %d pairs no difference is told apart", n_asked, N_LEAST)


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


def _drawn(context: Context) -> Drawn | None:
    """Which of the source's prompts `run.limit` leaves; None: all of them."""
    settings = context.assembly.settings
    if not settings.limit:
        return None
    return draw(((one.id, one.meta.get(KIND, "")) for one in _read(context, "prompts")), settings.limit, settings.seed)


def _prompts(context: Context, table: str, drawn: Drawn | None) -> Iterable[Prompt]:
    if table == HELD_OUT:
        return (replace(prompt, given=None) for prompt in _read(context, "held_out"))
    prompts: Iterable[Prompt] = _read(context, "prompts")
    if drawn is not None:
        prompts = (one for one in prompts if drawn.holds(one.id, one.meta.get(KIND, "")))
    prompts = islice(prompts, context.assembly.settings.limit or None)
    for one in context.assembly.plan:
        if isinstance(one, Generate) and one.over == PROMPTS:
            prompts = one_scale(prompts, one)
    return prompts


def _read(context: Context, verb: str) -> Iterator[Prompt]:
    """What a verb of the source gives, one prompt after another, each in the time of an ask and each looked at."""
    part, source = context.assembly.parts["source"], context.assembly.source.instance
    calls = getattr(source, verb, None)
    if calls is None:
        return
    with context.watch.over(context.assembly.settings.timeout_s):
        found = called(part, lambda: iter(calls()), f"{verb}()")
        following = partial(next, found, _END)
        for number in count():
            context.watch.alive()
            prompt = called(part, following, f"prompt {number} of {verb}()")
            if prompt is _END:
                return
            complaint = called(part, partial(prompt_amiss, prompt), f"prompt {number} of {verb}(), looked at,")
            if complaint:
                raise broken(part, f"prompt {number} of {verb}(): {complaint}")
            yield replace(prompt)  # its id is that of its content, whatever was done to it


_END: Any = object()


def _rows(prompts: Iterable[Prompt], notes: list[list[str]]) -> Iterator[TableRows]:
    """The prompts as rows, the notes beside the first."""
    for prompt in prompts:
        yield {ROWS: [whole(prompt)], "notes": notes}
        notes = []
