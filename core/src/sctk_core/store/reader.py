"""Reads a run directory without a lock: for `show`, `why` and for anybody who analyses a run while it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.store.manifest import Manifest, load_manifest
from sctk_core.store.replies import Replies


class RunReader:
    """The sealed tables of a run, by leg ("chains", "evaluation/base") and table."""

    def __init__(self, path: Path) -> None:
        manifest = load_manifest(path / "manifest.json")
        if manifest is None:
            raise ConfigError(
                f"{path}: got no manifest.json, wanted the directory of a run",
                hint="`sctk run` prints where its run lies",
            )
        self.path = path
        self.manifest: Manifest = manifest

    def tables(self) -> dict[str, list[Path]]:
        """The shards of every sealed table, by its path in the run directory."""
        found: dict[str, list[Path]] = {}
        for shards in self.manifest.shards.values():
            for name in (name for shard in shards for name in shard.files):
                found.setdefault(name.rpartition("/")[0], []).append(self.path / name)
        return found

    def n_rows(self) -> dict[str, int]:
        """How many rows each sealed table has."""
        import polars as pl

        return {
            table: int(pl.scan_parquet(paths).select(pl.len()).collect().item())
            for table, paths in sorted(self.tables().items())
        }

    def find(self, prefix: str, column: str = "id") -> list[tuple[str, dict[str, Any]]]:
        """(table, row) of every record whose `column` begins with `prefix`; ledgers are left out."""
        import polars as pl

        found: list[tuple[str, dict[str, Any]]] = []
        for table, paths in self.tables().items():
            if table.endswith("ledger"):
                continue
            frame = pl.scan_parquet(paths)
            if column in frame.collect_schema().names():
                rows = frame.filter(pl.col(column).str.starts_with(prefix)).collect()
                found += [(table, row) for row in rows.iter_rows(named=True)]
        return found

    def exchange(self, key: str) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """Request and reply of a key, from the replies beside the run."""
        replies = Replies(self.path.parent / "replies.sqlite")
        try:
            return replies.exchange(key)
        finally:
            replies.close()
