"""What is installed, and the plugins that a command line names: theirs is the only code that is imported to list what there is.

It has a bound of time, and what it prints goes to standard error: standard output is for the command's own data.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sctk_cli.terminal import hear_warnings, reserved_stdout

if TYPE_CHECKING:
    from sctk_core.plugins import Catalogue

IMPORT_S = 600.0


def catalogue_with(files: Sequence[Path], timeout_s: float = IMPORT_S) -> Catalogue:
    """What is installed and what these plugin files and folders offer; a PluginError where importing one takes longer."""
    from sctk_core.plugins import catalogue

    if not files:
        return catalogue()
    from sctk_core.run.alone import guarded  # not before it is needed: it brings all that runs

    hear_warnings()
    with reserved_stdout(), guarded(catalogue(), timeout_s):
        return catalogue(files)
