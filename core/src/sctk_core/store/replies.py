"""Every reply that was paid for, by key, in one SQLite file that the runs of a directory share.

A key digests model, backend, sampling, seed and messages, so a reply answers its request in any run. Replies are on disk
before anybody sees them: a killed run asks again only what was in flight. What many requests share (model, backend, sampling,
tokenizer) is stored once; the rest of an exchange is packed. Replies of the first schema, a table `replies`, still answer.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sctk_core.identity import canonical, content_id
from sctk_core.records import Reply, Request, Usage
from sctk_core.store.failures import writing
from sctk_core.store.scribe import Scribe, open_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS exchange (key BLOB PRIMARY KEY, about INTEGER NOT NULL, packed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS about (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, facts TEXT NOT NULL);
"""
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_FIND = "SELECT packed, facts FROM exchange JOIN about ON about.id = exchange.about WHERE key = ?"


class Replies:
    """The reply store of a directory of runs; safe for several processes (WAL)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._scribe = Scribe(path, _SCHEMA)
        self._abouts: dict[str, int] = {}
        with writing(path):
            self._reader = open_database(path)
            old = self._reader.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'replies'")
            self._has_old = old.fetchone() is not None

    def get(self, keys: Sequence[str]) -> list[Reply | None]:
        """The known reply of each key, or None."""
        return [self._one(key) for key in keys]

    def _one(self, key: str) -> Reply | None:
        row = self._reader.execute(_FIND, (bytes.fromhex(key),)).fetchone()
        if row is not None:
            return _reply(key, _unpacked(row[0]), json.loads(row[1]))
        if self._has_old:
            old = self._reader.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
            return _old_reply(json.loads(old[0])) if old else None
        return None

    def put(self, answered: Iterable[tuple[Request, Reply]], about: dict[str, Any]) -> asyncio.Future[None]:
        """Commits replies with their requests; `about` says what they share (model digest, backend)."""
        pairs = list(answered)

        def job(database: sqlite3.Connection) -> None:
            rows = [(bytes.fromhex(r.key), self._about(database, q, r, about), _packed(q, r)) for q, r in pairs]
            database.executemany("INSERT OR IGNORE INTO exchange VALUES (?, ?, ?)", rows)

        return self._scribe.written(job)

    def _about(self, database: sqlite3.Connection, request: Request, reply: Reply, about: dict[str, Any]) -> int:
        """The number of what this exchange shares with many."""
        facts = about | {"sampling": request.sampling.plain(), "tokenizer": reply.tokenizer, "said_by": reply.backend}
        text = canonical(facts)
        found = self._abouts.get(text)
        if found is None:
            digest = content_id("about", text)
            database.execute("INSERT OR IGNORE INTO about (digest, facts) VALUES (?, ?)", (digest, text))
            (found,) = database.execute("SELECT id FROM about WHERE digest = ?", (digest,)).fetchone()
            self._abouts[text] = found
        number: int = found
        return number

    def exchange(self, key: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Request and reply of a key as plain values, for `sctk why`; None where the key is unknown."""
        row = self._reader.execute(_FIND, (bytes.fromhex(key),)).fetchone()
        if row is None:
            return self._old_exchange(key)
        of, rank, seed, turns, prefix, *_ = _unpacked(row[0])
        facts = json.loads(row[1])
        request = {name: facts[name] for name in ("model", "backend", "sampling") if name in facts}
        messages = [{"role": role, "content": content} for role, content in turns]
        request |= {"of": of, "rank": rank, "seed": seed, "messages": messages, "prefix_ids": prefix}
        reply = _reply(key, _unpacked(row[0]), facts)
        return request, {"text": reply.text, "finish": reply.finish}

    def _old_exchange(self, key: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        query = "SELECT request, reply FROM replies WHERE key = ?"
        row = self._reader.execute(query, (key,)).fetchone() if self._has_old else None
        return (json.loads(row[0]), json.loads(row[1])) if row else None

    def close(self) -> None:
        """Writes what is left, and gives the file back."""
        self._scribe.close()
        self._reader.close()


def _packed(request: Request, reply: Reply) -> bytes:
    turns = [[turn.role, turn.content] for turn in request.messages]
    asked = [request.of, request.rank, request.seed, turns, list(request.prefix_ids)]
    ids = None if reply.token_ids is None else list(reply.token_ids)
    usage = [reply.usage.n_prompt_tokens, reply.usage.n_completion_tokens]
    said = [reply.text, ids, reply.prompt_tokens, reply.finish, reply.logprob, usage]
    return zlib.compress(_ENCODER.encode([*asked, *said]).encode("utf-8", "surrogatepass"), 1)


def _unpacked(packed: bytes) -> list[Any]:
    found: list[Any] = json.loads(zlib.decompress(packed).decode("utf-8", "surrogatepass"))
    return found


def _reply(key: str, values: list[Any], facts: dict[str, Any]) -> Reply:
    text, ids, prompt_tokens, finish, logprob, (n_read, n_written) = values[5:]
    return Reply(
        key=key, text=text, token_ids=None if ids is None else tuple(ids), tokenizer=facts["tokenizer"],
        prompt_tokens=prompt_tokens, finish=finish, logprob=logprob,
        usage=Usage(n_prompt_tokens=n_read, n_completion_tokens=n_written), backend=facts["said_by"],
    )  # fmt: skip


def _old_reply(value: dict[str, Any]) -> Reply:
    """A reply of the first schema, out of its plain form."""
    ids = value["token_ids"]
    return Reply(**value | {"token_ids": None if ids is None else tuple(ids), "usage": Usage(**value["usage"])})
