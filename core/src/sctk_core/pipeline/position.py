"""Where in a run a component is being asked: what the recording proxy needs to seed a request, without any plugin's help."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(kw_only=True, slots=True)
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


class at:  # noqa: N801 - reads as a word in `with`
    """Runs a step at `position`; tasks that it starts inherit it."""

    __slots__ = ("_position", "_token")

    def __init__(self, position: Position) -> None:
        self._position = position

    def __enter__(self) -> None:
        self._token = _HERE.set(self._position)

    def __exit__(self, *_: object) -> None:
        _HERE.reset(self._token)
