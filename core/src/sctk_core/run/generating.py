"""A pass as a unit of a run: its items walked where they are not finished, its ledger checked before anybody reads its tables."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from sctk_core import ledger
from sctk_core.errors import CheckFailed
from sctk_core.pipeline.generate import Pass, walk_all
from sctk_core.pipeline.item import Walked, item_id
from sctk_core.plan import HELD_OUT, PROMPTS, Generate, Step
from sctk_core.records import ModelRef
from sctk_core.run.context import Context
from sctk_core.run.tables import StoredTable, kinds_of, rows_of, types_of
from sctk_core.run.units import Unit
from sctk_core.store.part import StoredPart


class _Pages:
    """The store as a pass sees it."""

    def __init__(self, part: StoredPart) -> None:
        self._part = part

    def finished(self) -> Iterator[int]:
        """The numbers of the finished items, rising."""
        return self._part.finished()

    def finish(self, number: int, walked: Walked) -> Awaitable[None]:
        """Keeps a finished item."""
        done: Awaitable[None] = self._part.finish(number, rows_of(walked, number))
        return done


def generate(context: Context, unit: Unit) -> None:
    """Walks all items of a pass that are not finished, and seals its tables once its ledger balances."""
    one: Generate = unit.what
    crew = context.assembly.crew_of(one)
    part = context.part(unit, kinds_of(one, crew), types_of(one, crew))
    items, chains = items_of(context, one), chains_of(context, one)
    work = Pass(
        generate=one, crew=context.crews.crew(crew, players_of(context, one)), chains=chains,
        concurrency=context.assembly.settings.concurrency,
        patience=context.crews.desk.patience,
    )  # fmt: skip
    n_items = len(items) * chains
    with context.stage(unit.name, n_items, one.n_asks()):
        context.runner.run(walk_all(work, items, _Pages(part), n_items, context.notify))
        part.end(n_items)
        balance(context, unit, part, _asked(one, items, chains))
    note_usage(context, unit)
    context.directory.complete(part, n_items)


def items_of(context: Context, one: Generate) -> StoredTable[Any]:
    """The table that a pass walks; of the held-out prompts as many as are evaluated."""
    return context.table(one.over, context.assembly.settings.eval_limit if one.over == HELD_OUT else 0)


def players_of(context: Context, one: Generate) -> dict[str, ModelRef]:
    """The models of the arms that play roles in a pass."""
    return {role: context.model(arm) for role, arm in one.players.items()}


def chains_of(context: Context, one: Generate) -> int:
    """How many walks start at each row: more than one only at the source's prompts."""
    return context.assembly.settings.chains if one.over == PROMPTS else 1


def _asked(one: Generate, items: StoredTable[Any], chains: int) -> Iterator[tuple[str, Sequence[Step]]]:
    """Every item that was asked, and the steps that it declares."""
    if callable(one.steps):
        return ((item_id(item, chain), one.declared(item)) for item in items for chain in range(chains))
    steps = one.declared(None)
    return ((f"{name}/{chain}", steps) for name in items.ids() for chain in range(chains))


def balance(
    context: Context, unit: Unit, part: StoredPart, asked: Iterator[tuple[str, Sequence[Step]]], name: str = ""
) -> None:
    """Raises CheckFailed unless every item that was asked has its page, as declared, and the tables hold what the pages made."""
    made = list(getattr(unit.what, "makes", ()))
    label = name or unit.what.name
    complaints = ledger.complaints_of(part.rows("ledger", ledger.NEEDED), asked, made, label)
    unlike = ledger.unlike(part.files("ledger"), {f"{label}.make.{table}": part.files(table) for table in made})
    refuse_unbalanced(context, unit, list(islice(chain(complaints, unlike), ledger.N_COMPLAINTS)))


def refuse_unbalanced(context: Context, unit: Unit, complaints: list[str]) -> None:
    """Raises CheckFailed where there are complaints; nothing is trained on tables that do not balance."""
    if complaints:
        context.directory.manifest.state = "unbalanced"
        context.directory.save()
        shown = "; ".join(complaints[:3])
        more = f" and {len(complaints) - 3} more" if len(complaints) > 3 else ""
        raise CheckFailed(
            f"{context.directory.path}: the ledger of {unit.name} does not balance: {shown}{more}",
            hint=f"this is a fault of sctk or of a plugin: please report it; --redo {unit.name} makes it anew (replies are kept)",
        )


def note_usage(context: Context, unit: Unit) -> None:
    """Adds what was asked and recalled to what earlier runs of the pass had."""
    noted = context.directory.manifest.parts[unit.part].usage
    for role, counts in context.engines.usage().items():
        known = noted.setdefault(role, {"asked": 0, "recalled": 0})
        for name, number in counts.items():
            known[name] += number
