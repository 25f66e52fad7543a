"""Intake: the source is read into a table that everything else reads; so what is asked is known before anything is asked.

Where `run.limit` leaves some prompts out, the source is read twice: once to draw, once to take what was drawn.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count, islice
from typing import Any

from sctk_core.assembly import Part
from sctk_core.assembly.blame import broken, called, who_is
from sctk_core.choosing import choices_of
from sctk_core.errors import ConfigError, NothingAccepted
from sctk_core.pipeline.fields import prompt_amiss
from sctk_core.pipeline.generate import one_scale
from sctk_core.plan import HELD_OUT, PROMPTS, Evaluate, Generate
from sctk_core.plugins import Built
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
    """The source's prompts, or its held-out prompts, or the questions of a set, as a sealed table."""
    part = context.part(
        unit, {ROWS: schema(Prompt, full=True), "notes": NOTES}, {ROWS: Prompt.__name__, "notes": "str"}
    )
    origin = _origin(context, unit.what)
    drawn = _drawn(context, origin, unit.what)
    notes = [[unit.part, drawn.told(*_LIMITS.get(unit.what, _USUAL_LIMIT))]] if drawn else []
    prompts = _with_gold(_prompts(context, origin, unit.what, drawn), _in_need(context, unit.what), unit.what)
    total = part.seal_all(_rows(prompts, notes))
    if not total and unit.what == PROMPTS:
        note_ended(context, unit.part, "nothing-accepted")
        raise NothingAccepted(
            f"{who_is(origin.part)}: got 0 prompts, wanted one or more: there is nothing to ask",
            hint="look at the source's settings, and at its file where it reads one",
        )
    n_again = total - len(set(context.stored(unit.part, ROWS, Prompt).ids()))
    if n_again:
        log.warning(
            "%s: %d of %d rows of %s have the id of another: equal rows need another number each (occurrence)",
            who_is(origin.part), n_again, total, unit.what,
        )  # fmt: skip
    context.directory.complete(part, total)
    if unit.what == HELD_OUT:
        _warn_of_too_few(context, total)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where the prompts of a table come from."""

    part: Part
    source: Built


def _origin(context: Context, table: str) -> Origin:
    """The source of a table: that of a question set, else the recipe's."""
    for one in context.assembly.tests:
        if one.table == table:
            return Origin(part=one.part, source=one.source)
    return Origin(part=context.assembly.parts["source"], source=context.assembly.source)


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
    if table not in (PROMPTS, HELD_OUT):
        tested = next(one for one in assembly.tests if one.table == table)
        return [part.where for part in tested.evaluators if part.needs_reference]
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


_LIMITS = {PROMPTS: ("run.limit", "prompts")}
_USUAL_LIMIT = ("run.eval_limit", "questions")


def _drawn(context: Context, origin: Origin, table: str) -> Drawn | None:
    """Which of the prompts `run.limit` leaves, or of a set's questions `run.eval_limit`; None: all of them."""
    settings = context.assembly.settings
    limit = {PROMPTS: settings.limit, HELD_OUT: 0}.get(table, settings.eval_limit)
    if not limit:
        return None
    read = _read(context, origin, "prompts") if table == PROMPTS else _questions(context, origin)
    return draw(((one.id, one.meta.get(KIND, "")) for one in read), limit, settings.seed)


def _questions(context: Context, origin: Origin) -> Iterator[Prompt]:
    """The questions of a set: all that its source has, each once."""
    prompts = chain(_read(context, origin, "prompts"), _read(context, origin, "held_out"))
    seen = set[str]()
    for prompt in (replace(one, given=None, occurrence=0) for one in prompts):
        if prompt.id not in seen:
            seen.add(prompt.id)
            yield _answerable(context, origin, prompt)


def _answerable(context: Context, origin: Origin, prompt: Prompt) -> Prompt:
    """The question; a ConfigError where it is answered by likelihood and the student's backend tells none."""
    if choices_of(prompt) and not callable(getattr(context.assembly.student.backend.target, "logprobs", None)):
        raise ConfigError(
            f"{who_is(origin.part)}: got the backend {context.assembly.student.backend.name!r}, which tells no "
            "log-probabilities, wanted one that tells how likely each choice is",
            hint='use = "file", by = "choice" shows the choices and reads what is written',
        )
    return prompt


def _prompts(context: Context, origin: Origin, table: str, drawn: Drawn | None) -> Iterable[Prompt]:
    if table == HELD_OUT:
        return (replace(prompt, given=None) for prompt in _read(context, origin, "held_out"))
    if table != PROMPTS:
        questions = _questions(context, origin)
        return (one for one in questions if drawn is None or drawn.holds(one.id, one.meta.get(KIND, "")))
    prompts: Iterable[Prompt] = _read(context, origin, "prompts")
    if drawn is not None:
        prompts = (one for one in prompts if drawn.holds(one.id, one.meta.get(KIND, "")))
    prompts = islice(prompts, context.assembly.settings.limit or None)
    for one in context.assembly.plan:
        if isinstance(one, Generate) and one.over == PROMPTS:
            prompts = one_scale(prompts, one)
    return prompts


def _read(context: Context, origin: Origin, verb: str) -> Iterator[Prompt]:
    """What a verb of a source gives, one prompt after another, each in the time of an ask and each looked at."""
    part = origin.part
    calls = getattr(origin.source.instance, verb, None)
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
