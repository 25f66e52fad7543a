"""A rehearsal of a plan's walks: what a run would find out on the thousandth item, found out on the first eight.

Every walk is walked twice (the same page and the same rows), with its answers coming in the reverse order, and with each step
that it declares failing in turn: a walk must be a function of its item and its answers, end on a page that balances, and leave
no task behind. Rows are stored and read again, and passes over tables walk what was read. What breaks is told with its line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sctk_core.pipeline.crew import Answerer, places
from sctk_core.pipeline.item import Walked, walked
from sctk_core.pipeline.notes import WALK, Page, off_plan, page_here
from sctk_core.pipeline.recording import Spent
from sctk_core.plan import HELD_OUT, PROMPTS, Evaluate, Fit, Generate, Plan, Step
from sctk_core.plan_rules import tables_of
from sctk_core.records import Prompt
from sctk_core.run.units import arm_pass
from sctk_core.testing.by_hand import made_by_hand
from sctk_core.testing.cast import Answer, Scene, cast
from sctk_core.testing.lines import at, start_of
from sctk_core.testing.storing import stored
from sctk_core.testing.tasks import Tasks

N_ITEMS, N_FAILING, BETWEEN_S = 8, 4, 0.02


def passes_of(plan: Plan) -> Iterator[tuple[str, Generate]]:
    """Every walk of a plan as a pass, with the words for it: its passes, and the arms that have walks of their own."""
    for one in plan:
        if isinstance(one, Generate):
            yield one.name, one
        elif isinstance(one, Evaluate):
            for arm in one.arms:
                if arm.walk is not None:
                    yield f"arm {arm.name}", arm_pass(one, arm)


@dataclass
class Rehearsal:
    """What was found so far, and the rows of the tables that were made."""

    plan: Plan
    crew: type = Answerer
    answer: Answer | None = None
    walk_s: float = 10.0
    tables: dict[str, list[Any]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    numbers: dict[str, Mapping[str, float]] = field(default_factory=dict)

    async def all(self, prompts: Sequence[Prompt]) -> list[str]:
        """Complaints about all walks."""
        self.tables |= {PROMPTS: list(prompts), HELD_OUT: list(prompts)}
        for part in self.plan:
            if isinstance(part, Fit):
                self._fit(part)
            for name, one in passes_of((part,)):
                await self._pass(name, one.bound(self.numbers[one.fit]) if one.fit else one)
        return list(dict.fromkeys(self.lines))

    async def _pass(self, name: str, one: Generate) -> None:
        items = self._items(one)
        play = _Play(name, one, one.crew or self.crew, self.answer, self.walk_s)
        first = Scene()
        takes = [await play.take(items, first)]
        await asyncio.sleep(BETWEEN_S)
        takes.append(await play.take(items, again := Scene(replies=first.replies)))
        takes.append(await play.take(items, back := Scene(backwards=True)))
        if not play.lines:
            play.compare(takes[0], takes[1], (first, again), "the second time")
        if not play.lines:
            play.compare(takes[0], takes[2], (first, back), "when its answers came in another order")
        if not play.lines:
            await play.failing(items[:N_FAILING], [page.page.declared for page in takes[0]])
        for table, kind in one.makes.items():
            rows = [row for walk in takes[0] for row in walk.made.get(table, ())]
            read, complaint = stored(kind, rows)
            self.tables[f"{one.name}.{table}"] = read
            play.lines += [f"{name}: {complaint}{at(start_of(one.walk))}"] if complaint else []
        self.lines += play.lines

    def _fit(self, one: Fit) -> None:
        """The numbers of a fit, of what was rehearsed, as if each step had asked once and spent ten tokens."""
        rows = self._rows(one.on)
        made_by = next(
            part for part in self.plan if isinstance(part, Generate) and part.name == one.on.rpartition(".")[0]
        )
        steps = {} if callable(made_by.steps) else {step.name: Spent(1, 10, 10) for step in made_by.declared(None)}
        self.numbers[one.name] = one.by(rows, steps)

    def _items(self, one: Generate) -> list[Any]:
        """The rows that a pass walks; where the pass before made none, some that are made by hand."""
        return self._rows(one.over)

    def _rows(self, table: str) -> list[Any]:
        kind = tables_of(self.plan).get(table, Prompt)
        return self.tables[table][:N_ITEMS] or [made_by_hand(kind, number) for number in range(N_FAILING)]


@dataclass
class _Play:
    """One pass, walked again and again."""

    name: str
    generate: Generate
    crew: type
    answer: Answer | None
    walk_s: float
    lines: list[str] = field(default_factory=list)

    async def take(self, items: Sequence[Any], scene: Scene) -> list[Walked]:
        """All items walked at once in one scene."""
        crew = cast(self.crew, scene, self.answer)
        tasks = Tasks(scene)
        with tasks:
            found = await asyncio.gather(*(self._one(item, crew, scene, tasks) for item in items))
        for one in found:
            self._faults(one, scene)
        return found

    async def _one(self, item: Any, crew: Any, scene: Scene, tasks: Tasks) -> Walked:
        """One item walked, in bounded time, with nothing left behind."""
        page = Page(part=self.generate.name, item=item.id)

        async def walk(item: Any, crew: Any) -> Any:
            nonlocal page
            page = page_here()
            try:
                return await self.generate.walk(item, crew)
            finally:
                tasks.ended(page)

        task = asyncio.create_task(walked(replace(self.generate, walk=walk), item, 0, crew))
        await asyncio.wait({task}, timeout=self.walk_s)
        if not task.done():
            self._add(f"the walk did not end within {self.walk_s:g} s", scene, tasks.line_of(task))
        for line in await tasks.cleared(task, page):
            self._add("the walk left a task behind", scene, line, ": await all that it starts, `together(...)` does")
        if task.cancelled():
            return Walked(page=page, made={})
        error = task.exception()
        if error is not None:
            self._add("the walk let out what core does not catch", scene, more=f": {error!r:.200}")
            return Walked(page=page, made={})
        return task.result()

    def _add(self, said: str, scene: Scene, line: str = "", more: str = "") -> None:
        """A complaint; where no line of the walk is known, with the one where it begins."""
        self.lines.append(f"{self.name}: {said}{_when(scene)}{at(line or start_of(self.generate.walk))}{more}")

    def _faults(self, one: Walked, scene: Scene) -> None:
        """What is wrong with a walk that has ended."""
        page = one.page
        for failure in page.failures:
            if failure.kind in ("bug", "contract") and failure.stage != WALK:
                self._add(f"the step {failure.stage!r} broke: {failure.detail}", scene, scene.line_of(failure.stage))
            elif failure.kind == "contract" or (failure.kind == "bug" and failure.detail.startswith(failure.reason)):
                self.lines.append(f"{self.name}: the walk broke{_when(scene)}: {failure.detail}")
            elif failure.kind == "bug":
                line = "" if failure.detail.startswith("item.py") else failure.detail
                self._add("the walk broke its plan", scene, line, f": {failure.reason}")
        complaint = off_plan(page.lines, page.declared, self.generate.makes) if page.lines else ""
        if complaint:
            self._add(f"the page does not balance: {complaint}", scene)

    def compare(self, one: Sequence[Walked], other: Sequence[Walked], scenes: tuple[Scene, Scene], when: str) -> None:
        """A complaint where the same items came to something else."""
        if [_came_to(each) for each in one] == [_came_to(each) for each in other]:
            return
        before, after = scenes
        strange = [what for what in after.asked if what not in before.asked]
        strange += [what for what in before.asked if what not in after.asked]
        line = after.asked.get(strange[0]) or before.asked.get(strange[0]) if strange else ""
        asked = f"it asked {strange[0][0]!r} otherwise" if strange else "it made other rows of the same answers"
        self.lines.append(
            f"{self.name}: the walk of an item came to something else {when}: {asked}{at(line or start_of(self.generate.walk))}, "
            "wanted a function of the item and its answers (no clock, no chance, no memory of other items)"
        )

    async def failing(self, items: Sequence[Any], declared: Sequence[Sequence[Step]]) -> None:
        """Each step failing in turn, wholly, and where it is asked several times at the first place only."""
        steps = {step.name: step for page in declared for step in page}
        for step in steps.values():
            await self.take(items, Scene(fails=step.name))
            if step.of or step.times > 1 or step.most is not None:
                await self.take(items, Scene(fails=step.name, rank=0))
        if any(place.optional for place in places(self.crew)):
            await self.take(items, Scene(lacking=True))
        if any(place.speaks for place in places(self.crew)):
            await self.take(items, Scene(mute=True))


def _when(scene: Scene) -> str:
    if scene.fails:
        return f" with the step {scene.fails!r} failing" + (" once" if scene.rank is not None else "")
    if scene.mute:
        return " where nobody tells log-probabilities"
    return " without the members that may lack" if scene.lacking else ""


def _came_to(one: Walked) -> tuple[Any, ...]:
    return one.page.sorted_lines(), list(one.page.declared), {name: list(rows) for name, rows in one.made.items()}
