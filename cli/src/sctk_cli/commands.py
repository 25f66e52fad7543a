"""Which commands there are: the command line's own, and those that installed distributions offer by the group `sctk.commands`.

What is offered is read out of the metadata on the path, line by line: `importlib.metadata` and core do the same with more
care, and would take longer than all the rest of `sctk --help`. What cannot be read is left out here; `sctk plugins` tells why.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("sctk_cli.run", "Run a method start to finish, or go on with a run."),
    "verify": ("sctk_cli.verify", "Run a method's claims as experiments over seeds, each with a verdict."),
    "show": ("sctk_cli.show", "Show a run: ledger, metrics, tables."),
    "why": ("sctk_cli.why", "Walk back from a record to everything that made it."),
    "check": ("sctk_cli.check", "Check a recipe without running it."),
    "config": ("sctk_cli.check", "Show the settings of a run and where each came from."),
    "plugins": ("sctk_cli.plugins", "List what is installed, importing none of it."),
    "describe": ("sctk_cli.plugins", "Explain one component and its settings."),
    "judge": (
        "sctk_cli.judge",
        "See what is read in the words of judges and critics, and whether they prefer a place.",
    ),
    "reward": ("sctk_cli.reward", "Measure a reward on rows with labels."),
    "plugin": ("sctk_cli.plugin", "For plugin authors: check a component."),
    "doctor": ("sctk_cli.doctor", "Try every installed plugin and say what is broken."),
}
"""Name -> module and short help: `--help` needs no import of the commands. A test holds the help to the commands' own."""

SHIPPED = {"data": "sctk-data"}
"""The commands of plugins that we ship -> whose they are: nobody else's is called by the bare name."""
GROUP = "sctk.commands"


class Offered(NamedTuple):
    """One command that a distribution offers; `summary` is what its metadata says of itself."""

    name: str
    distribution: str
    summary: str


def offered(path: Sequence[str] | None = None) -> dict[str, Offered]:
    """What to type -> command, sorted: the name, or `DISTRIBUTION/NAME` where the name is one of ours or another's too."""
    found = sorted(_found(sys.path if path is None else path))
    names = [one.name for one in found]
    clash = {name for name in names if name in COMMANDS or names.count(name) > 1} | SHIPPED.keys()
    ours = set(SHIPPED.items())
    return {
        f"{one.distribution}/{one.name}"
        if one.name in clash and (one.name, one.distribution) not in ours
        else one.name: one
        for one in found
    }


def _found(path: Sequence[str]) -> Iterator[Offered]:
    seen: set[str] = set()
    for info in _metadata_on(path):
        try:
            yield from _commands_in(info, seen)
        except (OSError, ValueError):
            continue


def _metadata_on(path: Sequence[str]) -> Iterator[str]:
    """The folders of metadata of every distribution, in the order of the path."""
    for place in dict.fromkeys(path):
        try:
            names = sorted(os.listdir(place or "."))
        except OSError:
            continue
        yield from (os.path.join(place, name) for name in names if name.endswith((".dist-info", ".egg-info")))


def _commands_in(info: str, seen: set[str]) -> Iterator[Offered]:
    """The commands of one distribution, the first of its name on the path, as it is for imports."""
    with open(os.path.join(info, "entry_points.txt"), encoding="utf-8") as file:
        text = file.read()
    if f"[{GROUP}]" not in text:
        return
    about = _about(os.path.join(info, "METADATA" if info.endswith(".dist-info") else "PKG-INFO"))
    name = about.get("name", "")
    key = re.sub(r"[-_.]+", "-", name).lower()
    if not name or key in seen:
        return
    seen.add(key)
    group = ""
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("["):
            group = line.strip("[] ")
        elif group == GROUP and "=" in line and not line.startswith(("#", ";")):
            command = line.partition("=")[0].strip()
            yield Offered(name=command, distribution=name, summary=about.get("summary", "") or f"Of {name}.")


def _about(path: str) -> dict[str, str]:
    """The fields at the head of a distribution's metadata, by their names in small letters."""
    found: dict[str, str] = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if not line.strip():
                break
            field, colon, value = line.partition(":")
            if colon and not field.startswith((" ", "\t")):
                found.setdefault(field.lower(), value.strip())
    return found
