"""What sctk-critics offers: the constitution critic, whose prompts are data."""

from __future__ import annotations

from collections.abc import Sequence

from sctk_core import Component, hookimpl


@hookimpl
def sctk_critics() -> Sequence[Component]:
    """The critic."""
    return [
        Component(
            name="constitution",
            target="sctk_critics.constitution:Constitution",
            summary="the model criticises and rewrites its own answer, by two prompts of a preset or your own",
        )
    ]
