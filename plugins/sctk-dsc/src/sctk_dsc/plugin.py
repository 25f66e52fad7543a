"""What sctk-dsc offers: the method `dsc` and its acceptance rules."""

from __future__ import annotations

from sctk_core import Component, hookimpl


@hookimpl
def sctk_methods() -> list[Component]:
    """The method."""
    summary = "distilled self-critique: sample the reward-tilted posterior by critique and revision, then SFT"
    return [Component(name="dsc", target="sctk_dsc.method:DistilledSelfCritique", summary=summary)]
