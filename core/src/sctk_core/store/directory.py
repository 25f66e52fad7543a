"""A run's directory: opened by one writer at a time, sealed shard by shard, gone on with where it stopped."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO, Any

from sctk_core.errors import StoreError
from sctk_core.identity import file_digest
from sctk_core.store.failures import writing
from sctk_core.store.layout import Layout
from sctk_core.store.manifest import Manifest, load_manifest
from sctk_core.store.part import Kinds, StoredPart
from sctk_core.store.progress import Progress
from sctk_core.store.replies import Replies
from sctk_core.store.whole import through_no_link, write_whole


class RunDirectory:
    """One run on disk. `close()` it, or use it in a `with`."""

    def __init__(self, path: Path, *, fingerprint: str, method: str, shard_rows: int = 1000) -> None:
        self.path, self.layout = path, Layout(path)
        with writing(path):
            path.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self.layout.lock)
        self._shard_rows = shard_rows
        self._parts: dict[str, StoredPart] = {}
        try:
            self.manifest = load_manifest(self.layout.manifest) or Manifest(fingerprint=fingerprint, method=method)
            self.progress = Progress(self.layout.progress, after=self._seal)
            self.replies = Replies(self.layout.replies)
        except BaseException:
            self._lock.close()
            raise

    def _seal(self) -> None:
        for part in tuple(self._parts.values()):
            part.seal()

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
        self.manifest.save(self.layout.manifest)

    def part(self, name: str, tables: Kinds) -> StoredPart:
        """The part of the run that `name` stands for; its shards have one file for each of `tables`."""
        if name not in self._parts:
            types = self.manifest.parts[name].tables if name in self.manifest.parts else {}
            self._parts[name] = StoredPart(self.layout, name, tables, self.progress, self._shard_rows, types)
        return self._parts[name]

    def complete(self, part: StoredPart, total: int) -> None:
        """Notes in the manifest that a part holds all of its items."""
        noted = self.manifest.parts[part.name]
        noted.total, noted.digest = total, part.digest
        self.save()

    def write_json(self, path: Path, value: Any) -> None:
        """A JSON file of the run, whole or not at all."""
        self.write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")

    def write_text(self, path: Path, text: str) -> None:
        """A text file of the run, whole or not at all; its digest is noted in the manifest, to be saved with what comes next."""
        write_whole(path, text)
        self.manifest.files[path.name] = file_digest(path)


def _lock(path: Path) -> IO[str]:
    """The lock file, held; a link in its place is not followed, since what it holds is overwritten."""
    with writing(path):
        file = open(path, "a+", encoding="utf-8", opener=through_no_link)  # noqa: SIM115
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
    try:
        with writing(path):
            file.truncate(0)
            os.write(file.fileno(), f"process {os.getpid()}".encode())
    except BaseException:
        file.close()
        raise
    return file
