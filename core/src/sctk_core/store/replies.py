"""Every reply that was paid for, by key, in one SQLite file that the runs of a directory share.

A key digests model, backend, sampling, seed and messages, so a reply answers its request in any run. Replies are on disk
before anybody sees them: a killed run asks again only what was in flight. What many requests share (model, backend, sampling,
tokenizer) is stored once, and with it the first exchange of its kind, which is the dictionary that the others are packed with. A
conversation that goes on where another exchange ended is stored as that exchange's key (`after`) and the new turns. Replies of
the first schema, a table `replies`, still answer. An exchange that is not what was written (what is packed carries a checksum, and
so does what is shared) is unknown, is asked again and written anew.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sctk_core.identity import canonical, content_id, encoder
from sctk_core.records import Message, Reply, Request, Usage
from sctk_core.store.failures import damaged, reading, writing
from sctk_core.store.scribe import Insert, Scribe, open_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS exchange (key BLOB PRIMARY KEY, about INTEGER NOT NULL, after BLOB, packed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS about (
    id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, facts TEXT NOT NULL, first BLOB NOT NULL, checksum INTEGER
);
"""
_DAMAGE = (zlib.error, ValueError, TypeError, IndexError, KeyError, RecursionError)
"""What unpacking says of an exchange that is not what was written."""
_INTO = "INSERT OR IGNORE INTO exchange"
_FIND = "SELECT about, after, packed FROM exchange WHERE key = ?"
_encoded = encoder()
LONGEST_FIRST = 4096
"""Bytes of a first exchange that the others of its kind are packed with."""
N_ENDS = 8192
"""Conversations that another may go on from: as many as were answered last."""


@dataclass(frozen=True, slots=True)
class _About:
    """What exchanges of one kind share: their number in the file, what they have in common, and the first of them."""

    number: int
    facts: Mapping[str, Any]
    first: bytes


