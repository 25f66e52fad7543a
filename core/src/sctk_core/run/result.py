"""What a run came to, and how that is read again from its directory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sctk_core import ledger
from sctk_core.errors import StoreError
from sctk_core.records import Measure
from sctk_core.store.layout import Layout
from sctk_core.store.manifest import Manifest
from sctk_core.store.part import shards_of


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a run came to. `exit_code` is the command's; `notes` are what a user should know beside the numbers.

    `usage` counts requests by part and role, asked and recalled from the store.
    """

    run: Path
    state: str
    ledger: Sequence[ledger.StageCount]
    metrics: Sequence[Measure]
    notes: Sequence[str] = ()
    usage: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    exit_code: int = 0


def read_result(layout: Layout, manifest: Manifest) -> RunResult:
    """The result that lies in a run's directory: of a run that is not done, as far as it came."""
    return RunResult(
        run=layout.root, state=manifest.state, ledger=counts_of(layout, manifest), metrics=read_metrics(layout.metrics),
        notes=tuple(manifest.notes), usage={name: part.usage for name, part in manifest.parts.items() if part.usage},
    )  # fmt: skip


def counts_of(layout: Layout, manifest: Manifest) -> list[ledger.StageCount]:
    """The ledger of all parts, in the order in which they were begun."""
    return [
        stage
        for name, part in manifest.parts.items()
        if "ledger" in part.tables
        for stage in ledger.count(ledger_files(layout, name))
    ]


def ledger_files(layout: Layout, part: str) -> list[Path]:
    """The shards of a part's ledger."""
    names = [name for shard in shards_of(layout, part) for name in shard.files]
    return [layout.root / name for name in names if Path(name).parent.name == "ledger"]


def read_metrics(path: Path) -> list[Measure]:
    """The measures in a file, or none where there is no file."""
    if not path.exists():
        return []
    try:
        return [Measure(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise StoreError(f"{path}: got no readable metrics ({error})", hint="take it away and run the same line again") from error
