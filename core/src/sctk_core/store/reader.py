"""Reads a run directory without a lock: for `show`, `why` and for anybody who analyses a run while it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sctk_core.errors import ConfigError
from sctk_core.identity import file_digest
from sctk_core.store.columns import hollow, unlike
from sctk_core.store.failures import FOREIGN, damaged
from sctk_core.store.layout import Layout, curated
from sctk_core.store.manifest import Manifest, load_manifest
from sctk_core.store.part import list_digest, shards_of
from sctk_core.store.replies import Replies
from sctk_core.store.shards import columns_at, n_rows, readable

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]


class RunReader:
    """The sealed tables of a run, by part ("chains", "evaluation/base") and table."""

    def __init__(self, path: Path) -> None:
        self.path, self.layout = path, Layout(path)
        manifest = load_manifest(self.layout.manifest)
        if manifest is None:
            raise ConfigError(
                f"{path}: got no manifest.json, wanted the directory of a run",
                hint="`sctk run` prints where its run lies",
            )
        self.manifest: Manifest = manifest
        self._digests: dict[Path, str] = {}
        self._seen: set[Path] = set()
        self._tables = self._found()

    def _found(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        for part, noted in self.manifest.parts.items():
            if noted.total is not None and noted.digest != list_digest(self.layout, part):
                raise damaged(
                    self.path / part / "shards.jsonl", "a list of shards that is gone or not what was written"
                )
            for shard in shards_of(self.layout, part):
                for name, digest in shard.files.items():
                    found.setdefault(name.rpartition("/")[0], []).append(self.layout.place / name)
                    self._digests[self.layout.place / name] = digest
        return found

    def checked(self, paths: Sequence[Path]) -> list[Path]:
        """The same shards, each compared with its digest and looked at for its columns once.

        A StoreError names one that is not what was written, or that no sctk wrote.
        """
        for path in paths:
            if path not in self._seen:
                if not path.is_file() or file_digest(path) != self._digests[path]:
                    raise damaged(path, "a table that is gone or not what was written")
                if complaint := unlike(columns_at(path), self._type_at(path)):
                    raise damaged(path, complaint, FOREIGN)
                self._seen.add(path)
        return list(paths)

    def _type_at(self, path: Path) -> str:
        return self.type_of(path.parent.relative_to(self.layout.place).as_posix())

    def rows(self, paths: Sequence[Path], wanted: pl.Expr | None = None) -> Iterator[Row]:
        """The rows of some shards for which an expression is true, in order, one shard in memory at a time.

        A StoreError names a shard of which a row holds nothing where its type has something.
        """
        import polars as pl

        for path in self.checked(paths):
            with readable(path):
                scan = pl.scan_parquet(path, glob=False)
                found = (scan if wanted is None else scan.filter(wanted)).collect()
            for row in found.iter_rows(named=True):
                if complaint := hollow(row, self._type_at(path)):
                    raise damaged(path, complaint, FOREIGN)
                yield row

    def check_ledgers(self) -> None:
        """Looks at every ledger: what became of what is read off them."""
        import polars as pl

        for table, paths in self._tables.items():
            if table.endswith("/ledger"):
                for _ in self.rows(paths, pl.any_horizontal(pl.all().is_null())):
                    pass

    def tables(self) -> Mapping[str, Sequence[Path]]:
        """The shards of every sealed table, by its path in the run directory."""
        return self._tables

    def type_of(self, table: str) -> str:
        """The type of a table's rows."""
        part, _, name = table.rpartition("/")
        return self.manifest.parts[part].tables.get(name, "")

    def training_tables(self) -> list[str]:
        """The tables that the student learns from (without one the last arm), by path, as curation left them."""
        found = []
        for name in self.manifest.training:
            part, _, table = name.rpartition(".")
            kept = f"{curated(name)}/rows"
            found.append(kept if kept in self._tables else f"{part}/{table}")
        return found

    def n_rows(self) -> dict[str, int]:
        """How many rows each sealed table has."""
        return {table: n_rows(self.checked(paths)) for table, paths in sorted(self._tables.items())}

    def find(self, prefix: str, column: str = "id") -> list[tuple[str, Row]]:
        """(table, row) of every record whose `column` begins with `prefix`; ledgers are left out, records of their own come
        before their copies in tables for others."""
        import polars as pl

        wanted = pl.col(column).str.starts_with(prefix)
        found = [
            (table, row)
            for table, paths in self._tables.items()
            if not table.endswith("/ledger") and column in columns_at(self.checked(paths)[0])
            for row in self.rows(paths, wanted)
        ]
        return sorted(found, key=lambda item: ("parents" in item[1], item[0]))

    def line_of(self, record: str) -> Row:
        """The first line of the ledger that has a record as its answer; empty where none has."""
        import polars as pl

        ledgers = (paths for table, paths in self._tables.items() if table.endswith("/ledger"))
        lines = (row for paths in ledgers for row in self.rows(paths, pl.col("record") == record))
        return next(lines, {})

    def exchange(self, key: str) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """Request and reply of a key, from the replies beside the run."""
        replies = Replies(self.layout.replies)
        try:
            return replies.exchange(key)
        finally:
            replies.close()
