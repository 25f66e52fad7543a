"""What a conformance check has found so far, and how it asks a component: in one event loop, in bounded time, isolated."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from sctk_core.boundary import from_outside, told
from sctk_core.errors import ContractError
from sctk_core.pipeline.threads import in_time
from sctk_core.run.watch import Watch


class Complaints:
    """Everything that a component breaks, gathered in order; `done()` raises it as one ContractError."""

    def __init__(
        self,
        component: object,
        *,
        timeout_s: float = 60.0,
        guide: str = "docs/plugin-author.md says what each kind must do",
    ) -> None:
        self.component, self.guide = component, guide
        self.name = type(component).__name__
        self.timeout_s = timeout_s
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Adds one complaint; the same one is added once."""
        if line not in self.lines:
            self.lines.append(line)

    def done(self) -> None:
        """Raises a ContractError where anything was found."""
        if self.lines:
            count = "one way" if len(self.lines) == 1 else f"{len(self.lines)} ways"
            listed = "\n".join(f"- {line}" for line in self.lines)
            raise ContractError(
                f"{self.name} breaks the contract of its kind in {count}:\n{listed}",
                hint=self.guide,
            )

    async def ask(self, verb: str, items: Sequence[Any]) -> tuple[bool, Any]:
        """(True, the answers of an async verb), or (False, None) and a complaint where it raised, hung or is not async."""
        try:
            call = getattr(self.component, verb)(items)
            if not inspect.isawaitable(call):
                self.add(f"{verb}(): got {type(call).__name__} from a plain function, wanted `async def {verb}`")
                return False, None
            with self._watched():
                return True, await in_time(lambda: call, self.timeout_s, f"{self.name}.{verb}()")
        except TimeoutError:
            self.add(f"{verb}(): got no answer to {len(items)} items within {self.timeout_s:g} s")
        except BaseException as error:  # a component's exception is what is looked for, of whatever class
            if from_outside(error):
                raise
            self._raised(verb, error, len(items))
        return False, None

    def attempt(self, action: Callable[[], Any], what: str) -> tuple[bool, Any]:
        """(True, what a plain call returned), or (False, None) and a complaint where it raised."""
        try:
            return True, action()
        except BaseException as error:  # a component's exception is what is looked for, of whatever class
            if from_outside(error):
                raise
            self._raised(what, error)
            return False, None

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Breaks into the component's own code where it holds the thread until its time is over."""
        with Watch(self._whose) as watch, watch.over(self.timeout_s):
            yield

    def _whose(self, frames: Iterator[FrameType]) -> str:
        """The component, where one of the frames is in its package."""
        own = type(self.component).__module__.partition(".")[0]
        inside = (frame.f_globals.get("__name__", "").partition(".")[0] == own for frame in frames)
        return self.name if any(inside) else ""

    def _raised(self, what: str, error: BaseException, n_items: int | None = None) -> None:
        message = told(error)
        on = "" if n_items is None else f" on {n_items} items" if n_items else " on an empty batch"
        self.add(f"{what}(): raised {message!r}{on}, wanted answers, or a Failure for what it cannot answer")


def run_check(check: Coroutine[Any, Any, None]) -> None:
    """Runs a check to its end in one event loop, because some backends live in the loop that first asked them."""
    asyncio.run(check)
