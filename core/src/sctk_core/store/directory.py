"""A run's directory: opened by one writer at a time, sealed shard by shard, gone on with where it stopped.

What is sealed never changes; what is torn (its digest does not fit) is forgotten and made again from the replies.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from sctk_core.errors import ConfigError, StoreError
from sctk_core.identity import file_digest
from sctk_core.store.failures import writing
from sctk_core.store.manifest import Manifest, Shard, load_manifest
from sctk_core.store.progress import Progress, TableRows
from sctk_core.store.replies import Replies
from sctk_core.store.tables import Row, read_shards, write_shard


class RunDirectory:
    """One run on disk. `close()` it, or use it in a `with`.

    `differs` tells in words what sets this run apart from another one that the directory holds.
    """

    def __init__(
        self,
        path: Path,
        *,
        fingerprint: str,
        method: str,
        shard_rows: int = 1000,
        differs: Callable[[Manifest], str] = lambda _: "they differ",
    ) -> None:
        self.path = path
        with writing(path):
            path.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(path / "lock")
        self._shard_rows = shard_rows
        self.manifest = self._continue(fingerprint, method, differs)
        self.progress = Progress(path / "progress.sqlite")
        self.replies = Replies(path.parent / "replies.sqlite")

    def _continue(self, fingerprint: str, method: str, differs: Callable[[Manifest], str]) -> Manifest:
        manifest = load_manifest(self.path / "manifest.json")
        if manifest is None:
            return Manifest(fingerprint=fingerprint, method=method)
        if manifest.fingerprint != fingerprint:
            self._lock.close()
            raise ConfigError(
                f"{self.path}: got a recipe with fingerprint {fingerprint}, wanted {manifest.fingerprint}, "
                f"which is what this directory holds: {differs(manifest)}",
                hint="give another directory with --out (replies are shared), or the recipe that made this one",
            )
        for leg, shards in manifest.shards.items():
            whole = [shard for shard in shards if self._is_whole(shard)]
            if len(whole) < len(shards):
                manifest.shards[leg] = whole
                manifest.legs.pop(leg, None)
        return manifest

    def _is_whole(self, shard: Shard) -> bool:
        files = ((self.path / name, digest) for name, digest in shard.files.items())
        return all(file.exists() and file_digest(file) == digest for file, digest in files)

    def __enter__(self) -> RunDirectory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives files and lock back."""
        self.progress.close()
        self.replies.close()
        self._lock.close()

    def save(self) -> None:
        """Writes the manifest."""
        self.manifest.save(self.path / "manifest.json")

    def leg(self, name: str, tables: tuple[str, ...]) -> Leg:
        """The part of the run that `name` stands for; its shards have one file for each of `tables`."""
        return Leg(self, name, tables, self._shard_rows)

    def write_json(self, name: str, value: Any) -> None:
        """A JSON file of the run, whole or not at all."""
        self.write_text(name, json.dumps(value, ensure_ascii=False, indent=1) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """A text file of the run, whole or not at all."""
        path = self.path / name
        with writing(path):
            part = path.with_suffix(".part")
            part.write_text(text, encoding="utf-8")
            part.replace(path)

    def write_table(self, name: str, table: str, rows: list[Row]) -> str:
        """A table that is one file of its own (the ledger); gives its digest."""
        return write_shard(self.path / name, table, rows)


class Leg:
    """The chains of one part of a run, by their number in input order: the main chains, or one arm's evaluation."""

    def __init__(self, run: RunDirectory, name: str, tables: tuple[str, ...], shard_rows: int) -> None:
        self._run, self.name, self._tables, self._shard_rows = run, name, tables, shard_rows
        self._finished = run.progress.finished(name)

    @property
    def complete(self) -> bool:
        """Whether every chain is sealed."""
        return self.name in self._run.manifest.legs

    def is_done(self, number: int) -> bool:
        """Whether a chain needs no walking."""
        return number in self._finished or any(s.first <= number < s.stop for s in self._shards)

    @property
    def _shards(self) -> list[Shard]:
        return self._run.manifest.shards.setdefault(self.name, [])

    def finish(self, number: int, rows: TableRows) -> None:
        """Keeps a finished chain, and seals its range when that was the last one missing."""
        self._run.progress.put(self.name, number, rows)
        self._finished.add(number)
        first = number - number % self._shard_rows
        self._seal(first, first + self._shard_rows)

    def end(self, total: int) -> None:
        """Seals what is left; afterwards the leg is complete with `total` chains."""
        for first in range(0, total, self._shard_rows):
            self._seal(first, min(first + self._shard_rows, total))
        missing = [number for number in range(total) if not self.is_done(number)]
        if missing:
            raise StoreError(f"{self._run.path}: {self.name}: {len(missing)} chains are missing", hint="run again")
        self._complete(total)

    def seal_all(self, items: Sequence[TableRows]) -> None:
        """Seals what was made all at once, and could be made again: shard by shard, without keeping single items."""
        for first in range(0, len(items), self._shard_rows):
            if not any(shard.first == first for shard in self._shards):
                part = items[first : first + self._shard_rows]
                self._write(first, part)
        self._complete(len(items))

    def _complete(self, total: int) -> None:
        self._run.manifest.legs[self.name] = total
        self._run.save()

    def _seal(self, first: int, stop: int) -> None:
        wanted = set(range(first, stop))
        if not wanted or not wanted <= self._finished:
            return
        self._write(first, self._run.progress.take(self.name, first, stop))
        self._run.progress.drop(self.name, first, stop)
        self._finished -= wanted

    def _write(self, first: int, chains: Sequence[TableRows]) -> None:
        """One shard of chains first..first+len(chains)-1, named in the manifest."""
        files = {}
        for table in self._tables:
            path = self._path(table) / f"{first // self._shard_rows:05d}.parquet"
            rows = [row for chain in chains for row in chain.get(table, [])]
            files[path.as_posix()] = write_shard(self._run.path / path, _kind(table), rows)
        self._shards.append(Shard(first=first, stop=first + len(chains), files=files))
        self._shards.sort(key=lambda shard: shard.first)
        self._run.save()

    def _path(self, table: str) -> Path:
        return Path(table) if self.name == "chains" else Path(self.name) / table

    def rows(self, table: str) -> list[Row]:
        """All sealed rows of a table, in input order."""
        prefix = self._path(table).as_posix() + "/"
        names = [name for shard in self._shards for name in shard.files if name.startswith(prefix)]
        return read_shards([self._run.path / name for name in names])


def _kind(table: str) -> str:
    """The row type of a table: training tables are named `train-samples`, say."""
    return table.rpartition("-")[2]


def _lock(path: Path) -> IO[str]:
    with writing(path):
        file = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip() or "another process"
        file.close()
        raise StoreError(
            f"{path.parent}: the run directory is in use by {holder}",
            hint="wait for it to end, or give another directory with --out",
        ) from error
    with writing(path):
        file.truncate(0)
        file.write(f"process {os.getpid()}")
        file.flush()
    return file
