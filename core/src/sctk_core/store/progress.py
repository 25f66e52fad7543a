"""What is finished and not yet sealed: the truth while a run lasts, in one SQLite file.

A finished chain is kept as the rows of all its tables until its shard is sealed. What the file does not hold is asked again,
and the replies that were paid for answer it.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from sctk_core.store.failures import writing

_SCHEMA = """
CREATE TABLE IF NOT EXISTS finished (
    leg TEXT NOT NULL, number INTEGER NOT NULL, rows TEXT NOT NULL, PRIMARY KEY (leg, number)
) WITHOUT ROWID
"""

TableRows = dict[str, list[dict[str, Any]]]


class Progress:
    """Finished, unsealed chains of one run by leg and number in input order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with writing(path):
            self._database = sqlite3.connect(path, timeout=30)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute(_SCHEMA)
            self._database.commit()

    def put(self, leg: str, number: int, rows: TableRows) -> None:
        """Commits one finished chain."""
        with writing(self._path), self._database:
            text = json.dumps(rows, ensure_ascii=False)
            self._database.execute("INSERT OR REPLACE INTO finished VALUES (?, ?, ?)", (leg, number, text))

    def finished(self, leg: str) -> set[int]:
        """The numbers of the leg's chains that are finished and not sealed."""
        return {row[0] for row in self._database.execute("SELECT number FROM finished WHERE leg = ?", (leg,))}

    def take(self, leg: str, first: int, stop: int) -> list[TableRows]:
        """The rows of chains first..stop-1, in order."""
        query = "SELECT rows FROM finished WHERE leg = ? AND number >= ? AND number < ? ORDER BY number"
        return [json.loads(row[0]) for row in self._database.execute(query, (leg, first, stop))]

    def drop(self, leg: str, first: int, stop: int) -> None:
        """Forgets chains first..stop-1: their shard is sealed."""
        query = "DELETE FROM finished WHERE leg = ? AND number >= ? AND number < ?"
        with writing(self._path), self._database:
            self._database.execute(query, (leg, first, stop))

    def close(self) -> None:
        """Gives the file back."""
        self._database.close()
