"""The tasks that walks start in a rehearsal: which line started them, and which are not done when their walk is."""

from __future__ import annotations

import asyncio
from typing import Any

from sctk_core.pipeline.notes import PAGE, Page
from sctk_core.testing.cast import Scene
from sctk_core.testing.lines import line_of

CLEARED_S = 1.0


class Tasks:
    """Every task that is started inside the `with`, by the page of the walk that started it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._by_page: dict[int, list[asyncio.Task[Any]]] = {}
        self._left: dict[int, list[asyncio.Task[Any]]] = {}

    def __enter__(self) -> None:
        asyncio.get_running_loop().set_task_factory(self._made)

    def __exit__(self, *raised: object) -> None:
        asyncio.get_running_loop().set_task_factory(None)
        for task in (task for found in self._by_page.values() for task in found):
            if task.done() and not task.cancelled():
                task.exception()  # seen: what a walk does not await is not told a second time

    def _made(self, loop: asyncio.AbstractEventLoop, work: Any, **how: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **how)
        self._scene.started(task)
        page = PAGE.get(None)
        if page is not None:
            self._by_page.setdefault(id(page), []).append(task)
        return task

    def ended(self, page: Page) -> None:
        """Notes what is not done at the moment at which a walk ends."""
        self._left[id(page)] = [task for task in self._by_page.get(id(page), ()) if not task.done()]

    async def cleared(self, walk: asyncio.Task[Any], page: Page) -> list[str]:
        """The lines that started what a walk left behind; all of it, and a walk that did not end, is cancelled."""
        hangs = not walk.done()
        left = self._left.get(id(page), [])
        for task in (walk, *left):
            task.cancel()
        await asyncio.wait({walk, *left}, timeout=CLEARED_S)
        return [] if hangs else list(dict.fromkeys(self._scene.origins.get(task, "") for task in left))

    @staticmethod
    def line_of(task: asyncio.Task[Any]) -> str:
        """The innermost line of the walk at which a task waits."""
        waits: Any = task.get_coro()
        found = ""
        while waits is not None:
            found = line_of(getattr(waits, "cr_frame", None)) or found
            waits = getattr(waits, "cr_await", None)
        return found
