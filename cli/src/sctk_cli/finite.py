"""Numbers on the command line: NaN lies in no range, though every comparison with it says that it is not outside."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class Finite(click.FloatRange):
    """A finite number from `min` to `max`, where these are given."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, or the usage error of click."""
        found: float = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is no finite number.", param, ctx)
        return found


def timeout(default_s: float, told: str) -> Callable[[F], F]:
    """The option --timeout; `told` says what has so many seconds."""
    bounds = Finite(0.01, 10**6)
    return click.option("--timeout", "timeout_s", type=bounds, default=default_s, show_default=True, help=told)
