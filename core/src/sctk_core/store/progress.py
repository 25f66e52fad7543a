"""What is finished and not yet sealed: the truth while a run lasts, in one SQLite file.

A finished item is kept as the rows of all its tables until its shard is sealed; sealing happens in the thread that writes. What
the file does not hold is asked again, and the replies that were paid for answer it; so is an item whose rows are not what was
written (a checksum stands beside them).
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sctk_core.identity import encoder
from sctk_core.store.failures import reading, writing
from sctk_core.store.scribe import Insert, Scribe, open_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS finished (
    part TEXT NOT NULL, number INTEGER NOT NULL, rows TEXT NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (part, number)
) WITHOUT ROWID;
"""
_encoded = encoder()
_PAGE = 1000

TableRows = dict[str, list[list[Any]]]
"""table -> its rows, each with one value for each of its columns."""


class Progress:
    """Finished, unsealed items of one run by part and number in input order; `after` runs in the writing thread when a group is
    committed."""

    def __init__(self, path: Path, *, after: Callable[[], None]) -> None:
        self.path = path
        self.scribe = Scribe(path, _SCHEMA, after=lambda _: after())
        with reading(path):
            self._reader = open_database(path)

    def put(self, part: str, number: int, rows: TableRows, committed: Callable[[], None]) -> Insert:
        """What commits one finished item and then counts it."""
        told = _encoded(rows)
        row = (part, number, told, _checksum(part, number, told.encode("utf-8", "surrogatepass")))
        return Insert("INSERT OR REPLACE INTO finished", 4, (row,), lambda _: committed())

    def mend(self, part: str) -> None:
        """Forgets the items of a part that are not what was written; they are made again."""
        query = "SELECT number, CAST(rows AS BLOB), checksum FROM finished WHERE part = ?"
        with reading(self.path):
            kept = self._reader.execute(query, (part,))
            torn = [number for number, told, checksum in kept if _checksum(part, number, told) != checksum]
        for number in torn:
            self.drop(part, number, number + 1)

    def finished(self, part: str) -> Iterator[int]:
        """The numbers of a part's items that are finished and not sealed, rising; no query stays open between two of them."""
        query = "SELECT number FROM finished WHERE part = ? AND number > ? ORDER BY number LIMIT ?"
        last, found = -1, [(0,)]
        while found:
            with reading(self.path):
                found = self._reader.execute(query, (part, last, _PAGE)).fetchall()
            for (last,) in found:
                yield last

    def take(self, part: str, first: int, stop: int) -> Iterator[TableRows]:
        """The rows of items first..stop-1, in order."""
        query = "SELECT rows FROM finished WHERE part = ? AND number >= ? AND number < ? ORDER BY number"
        return (json.loads(row[0]) for row in self.scribe.database.execute(query, (part, first, stop)))

    def count(self, part: str, first: int, stop: int) -> int:
        """How many items of first..stop-1 are finished and not sealed."""
        query = "SELECT count(*) FROM finished WHERE part = ? AND number >= ? AND number < ?"
        (found,) = self.scribe.database.execute(query, (part, first, stop)).fetchone()
        return int(found)

    def drop(self, part: str, first: int = 0, stop: int = 1 << 62) -> None:
        """Forgets items first..stop-1: their shard is sealed, or they are made anew."""
        query = "DELETE FROM finished WHERE part = ? AND number >= ? AND number < ?"
        with writing(self.path), self.scribe.database as database:
            database.execute(query, (part, first, stop))

    def close(self) -> None:
        """Gives the file back, and to the disk what it does not need any more."""
        self._reader.close()
        self.scribe.close(_shrunk)


def _checksum(part: str, number: int, told: bytes) -> int:
    """Over all that a kept item is, so that no bit of it changes unseen."""
    return zlib.crc32(told, zlib.crc32(f"{part} {number}".encode()))


def _shrunk(database: sqlite3.Connection) -> None:
    """A file from which all was sealed is made small again."""
    if database.execute("SELECT 1 FROM finished LIMIT 1").fetchone() is None:
        database.execute("VACUUM")
