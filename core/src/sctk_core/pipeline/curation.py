"""Curation: a whole table goes through curators, one after another; each is asked of what the one before it kept.

A row that a curator declines, or cannot judge, is left out with its line in the ledger. A curator that raises, hangs or breaks
its contract ends the run with an error: nobody knows which rows it meant, so there is no table that could be trusted.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sctk_core.boundary import from_outside
from sctk_core.errors import PluginError, SctkError
from sctk_core.pipeline.notes import DECLINED, FAILED, Line, reason_of
from sctk_core.pipeline.reasons import stamped
from sctk_core.pipeline.threads import aside
from sctk_core.pipeline.untouched import restored, seen
from sctk_core.pipeline.whole_answers import checked_verdicts
from sctk_core.plan import Curation, Declined
from sctk_core.records import Failure, Prompt, Rows
from sctk_core.shown import text_of, told

ROWS_PER_TIMEOUT = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Curating:
    """One curator at one table; `stage` is its row in the ledger, the table's name first, `who` says whose it is."""

    stage: str
    component: str
    verb: Callable[[Sequence[Any], Sequence[Prompt]], Any]
    who: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fate:
    """What became of one row: its lines of the ledger, and what left it out, unless it stays."""

    row: Any
    lines: tuple[Line, ...] = ()
    declined: Declined | None = None
    failure: Failure | None = None

    @property
    def kept(self) -> bool:
        """Whether the row stays in its table."""
        return self.declined is None and self.failure is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Curated:
    """A table after its curators: the fate of every row in input order, and (stage, note) of what a user should know."""

    fates: tuple[Fate, ...]
    notes: tuple[tuple[str, str], ...]


async def curate(rows: Rows[Any], held_out: Rows[Prompt], curators: Sequence[Curating], timeout_s: float) -> Curated:
    """The table after all curators. One that is asked of n rows gets `timeout_s` for each 10,000 rows that were begun."""
    fates = [Fate(row=row) for row in rows]
    notes: list[tuple[str, str]] = []
    for curating in curators:
        places = [place for place, fate in enumerate(fates) if fate.kept]
        if not places:
            break
        asked = tuple(fates[place].row for place in places)
        answer = await _asked(curating, asked, tuple(held_out), timeout_s * (1 + len(asked) // ROWS_PER_TIMEOUT))
        notes += [(curating.stage, note) for note in answer.notes]
        for place, verdict in zip(places, answer.verdicts, strict=True):
            fates[place] = _after(fates[place], verdict, curating)
    return Curated(fates=tuple(fates), notes=tuple(notes))


async def _asked(curating: Curating, rows: tuple[Any, ...], held_out: tuple[Prompt, ...], timeout_s: float) -> Curation:
    """What a curator answers, in a thread of its own; whatever is wrong with it ends the run."""
    ids, others = [row.id for row in rows], [prompt.id for prompt in held_out]
    before = [seen(row) for row in rows]
    try:
        async with asyncio.timeout(timeout_s):
            answer = await aside(partial(curating.verb, rows, held_out))
    except SctkError:
        raise
    except TimeoutError as error:
        message = text_of(error) or f"no answer to {len(rows)} rows within {timeout_s:g} s"
        raise _broken(curating, message, "run.timeout_s gives it more time for each 10,000 rows") from error
    except BaseException as error:
        if from_outside(error):
            raise
        raise _broken(curating, told(error), _MEND) from error
    finally:
        changed = [restored(row, then) for row, then in zip(rows, before, strict=True)]
    if any(changed):
        raise _broken(curating, f"it changed {max(changed)} of a row that it was given", _MEND)
    kept: list[Any] = []
    complaint = checked_verdicts(answer, ids, others, kept)
    if complaint:
        raise _broken(curating, f"contract broken: {complaint}", _MEND)
    return Curation(verdicts=kept, notes=tuple(answer.notes))


_MEND = "the tables before it are kept: mend the curator or its settings, and run the same line again"


def _broken(curating: Curating, what: str, hint: str) -> PluginError:
    return PluginError(f"{curating.stage}: {curating.who or curating.component} failed: {what}", hint=hint)


def _after(fate: Fate, verdict: Declined | Failure | None, curating: Curating) -> Fate:
    """The fate of a row that one more curator has judged."""
    step, name = curating.stage.partition(".curate.")[2], fate.row.id
    line = Line(step=f"curate.{step}", of=name, record=name)
    if isinstance(verdict, Failure):
        failure = stamped(verdict, name, curating.stage, curating.component)
        line = dataclasses.replace(line, outcome=FAILED, record=failure.id, reason=reason_of(failure))
        return dataclasses.replace(fate, lines=(*fate.lines, line), failure=failure)
    if isinstance(verdict, Declined):
        line = dataclasses.replace(line, outcome=DECLINED, record=verdict.because, reason=verdict.reason)
        return dataclasses.replace(fate, lines=(*fate.lines, line), declined=verdict)
    return dataclasses.replace(fate, lines=(*fate.lines, line))
