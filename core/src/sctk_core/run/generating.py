"""A pass as a unit of a run: its items walked where they are not finished, its ledger checked before anybody reads its tables."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from sctk_core import ledger
from sctk_core.errors import CheckFailed
from sctk_core.pipeline.failing import TooManyFailed
from sctk_core.pipeline.generate import Pass, walk_all
from sctk_core.pipeline.item import Walked, item_id
from sctk_core.pipeline.item import unfit as failed
from sctk_core.plan import HELD_OUT, PROMPTS, Generate, Step
from sctk_core.run.context import Context
from sctk_core.run.crews import Player
from sctk_core.run.drawing import draw
from sctk_core.run.failing import Stage, refuse_empty, refuse_failing, stages_of, too_many
from sctk_core.run.tables import StoredTable, kinds_of, rows_of, types_of
from sctk_core.run.units import Repeat, Unit
from sctk_core.shown import told
from sctk_core.store.fitting import unfit
from sctk_core.store.part import StoredPart
from sctk_core.store.progress import TableRows


class _Pages:
    """The store as a pass sees it."""

    def __init__(self, part: StoredPart, name: str) -> None:
        self._part, self._name = part, name

    def finished(self) -> Iterator[int]:
        """The numbers of the finished items, rising."""
        return self._part.finished()

    def finish(self, number: int, walked: Walked) -> Awaitable[None]:
        """Keeps a finished item."""
        done: Awaitable[None] = self._part.finish(number, self._rows(walked, number))
        return done

    def _rows(self, walked: Walked, number: int) -> TableRows:
        """The item's rows; of one whose made rows no table can hold those of a failure."""
        try:
            rows = rows_of(walked, number)
            found = ((table, row) for table in walked.made for row in rows[table])
            complaint = next((f"{t}.{said}" for t, row in found if (said := unfit(self._part.tables[t], row))), "")
        except Exception as error:  # noqa: BLE001 - a row of the method's own, whose fields may be anything
            complaint = told(error)
        return rows_of(failed(walked, self._name, complaint), number) if complaint else rows


def generate(context: Context, unit: Unit) -> None:
    """Walks all items of a pass that are not finished, and seals its tables once its ledger balances."""
    one: Generate = context.bound(unit.what)
    crew = context.assembly.crew_of(one)
    part = context.part(unit, kinds_of(one, crew), types_of(one, crew))
    items, chains = items_of(context, one), chains_of(context, one)
    work = Pass(
        generate=one, crew=context.crews.crew(crew, players_of(context, one)), chains=chains,
        concurrency=context.assembly.settings.concurrency,
        patience=context.crews.desk.patience, timeout_s=context.assembly.settings.timeout_s,
        max_failed=context.assembly.settings.max_failed, stuck=context.crews.desk.stuck,
    )  # fmt: skip
    n_items = len(items) * chains
    with context.stage(unit.name, n_items, one.n_asks()):
        try:
            context.runner.run(walk_all(work, items, _Pages(part, one.name), n_items, context.notify))
        except TooManyFailed as error:
            stage = Stage(name=f"{unit.name}.{error.step}", asked=error.asked, failed=error.failed, causes=error.causes)
            raise too_many(context, unit.part, stage) from error
        part.end(n_items)
        note_usage(context, unit)
        _refuse_in_vain(context, unit, part)
        balance(context, unit, part, _asked(one, items, chains))
    context.directory.complete(part, n_items)


def _refuse_in_vain(context: Context, unit: Unit, part: StoredPart) -> None:
    """Raises where there is no use in going on: too much failed, or a table that is trained on is empty."""
    stages = [stage for stage in stages_of(context, part) if ".make." not in stage.name]
    for table in unit.what.makes:
        if len(context.stored(unit.part, table, unit.what.makes[table])) == 0:
            refuse_empty(context, f"{unit.part}.{table}", 0)
    refuse_failing(context, unit.part, stages)


def items_of(context: Context, one: Generate) -> StoredTable[Any]:
    """The table that a pass walks; of the held-out prompts those that are evaluated, of these half where they are repeated."""
    if isinstance(one, Repeat):
        settings = context.assembly.settings
        n_again = min(settings.again, len(context.evaluated) // 2)
        again = draw(context.evaluated, n_again, settings.seed) if n_again else None
        return context.table(one.over, {row[0] for row in context.evaluated if again and again.holds(*row)})
    if one.over != HELD_OUT or context.drawn is None:
        return context.table(one.over)
    return context.table(one.over, {name for name, _ in context.evaluated})


def players_of(context: Context, one: Generate) -> dict[str, Player]:
    """The arms that play roles in a pass."""
    backend = context.assembly.backend_of(one)
    return {role: Player(model=context.model(arm), backend=backend) for role, arm in one.players.items()}


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
