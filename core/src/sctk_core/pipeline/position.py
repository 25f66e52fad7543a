"""Where in a run a component is being asked: what the recording proxy needs to seed a request, without any plugin's help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """The step that is under way: its name, the id of what it is asked of, its chain and sweep."""

    stage: str
    of: str = ""
    chain: int = 0
    sweep: int = 0


_HERE: ContextVar[Position] = ContextVar("sctk_position")
_OUTSIDE = Position(stage="outside")


def here() -> Position:
    """The position of the task that asks."""
    return _HERE.get(_OUTSIDE)


@contextmanager
def at(position: Position) -> Iterator[None]:
    """Runs a step at `position`; tasks that it starts inherit it."""
    token = _HERE.set(position)
    try:
        yield
    finally:
        _HERE.reset(token)
