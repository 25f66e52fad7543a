"""The manifest: what a run is, and which shards exist. A shard exists when the manifest names it.

It is one JSON file, replaced by rename. Its schema has a version, and `_MIGRATIONS` lists how each older one becomes the next.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sctk_core.errors import StoreError
from sctk_core.store.failures import writing

SCHEMA_VERSION = 1
_MIGRATIONS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = ()  # [k] leads from version k + 1 to k + 2


@dataclass(kw_only=True)
class Shard:
    """One sealed range of chains (first..stop-1) of a leg: its files, one for each table, with the digest of their bytes."""

    first: int
    stop: int
    files: dict[str, str]


@dataclass(kw_only=True)
class Manifest:
    """What is known of a run.

    `components` maps a recipe section to who provided it, `shards` a leg to its sealed ranges, `legs` a leg that is complete
    to its number of chains, `arms` a trained arm to its report.
    """

    fingerprint: str
    method: str
    state: str = "running"
    components: dict[str, dict[str, Any]] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    shards: dict[str, list[Shard]] = field(default_factory=dict)
    legs: dict[str, int] = field(default_factory=dict)
    arms: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    schema_version: int = SCHEMA_VERSION

    def save(self, path: Path) -> None:
        """Replaces the file at `path`, whole or not at all."""
        with writing(path):
            part = path.with_suffix(".part")
            with part.open("w", encoding="utf-8") as file:
                json.dump(asdict(self), file, ensure_ascii=False, indent=1, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)


def load_manifest(path: Path) -> Manifest | None:
    """The manifest at `path`, brought to this version; None where there is none."""
    if not path.exists():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        version = int(value["schema_version"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path}: got no readable manifest ({error})", hint="give another directory with --out"
        ) from error
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: got schema version {version}, wanted at most {SCHEMA_VERSION}",
            hint="a newer sctk made this run: upgrade sctk-core, or give another directory with --out",
        )
    for migrate in _MIGRATIONS[version - 1 :]:
        value = migrate(value)
    shards = {leg: [Shard(**shard) for shard in found] for leg, found in value["shards"].items()}
    return Manifest(**value | {"shards": shards, "schema_version": SCHEMA_VERSION})
