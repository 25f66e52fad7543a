"""One item, walked: from an empty page to a finished one, whatever its walk does.

A walk ends with rows for its tables, in a failure that one of its asks came to, or in a failure of its own (it raised, made what
it had not said, or left a step out). The two reasons to stop everything are a component that is down and a store that cannot be
written.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from sctk_core.boundary import boundary, from_outside
from sctk_core.errors import ContractError
from sctk_core.identity import content_id
from sctk_core.pipeline.asking import STOPS_EVERYTHING, ItemEnded
from sctk_core.pipeline.deadlines import Deadlines
from sctk_core.pipeline.fields import is_label
from sctk_core.pipeline.notes import PAGE, WALK, OffPlan, Page, off_plan, refusal_amiss
from sctk_core.pipeline.untouched import restored, seen
from sctk_core.plan import Declined, Generate
from sctk_core.records import Failure, Pair
from sctk_core.shown import NAME, TEXT, cut, kind_of, name_of, shown, text_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Walked:
    """An item at its end: its page, and the rows of the pass's tables (none where it failed)."""

    page: Page
    made: Mapping[str, Sequence[Any]]


def item_id(record: Any, chain: int) -> str:
    """The name of an item in the ledger: its record, and which of the walks that start there it is."""
    return f"{record.id}/{chain}"


async def walked(
    generate: Generate,
    item: Any,
    chain: int,
    crew: Any,
    deadlines: Deadlines | None = None,
    ending: Callable[[], bool] = lambda: True,
) -> Walked:
    """Walks one item with the crew, in the time that `deadlines` give; `ending` says whether its task may have been cancelled
    for the end of the pass. If it was not, a component did it.
    """
    given = getattr(item, "given", None)
    page = Page(
        part=generate.name, item=item_id(item, chain), chain=chain, given={} if given is None else given.answers
    )
    token = PAGE.set(page)
    try:
        page.declared = generate.declared(item)
        with nullcontext() if deadlines is None else deadlines.bound(generate.name):
            before = seen(item)
            try:
                made = await generate.walk(item, crew)
            finally:
                changed = restored(item, before)
        if changed:
            raise OffPlan(f"the walk changed {changed} of the item that it was given")
        made = _rows(generate, made, (item, *page.records.values()))
        return Walked(page=page, made=_noted(page, generate, made))
    except STOPS_EVERYTHING:
        raise
    except ItemEnded:
        return Walked(page=page, made={})
    except BaseExceptionGroup as group:
        return _ended_in_a_group(page, generate, group)
    except BaseException as error:
        if from_outside(error) and (not isinstance(error, asyncio.CancelledError) or ending()):
            raise
        _uncancelled()
        failure = boundary(error, of=page.item, stage=WALK, component=generate.name)
        page.failed(_placed(failure, error))
        return Walked(page=page, made={})
    finally:
        page.closed = True
        PAGE.reset(token)


def _uncancelled() -> None:
    """Takes back what a component did to the item's own task."""
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()


def _ended_in_a_group(page: Page, generate: Generate, group: BaseExceptionGroup[BaseException]) -> Walked:
    """An item whose walk asked in a task group of its own. What its other asks had come to depends on time: it is no page."""
    stops, _ = group.split(STOPS_EVERYTHING)
    if stops is not None:
        raise group
    asked = group.split((ItemEnded, ContractError))[0] is not None
    error: Exception = OffPlan("the walk asked in a task group of its own, wanted `together(...)`")
    if not asked:
        error = RuntimeError(f"a group: {text_of(group)}")
    error.__traceback__ = group.__traceback__
    page.lines.clear()
    page.failed(_placed(boundary(error, of=page.item, stage=WALK, component=generate.name), error))
    return Walked(page=page, made={})


