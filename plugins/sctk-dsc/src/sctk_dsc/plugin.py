"""What sctk-dsc offers: the method `dsc` and its acceptance rules."""

from __future__ import annotations

from sctk_core import Component, hookimpl


@hookimpl
def sctk_methods() -> list[Component]:
    """The method."""
    summary = (
        "distilled self-critique: chains of critique, revision and acceptance by a reward, then SFT on where they stand"
    )
    return [Component(name="dsc", target="sctk_dsc.method:DistilledSelfCritique", summary=summary)]