class Replies:
    """The reply store of a directory of runs; safe for several processes (WAL)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._scribe = Scribe(path, _SCHEMA)
        self._shared: dict[int, tuple[dict[str, Any], dict[Any, _About]]] = {}
        self._ends: dict[bytes, bytes] = {}
        self._known: dict[int, _About] = {}
        self._reading: asyncio.AbstractEventLoop | None = None
        self.n_damaged = 0
        with writing(path):
            self._reader = open_database(path)
            _with_checksums(self._scribe)
            old = self._reader.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'replies'")
            self._has_old = old.fetchone() is not None

    def get(self, keys: Sequence[str]) -> list[Reply | None]:
        """The known reply of each key, or None."""
        with reading(self._path):
            self._begin()
            return [self._one(key) for key in keys]

    def _begin(self) -> None:
        """All look-ups of one turn of the loop are one transaction: to begin one costs more than a look-up."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no loop, no turns: each look-up is by itself
            self._end()
            return
        if self._reading is not loop:
            self._end()
            self._reader.execute("BEGIN")
            self._reading = loop
            loop.call_soon(self._end)

    def _end(self) -> None:
        if self._reading is not None:
            self._reading = None
            self._reader.execute("COMMIT")

    def _one(self, key: str) -> Reply | None:
        row = self._reader.execute(_FIND, (bytes.fromhex(key),)).fetchone()
        if row is not None:
            try:
                about = self._about(row[0])
                return _reply(key, _unpacked(row[2], about), about.facts)
            except _DAMAGE:
                self._forget(key)
                return None
        if self._has_old:
            old = self._reader.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
            return _old_reply(json.loads(old[0])) if old else None
        return None

    def _forget(self, key: str) -> None:
        """Takes an exchange away that is not what was written."""
        self.n_damaged += 1
        self._end()
        self._scribe.write(lambda database: _deleted(database, bytes.fromhex(key)))

    def _about(self, number: int) -> _About:
        found = self._known.get(number)
        if found is None:
            query = "SELECT CAST(facts AS BLOB), first, checksum FROM about WHERE id = ?"
            facts, first, checksum = self._reader.execute(query, (number,)).fetchone()
            if checksum is not None and checksum != _checksum(facts, first):
                raise ValueError("what is shared is not what was written")
            found = self._known[number] = _About(number, json.loads(facts), first)
        return found

    async def put(self, answered: Sequence[tuple[Request, Reply]], about: dict[str, Any]) -> list[Reply | None] | None:
        """Commits replies with their requests; `about` says what they share (model digest, backend).

        Gives the replies that stand, where another run may have answered some of the requests before; None where none has.
        """
        ends: list[tuple[bytes, bytes]] = []
        rows = [self._row(request, reply, about, ends) for request, reply in answered]
        contested = list[bool]()
        await self._scribe.written(
            Insert(_INTO, 4, rows, lambda whole: self._note(ends) if whole else contested.append(True))
        )
        if not contested:
            return None
        self._end()
        return self.get([request.key for request, _ in answered])

    @property
    def n_twice(self) -> int:
        """How many requests were answered here although another had been answered before it was committed."""
        return self._scribe.n_left_out

    def _row(
        self, request: Request, reply: Reply, about: dict[str, Any], ends: list[tuple[bytes, bytes]]
    ) -> tuple[bytes, int, bytes | None, bytes]:
        """One exchange as its row; where its conversation ends is added to `ends`."""
        key = bytes.fromhex(request.key)
        n_before, before, end = _trace(request.messages, reply.text)
        after = None if before is None else self._ends.get(before)
        ends.append((end, key))
        turns = [turn.values for turn in request.messages[0 if after is None else n_before :]]
        text = _told(request, reply, turns).encode("utf-8", "surrogatepass")
        shared = self._kind(request, reply, about, (len(turns), after is None), text)
        return key, shared.number, after, _packed(text, shared)

    def _note(self, ends: Iterable[tuple[bytes, bytes]]) -> None:
        """Remembers where conversations that are on disk ended, for those that go on from there."""
        self._ends.update(ends)
        while len(self._ends) > N_ENDS:
            del self._ends[next(iter(self._ends))]

    def _kind(
        self, request: Request, reply: Reply, about: dict[str, Any], shape: tuple[int, bool], text: bytes
    ) -> _About:
        """What this exchange shares with many; of the first of its kind it is written now."""
        _, known = self._shared.setdefault(id(about), (about, {}))
        name = (request.sampling, reply.tokenizer, reply.backend, shape)
        found = known.get(name)
        if found is None:
            facts = about | {
                "sampling": request.sampling.plain(),
                "tokenizer": reply.tokenizer,
                "said_by": reply.backend,
            }
            digest = content_id("about", canonical(facts), *shape)
            found = known[name] = self._shared_by(digest, facts, text[:LONGEST_FIRST])
        return found

    def _shared_by(self, digest: str, facts: dict[str, Any], text: bytes) -> _About:
        """What is shared, as the file has it: another process may have written it first."""
        found: list[_About] = []

        def job(database: sqlite3.Connection) -> None:
            told = canonical(facts)
            row = (digest, told, text, _checksum(told.encode(), text))
            database.execute("INSERT OR IGNORE INTO about (digest, facts, first, checksum) VALUES (?, ?, ?, ?)", row)
            query = "SELECT id, first FROM about WHERE digest = ?"
            number, first = database.execute(query, (digest,)).fetchone()
            found.append(_About(number, facts, first))

        self._scribe.write(job)
        return found[0]

    def exchange(self, key: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Request and reply of a key as plain values, for `sctk why`; None where the key is unknown."""
        self._end()
        try:
            with reading(self._path):
                return self._exchange(key)
        except _DAMAGE as error:
            raise damaged(self._path, f"an exchange {key} that is damaged") from error

    def _exchange(self, key: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        row = self._reader.execute(_FIND, (bytes.fromhex(key),)).fetchone()
        if row is None:
            return self._old_exchange(key)
        about = self._about(row[0])
        values = _unpacked(row[2], about)
        of, rank, seed, turns, prefix, *_ = values
        request = {name: about.facts[name] for name in ("model", "backend", "sampling") if name in about.facts}
        messages = [_as_message(*turn) for turn in [*self._before(row[1]), *turns]]
        request |= {"of": of, "rank": rank, "seed": seed, "messages": messages, "prefix_ids": prefix}
        reply = _reply(key, values, about.facts)
        return request, {"text": reply.text, "finish": reply.finish, "opened": reply.opened}

    def _before(self, after: bytes | None) -> list[list[str]]:
        """The turns of the exchanges that a conversation goes on from, the first one first."""
        found: list[list[str]] = []
        seen = set[bytes]()
        while after is not None:
            if after in seen:
                raise ValueError("a conversation that goes on from itself")
            seen.add(after)
            number, earlier, packed = self._reader.execute(_FIND, (after,)).fetchone()
            values = _unpacked(packed, self._about(number))
            found = [*values[3], ["assistant", values[5]], *found]
            after = earlier
        return found

    def _old_exchange(self, key: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        query = "SELECT request, reply FROM replies WHERE key = ?"
        row = self._reader.execute(query, (key,)).fetchone() if self._has_old else None
        return (json.loads(row[0]), json.loads(row[1])) if row else None

    def close(self) -> None:
        """Writes what is left, and gives the file back."""
        self._end()
        self._scribe.close()
        self._reader.close()


def _with_checksums(scribe: Scribe) -> None:
    """A file of before there were checksums gets a place for those of what is written from now on."""

    def job(database: sqlite3.Connection) -> None:
        if "checksum" not in [row[1] for row in database.execute("PRAGMA table_info(about)")]:
            database.execute("ALTER TABLE about ADD COLUMN checksum INTEGER")

    scribe.write(job)


def _as_message(role: str, content: str, tools: str = "{}") -> dict[str, Any]:
    return {"role": role, "content": content, **json.loads(tools)}


def _deleted(database: sqlite3.Connection, key: bytes) -> None:
    database.execute("DELETE FROM exchange WHERE key = ?", (key,))


def _checksum(facts: bytes, first: bytes) -> int:
    return zlib.crc32(first, zlib.crc32(facts))


def _trace(messages: Sequence[Message], reply: str) -> tuple[int, bytes | None, bytes]:
    """(Turns up to and with the last that was answered, a digest of these or None, a digest of all with the reply)."""
    state = blake2b(digest_size=16)
    n_before, before = 0, None
    for place, turn in enumerate(messages, start=1):
        state.update(f"{turn.role} {len(turn.content)} {turn.content}".encode("utf-8", "surrogatepass"))
        for tools in turn.values[2:]:
            state.update(f" {len(tools)} {tools}".encode("utf-8", "surrogatepass"))
        if turn.role == "assistant":
            n_before, before = place, state.digest()
    state.update(f"assistant {len(reply)} {reply}".encode("utf-8", "surrogatepass"))
    return n_before, before, state.digest()


def _told(request: Request, reply: Reply, turns: Sequence[Sequence[str]]) -> str:
    """What of an exchange is its own, as JSON; `turns` are those that no other exchange has."""
    ids = None if reply.token_ids is None else list(reply.token_ids)
    usage = [reply.usage.n_prompt_tokens, reply.usage.n_completion_tokens]
    opened = [reply.opened] if reply.opened else []
    return _encoded([
        request.of, request.rank, request.seed, turns, list(request.prefix_ids),
        reply.text, ids, reply.prompt_tokens, reply.finish, reply.logprob, usage, *opened,
    ])  # fmt: skip


def _packed(text: bytes, about: _About) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 8, zlib.Z_DEFAULT_STRATEGY, about.first)
    return packer.compress(text) + packer.flush()


def _unpacked(packed: bytes, about: _About) -> list[Any]:
    unpacker = zlib.decompressobj(15, about.first)
    plain = unpacker.decompress(packed)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("an exchange that is cut")
    found: list[Any] = json.loads(plain.decode("utf-8", "surrogatepass"))
    return found


def _reply(key: str, values: list[Any], facts: Mapping[str, Any]) -> Reply:
    text, ids, prompt_tokens, finish, logprob, (n_read, n_written), *opened = values[5:]
    return Reply(
        key=key, text=text, token_ids=None if ids is None else tuple(ids), tokenizer=facts["tokenizer"],
        prompt_tokens=prompt_tokens, finish=finish, logprob=logprob,
        usage=Usage(n_prompt_tokens=n_read, n_completion_tokens=n_written), backend=facts["said_by"],
        opened=opened[0] if opened else "",
    )  # fmt: skip


def _old_reply(value: dict[str, Any]) -> Reply:
    """A reply of the first schema, out of its plain form."""
    ids = value["token_ids"]
    return Reply(**value | {"token_ids": None if ids is None else tuple(ids), "usage": Usage(**value["usage"])})
