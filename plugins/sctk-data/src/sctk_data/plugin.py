"""What sctk-data offers: one command."""

from __future__ import annotations

from collections.abc import Sequence

from sctk_core import Component, hookimpl


@hookimpl
def sctk_commands() -> Sequence[Component]:
    """The command `sctk data`."""
    summary = "clean, pack and score data files with the Rust core"
    return [Component(name="data", target="sctk_data.command:data", summary=summary)]
