"""What sctk-rdpo offers: the method `rdpo`."""

from __future__ import annotations

from sctk_core import Component, hookimpl


@hookimpl
def sctk_methods() -> list[Component]:
    """The method."""
    summary = "refined DPO: pairs by self-critique, soft labels by an external reward, preference training"
    return [Component(name="rdpo", target="sctk_rdpo.method:RefinedDpo", summary=summary)]
