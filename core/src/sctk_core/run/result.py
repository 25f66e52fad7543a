"""What a run came to, and how that is read again from its directory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sctk_core import ledger
from sctk_core.identity import file_digest
from sctk_core.records import Measure
from sctk_core.store.facts import ArmCost
from sctk_core.store.failures import damaged
from sctk_core.store.layout import Layout
from sctk_core.store.manifest import Manifest, Part
from sctk_core.store.part import files_of, shards_of
from sctk_core.store.shape import misfit
from sctk_core.store.whole import bytes_of


@dataclass(frozen=True, kw_only=True)
class PartUsage:
    """What one role was asked in one part of a run: requests and tokens, and how many requests were recalled from the store."""

    part: str
    role: str
    requests: int
    recalled: int
    tokens_read: int
    tokens_written: int


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a run came to. `exit_code` is the command's; `notes` are what a user should know beside the numbers."""

    run: Path
    state: str
    ledger: Sequence[ledger.StageCount]
    metrics: Sequence[Measure]
    notes: Sequence[str] = ()
    usage: Sequence[PartUsage] = ()
    costs: Sequence[ArmCost] = ()
    exit_code: int = 0


def read_result(layout: Layout, manifest: Manifest) -> RunResult:
    """The result that lies in a run's directory: of a run that is not done, as far as it came."""
    by_part = {name: counts_of(layout, name) for name, part in manifest.parts.items() if "ledger" in part.tables}
    if manifest.state == "done" and not is_as_noted(manifest, layout.metrics):
        raise damaged(layout.metrics, "metrics that are gone or not what was written")
    return RunResult(
        run=layout.root, state=manifest.state, ledger=[stage for stages in by_part.values() for stage in stages],
        metrics=read_metrics(layout.metrics), notes=tuple(manifest.notes),
        costs=manifest.costs,
        usage=[one for name, stages in by_part.items() for one in _usage(name, stages, manifest.parts[name])],
    )  # fmt: skip


def is_as_noted(manifest: Manifest, path: Path) -> bool:
    """Whether a file beside the parts holds what the manifest notes of it."""
    return path.is_file() and file_digest(path) == manifest.files.get(path.name)


def counts_of(layout: Layout, part: str) -> list[ledger.StageCount]:
    """What became of all that was asked in a part, by stage."""
    return ledger.count(files_of(layout, shards_of(layout, part), "ledger"))


def _usage(name: str, stages: Sequence[ledger.StageCount], part: Part) -> list[PartUsage]:
    """What each role was asked in a part, over all of its stages."""
    spent: dict[str, Counter[str]] = {}
    for stage in stages:
        for role, counts in stage.usage.items():
            spent.setdefault(role, Counter()).update(counts)
    return [
        PartUsage(
            part=name, role=role, requests=counts["requests"], tokens_read=counts["tokens_read"],
            tokens_written=counts["tokens_written"], recalled=part.usage.get(role, {}).get("recalled", 0),
        )
        for role, counts in spent.items()
    ]  # fmt: skip


def read_metrics(path: Path) -> list[Measure]:
    """The measures in a file, or none where there is no file."""
    if not path.exists():
        return []
    try:
        rows = json.loads(bytes_of(path).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, f"no readable metrics ({error})") from error
    if complaint := misfit(rows, list[Measure]):
        raise damaged(path, f"no metrics of a run ({complaint})")
    return [Measure(**row) for row in rows]
