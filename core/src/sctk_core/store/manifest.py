"""The manifest: what a run is, what its parts are and which of them are complete.

It is one JSON file, replaced by rename, with a digest of itself. Its schema has a version; a run of an older one is not gone on
with, but its replies answer. The shards of a part are named in a list of the part's own (`store/part.py`), so that sealing one
costs the same however many there are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sctk_core.errors import StoreError
from sctk_core.identity import content_id
from sctk_core.shown import shown
from sctk_core.store.facts import ArmCost, ArmFacts, ComponentFacts, PartFacts, RoleFacts
from sctk_core.store.failures import damaged
from sctk_core.store.shape import misfit
from sctk_core.store.whole import bytes_of, write_whole

SCHEMA_VERSION = 3
_ANEW = "move it away and run the same line again: all replies are kept, and answer again; or give another directory with --out"
_NAME, LONGEST_NAME = re.compile(r"[^/\x00]+(/[^/\x00]+)*"), 200
"""Names of parts, arms and tables, which are directories, and their characters at most (a plan's are shorter)."""


@dataclass(kw_only=True)
class Part:
    """One part of a run: a pass, a curation, a training's ledger, an evaluation's values.

    `facts` are what its fingerprint was made of, `inputs` the digests of what it read; `tables` maps each table to the type of
    its rows; `total` is the number of items of a part that is complete, and `digest` that of its list of shards; `usage` counts
    requests by role, asked and recalled, over all times it was run. `again`: too much of it failed, and it is to be made anew.
    """

    fingerprint: str
    facts: PartFacts = field(default_factory=lambda: PartFacts())
    inputs: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    total: int | None = None
    digest: str = ""
    usage: dict[str, dict[str, int]] = field(default_factory=dict)
    again: bool = False


@dataclass(kw_only=True)
class Manifest:
    """What is known of a run: its parts by name, its trained arms with their reports, who provided what (`components`).

    `roles` tells the models that speak, `training` names the tables that the student learns from, `costs` are what the arms
    cost. `files` are the digests of what lies beside the parts (metrics.json, recipe.toml), by name.
    """

    fingerprint: str
    method: str
    state: str = "running"
    components: dict[str, ComponentFacts] = field(default_factory=dict)
    roles: dict[str, RoleFacts] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    arms: dict[str, ArmFacts] = field(default_factory=dict)
    training: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    costs: list[ArmCost] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def save(self, path: Path) -> None:
        """Writes it; the old one stands until the new one is whole."""
        value = asdict(self)
        write_whole(path, json.dumps(value | {"digest": _digest(value)}, ensure_ascii=False, indent=1))


def load_manifest(path: Path) -> Manifest | None:
    """The manifest at `path`; None where there is none."""
    try:
        value = json.loads(bytes_of(path).decode("utf-8"))
        version = int(value["schema_version"])
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}", hint="is it a file that you may read?") from error
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise damaged(path, f"no readable manifest ({type(error).__name__})", _ANEW) from error
    if version != SCHEMA_VERSION:
        age = "a newer" if version > SCHEMA_VERSION else "an older"
        raise StoreError(
            f"{path}: got schema version {version}, wanted {SCHEMA_VERSION}: {age} sctk made this run",
            hint="give another directory with --out beside it: replies are shared, so nothing is asked again",
        )
    try:
        digest = value.pop("digest")
        if digest != _digest(value):
            raise damaged(path, "a manifest that is not what was written", _ANEW)
        return _read(value)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        told = str(error) if isinstance(error, ValueError) else type(error).__name__
        raise damaged(path, f"no manifest of a run ({told})", _ANEW) from error


def _digest(value: dict[str, Any]) -> str:
    return content_id("manifest", json.loads(json.dumps(value)))


def _read(value: dict[str, Any]) -> Manifest:
    """The manifest of a whole value; a ValueError says what of it is none's."""
    if complaint := misfit(value, Manifest):
        raise ValueError(complaint)
    parts = {name: Part(**part) for name, part in value["parts"].items()}
    _check_names([*parts, *value["arms"], *(f"{name}/{table}" for name in parts for table in parts[name].tables)])
    costs = [ArmCost(**cost) for cost in value["costs"]]
    return Manifest(**value | {"parts": parts, "training": tuple(value["training"]), "costs": costs})


def _check_names(names: Iterable[str]) -> None:
    """A ValueError where a name, which is a place below the run, leads out of it."""
    for name in names:
        if len(name) > LONGEST_NAME or not _NAME.fullmatch(name) or {".", ".."} & set(name.split("/")):
            raise ValueError(f"{shown(name)}: wanted the name of a part, an arm or a table")
