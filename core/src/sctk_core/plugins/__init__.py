"""The plugin host: what is offered (read from metadata, importing nobody), and one component loaded and built in isolation.

`catalogue()` lists, `load()` imports one plugin module, `build()` makes one component, `describe()` explains its settings,
`command_of()` imports one command, `probe()` tries everything in subprocesses. What a plugin throws becomes a `PluginError` that
names plugin and place, so a broken plugin never breaks the command.
"""

from sctk_core.plugins.building import Built, Description, build, command_of, describe, needs_of, target_of
from sctk_core.plugins.loading import Loaded, blamed, catalogue, load
from sctk_core.plugins.offers import Catalogue, Offer, kind_named
from sctk_core.plugins.probing import Probe, probe

__all__ = [
    "Built",
    "Catalogue",
    "Description",
    "Loaded",
    "Offer",
    "Probe",
    "blamed",
    "build",
    "catalogue",
    "command_of",
    "describe",
    "kind_named",
    "load",
    "needs_of",
    "probe",
    "target_of",
]
