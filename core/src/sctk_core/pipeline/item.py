"""One item, walked: from an empty page to a finished one, whatever its walk does.

A walk ends with rows for its tables, in a failure that one of its asks came to, or in a failure of its own (it raised, made what
it had not said, or left a step out). The two reasons to stop everything are a component that is down and a store that cannot be
written.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sctk_core.boundary import boundary
from sctk_core.pipeline.asking import STOPS_EVERYTHING, ItemEnded
from sctk_core.pipeline.notes import PAGE, WALK, OffPlan, Page, off_plan
from sctk_core.plan import Declined, Generate
from sctk_core.records import Failure


@dataclass(frozen=True, kw_only=True, slots=True)
class Walked:
    """An item at its end: its page, and the rows of the pass's tables (none where it failed)."""

    page: Page
    made: Mapping[str, Sequence[Any]]


def item_id(record: Any, chain: int) -> str:
    """The name of an item in the ledger: its record, and which of the walks that start there it is."""
    return f"{record.id}/{chain}"


async def walked(generate: Generate, item: Any, chain: int, crew: Any) -> Walked:
    """Walks one item with the crew."""
    given = getattr(item, "given", None)
    page = Page(
        part=generate.name, item=item_id(item, chain), chain=chain, given={} if given is None else given.answers
    )
    token = PAGE.set(page)
    try:
        page.declared = generate.declared(item)
        made = _rows(generate, await generate.walk(item, crew))
        return Walked(page=page, made=_noted(page, generate, made))
    except STOPS_EVERYTHING:
        raise
    except ItemEnded:
        return Walked(page=page, made={})
    except BaseExceptionGroup as group:
        return _ended_in_a_group(page, generate, group)
    except Exception as error:  # noqa: BLE001 - a method's code is a component's code
        failure = boundary(error, of=page.item, stage=WALK, component=generate.name)
        page.failed(_placed(failure, error))
        return Walked(page=page, made={})
    finally:
        page.closed = True
        PAGE.reset(token)


def _ended_in_a_group(page: Page, generate: Generate, group: BaseExceptionGroup[BaseException]) -> Walked:
    """An item whose walk asked in a task group of its own. What its other asks had come to depends on time: it is no page."""
    stops, other = group.split(STOPS_EVERYTHING)
    if stops is not None or (other is not None and other.split((ItemEnded, Exception))[1] is not None):
        raise group
    error = OffPlan("the walk asked in a task group of its own, wanted `together(...)`")
    error.__traceback__ = group.__traceback__
    page.lines.clear()
    page.failed(_placed(boundary(error, of=page.item, stage=WALK, component=generate.name), error))
    return Walked(page=page, made={})


def _placed(failure: Failure, error: Exception) -> Failure:
    """The failure with the line of the walk that broke; of what breaks the plan the words say enough."""
    frames = traceback.extract_tb(error.__traceback__)
    strange = ("/sctk_core/", "/asyncio/")
    own = [frame for frame in frames if not any(part in frame.filename for part in strange)] or frames
    where = f"{own[-1].filename.rpartition('/')[2]}, line {own[-1].lineno}"
    if isinstance(error, OffPlan):
        return replace(failure, kind="bug", reason=error.message, detail=where)
    return replace(failure, detail=f"{failure.detail} ({where})")


def _rows(generate: Generate, made: Any) -> dict[str, list[Any]]:
    """What a walk gave, as a list of rows for each of its tables."""
    if not isinstance(made, Mapping) or set(made) != set(generate.makes):
        got = ", ".join(sorted(map(str, made))) if isinstance(made, Mapping) else type(made).__name__
        raise OffPlan(f"made {got or 'nothing'}, wanted {', '.join(sorted(generate.makes))}")
    return {table: _checked(table, made[table], kind) for table, kind in generate.makes.items()}


def _checked(table: str, rows: Any, kind: type) -> list[Any]:
    listed = list(rows) if isinstance(rows, list | tuple) else [rows]
    for row in listed:
        if not isinstance(row, kind | Declined):
            raise OffPlan(f"made a {type(row).__name__} for {table!r}, wanted {kind.__name__} or Declined")
    ids = [row.id for row in listed if not isinstance(row, Declined)]
    if len(set(ids)) < len(ids):
        raise OffPlan(f"made the same row twice for {table!r}, wanted each once")
    return listed or [Declined(reason="no row was made")]


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