def unfit(walked: Walked, name: str, complaint: str) -> Walked:
    """An item whose rows no table can hold, as an item that failed."""
    page = walked.page
    page.lines.clear()
    page.declined.clear()
    failure = Failure(
        of=page.item, stage=WALK, component=name, kind="contract", reason="made a row that no table holds"
    )
    page.failed(replace(failure, detail=cut(complaint, TEXT)))
    return Walked(page=page, made={})


def _placed(failure: Failure, error: BaseException) -> Failure:
    """The failure with the line of the walk that broke; of what breaks the plan the words say enough."""
    frames = traceback.extract_tb(error.__traceback__)
    strange = ("/sctk_core/", "/asyncio/")
    own = [frame for frame in frames if not any(part in frame.filename for part in strange)] or frames
    where = f"{own[-1].filename.rpartition('/')[2]}, line {own[-1].lineno}"
    if isinstance(error, OffPlan):
        return replace(failure, kind="bug", reason=error.message, detail=where)
    return replace(failure, detail=f"{failure.detail} ({where})")


def _rows(generate: Generate, made: Any, records: Iterable[Any]) -> dict[str, list[Any]]:
    """What a walk gave, as a list of rows for each of its tables; `records` are those of its page."""
    if not isinstance(made, Mapping) or set(made) != set(generate.makes):
        got = ", ".join(sorted(map(_table_name, made))) if isinstance(made, Mapping) else name_of(type(made))
        raise OffPlan(f"made {cut(got, 100) or 'nothing'}, wanted {', '.join(sorted(generate.makes))}")
    known = {id(record) for record in records}
    return {table: _checked(table, made[table], kind, known) for table, kind in generate.makes.items()}


def _checked(table: str, rows: Any, kind: type, known: Collection[int]) -> list[Any]:
    listed: list[Any] = list(rows) if isinstance(rows, list | tuple) else [rows]
    for row in listed:
        if not isinstance(row, kind | Declined):
            raise OffPlan(f"made {kind_of(row)} for {table!r}, wanted {kind.__name__} or Declined")
        complaint = refusal_amiss(row) if isinstance(row, Declined) else _forged(row, known)
        if complaint:
            raise OffPlan(f"made {complaint} for {table!r}")
    ids = [row.id for row in listed if not isinstance(row, Declined)]
    if len(set(ids)) < len(ids):
        raise OffPlan(f"made the same row twice for {table!r}, wanted each once")
    return listed or [Declined(reason="no row was made")]


def _table_name(name: object) -> str:
    return cut(name, NAME) if isinstance(name, str) else shown(name)


def _forged(row: Any, known: Collection[int]) -> str:
    """What is wrong with the id of a row."""
    if not is_label(row.id):
        return "an id that is no text"
    return "" if _is_itself(row, known) else "a row whose id is not that of its content"


def _is_itself(record: Any, known: Collection[int]) -> bool:
    """Whether the id of a record, and of all in it, is that of its content; those that core made itself are `known`."""
    if id(record) in known or not hasattr(record, "id"):
        return True
    if type(record) is Pair:
        sides: list[Any] = [record.prompt, record.chosen, record.rejected]
        named = content_id("pair", *[one.id for one in sides], record.probability)
        return named == record.id and all(_is_itself(one, known) for one in sides)
    inner = [getattr(record, field.name) for field in fields(record)]
    return replace(record).id == record.id and all(_is_itself(one, known) for one in inner if is_dataclass(one))


def _noted(page: Page, generate: Generate, made: Mapping[str, list[Any]]) -> Mapping[str, Sequence[Any]]:
    """The rows that are kept, noted on the page, which must be as the pass declares."""
    for table, rows in made.items():
        page.made(table, rows)
    complaint = off_plan(page.lines, page.declared, generate.makes)
    if complaint:
        page.declined.clear()
        page.lines.clear()  # a page that is not as declared says nothing
        raise OffPlan(complaint)
    return {table: [row for row in rows if not isinstance(row, Declined)] for table, rows in made.items()}
