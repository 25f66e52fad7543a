"""Every reply that was paid for, by key, in one SQLite file that the runs of a directory share.

A key digests model, backend, sampling, seed and messages, so a reply answers its request in any run. Replies are committed
before anybody sees them: a killed run asks again only what was in flight.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sctk_core.records import Reply, Request, Usage
from sctk_core.store.failures import writing

_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, reply TEXT NOT NULL
) WITHOUT ROWID
"""


class Replies:
    """The reply store of a directory of runs; safe for several processes (WAL), used from one thread each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=30, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute(_SCHEMA)
            self._database.commit()

    def get(self, keys: Sequence[str]) -> list[Reply | None]:
        """The known reply of each key, or None."""
        return [self._one(key) for key in keys]

    def _one(self, key: str) -> Reply | None:
        row = self._database.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
        return reply_from(json.loads(row[0])) if row else None

    def put(self, answered: Iterable[tuple[Request, Reply]], about: dict[str, Any]) -> None:
        """Commits replies with their requests; `about` says what they share (model digest, backend)."""
        rows = [(reply.key, _text(asdict(request) | about), _text(asdict(reply))) for request, reply in answered]
        with writing(self._path), self._database:
            self._database.executemany("INSERT OR IGNORE INTO replies VALUES (?, ?, ?)", rows)

    def exchange(self, key: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Request and reply of a key as plain values, for `sctk why`; None where the key is unknown."""
        row = self._database.execute("SELECT request, reply FROM replies WHERE key = ?", (key,)).fetchone()
        return (json.loads(row[0]), json.loads(row[1])) if row else None

    def close(self) -> None:
        """Gives the file back."""
        self._database.close()


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def reply_from(value: dict[str, Any]) -> Reply:
    """A Reply out of its plain form."""
    ids = value["token_ids"]
    return Reply(**value | {"token_ids": None if ids is None else tuple(ids), "usage": Usage(**value["usage"])})
