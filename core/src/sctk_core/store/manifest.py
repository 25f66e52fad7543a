"""The manifest: what a run is, what its parts are and which of them are complete.

It is one JSON file, replaced by rename. Its schema has a version; a run of an older one is not gone on with, but its replies
answer. The shards of a part are named in a list of the part's own (`store/part.py`), so that sealing one costs the same however
many there are.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sctk_core.errors import StoreError
from sctk_core.store.failures import writing

SCHEMA_VERSION = 2


@dataclass(kw_only=True)
class Part:
    """One part of a run: a pass, a curation, a training's ledger, an evaluation's values.

    `facts` are what its fingerprint was made of, `inputs` the digests of what it read; `tables` maps each table to the type of
    its rows; `total` is the number of items of a part that is complete, and `digest` that of its list of shards; `usage` counts
    requests by role, asked and recalled, over all times it was run.
    """

    fingerprint: str
    facts: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    total: int | None = None
    digest: str = ""
    usage: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(kw_only=True)
class Manifest:
    """What is known of a run: its parts by name, its trained arms with their reports, who provided what (`components`).

    `roles` tells the models that speak, `training` names the tables that the last arm learns from.
    """

    fingerprint: str
    method: str
    state: str = "running"
    components: dict[str, dict[str, Any]] = field(default_factory=dict)
    roles: dict[str, dict[str, Any]] = field(default_factory=dict)
    model: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    arms: dict[str, dict[str, Any]] = field(default_factory=dict)
    training: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    schema_version: int = SCHEMA_VERSION

    def save(self, path: Path) -> None:
        """Writes it; the old one stands until the new one is whole."""
        part = path.with_suffix(".part")
        with writing(path):
            with part.open("w", encoding="utf-8") as file:
                json.dump(asdict(self), file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)


def load_manifest(path: Path) -> Manifest | None:
    """The manifest at `path`; None where there is none."""
    if not path.exists():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        version = int(value["schema_version"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path}: got no readable manifest ({error})", hint="give another directory with --out"
        ) from error
    if version != SCHEMA_VERSION:
        age = "a newer" if version > SCHEMA_VERSION else "an older"
        raise StoreError(
            f"{path}: got schema version {version}, wanted {SCHEMA_VERSION}: {age} sctk made this run",
            hint="give another directory with --out beside it: replies are shared, so nothing is asked again",
        )
    return _read(value)


def _read(value: dict[str, Any]) -> Manifest:
    parts = {name: Part(**part) for name, part in value["parts"].items()}
    return Manifest(**value | {"parts": parts, "training": tuple(value["training"])})
