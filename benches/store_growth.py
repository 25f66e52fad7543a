"""The store of replies as it grows: rows a second, bytes a row, memory, the time to open it, and look-ups by key at random.

Replies of about 300 characters of random words are written through `Replies.put` in turns of the loop, as a run writes them. To
write ten million takes a quarter of an hour of a core; with `--copied` all but the last 50,000 of a size are copies in SQL of what
was written, under random keys: the file has the size and the shape, in some minutes.

    python benches/store_growth.py 1000000 10000000 --copied --at /tmp/store
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import shutil
import sqlite3
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from scale import status_mb
from sctk_core import Message, Reply, Request, Usage
from sctk_core.store.replies import Replies

ABOUT = {"model": "0" * 32, "backend": {"name": "bench", "settings": {"temperature": 1.0}}}
GROUP, N_LOOK_UPS, N_WRITTEN = 256, 20_000, 50_000


def key_of(number: int) -> str:
    """The key of the exchange of that number; keys are evenly spread, as digests are."""
    return blake2b(number.to_bytes(8, "little"), digest_size=16).hexdigest()


def exchanges(first: int, stop: int) -> Iterator[tuple[Request, Reply]]:
    """Requests with replies of about 300 characters, the same for the same numbers."""
    words = ["".join(random.Random(n).choices("abcdefghijklmnopqrstuvwxyz", k=2 + n % 9)) for n in range(20_000)]
    rng = random.Random(first)
    for number in range(first, stop):
        turns = (Message(role="user", content=f"question {number}: {' '.join(rng.choices(words, k=12))}"),)
        request = Request(messages=turns, of=key_of(~number & (2**63 - 1)), seed=number, key=key_of(number))
        text = " ".join(rng.choices(words, k=43))
        usage = Usage(n_prompt_tokens=20, n_completion_tokens=60)
        yield request, Reply(key=request.key, text=text, usage=usage, backend="bench", token_ids=None)


async def written(replies: Replies, first: int, stop: int) -> None:
    """Commits exchanges, a bounded number in flight."""
    flying: set[asyncio.Task[object]] = set()
    group: list[tuple[Request, Reply]] = []
    for pair in exchanges(first, stop):
        group.append(pair)
        if len(group) == GROUP:
            flying.add(asyncio.create_task(replies.put(group, ABOUT)))
            group = []
            if len(flying) >= 4:
                _, flying = await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*flying, *([replies.put(group, ABOUT)] if group else []))


def copied(path: Path, n: int) -> None:
    """Makes the store as large as `n` exchanges by copies under random keys."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
            database.execute(f"PRAGMA {pragma}")
        (held,) = database.execute("SELECT max(rowid) FROM exchange").fetchone()
        while held < n:
            take = min(held, n - held)
            database.execute(
                "INSERT INTO exchange SELECT randomblob(16), about, NULL, packed FROM exchange WHERE rowid <= ?",
                (take,),
            )
            held += take


def some_keys(path: Path, n: int) -> list[str]:
    """The keys of exchanges here and there in the store."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        places = random.Random(1).sample(range(1, n + 1), N_LOOK_UPS)
        query = "SELECT key FROM exchange WHERE rowid = ?"
        return [database.execute(query, (place,)).fetchone()[0].hex() for place in places]


def measured(path: Path, n_before: int, n: int) -> dict[str, float]:
    """What it costs to grow the store from so many exchanges to so many, and to use it then."""
    replies = Replies(path)
    began, spent = time.monotonic(), time.process_time()
    asyncio.run(written(replies, n_before, n))
    seconds, cpu_s = time.monotonic() - began, time.process_time() - spent
    replies.close()
    again = time.monotonic()
    replies = Replies(path)
    found = replies.get([key_of(n_before), key_of(n - 1), key_of(n)])
    opened_s = time.monotonic() - again
    assert [reply is not None for reply in found] == [True, True, False]
    keys = some_keys(path, n)
    looked = time.monotonic()
    assert None not in replies.get(keys)
    look_up_us = (time.monotonic() - looked) / len(keys) * 1e6
    replies.close()
    size = sum(file.stat().st_size for file in path.parent.glob("replies.sqlite*"))
    return {
        "n": n, "rows_a_second": round((n - n_before) / seconds), "rows_a_cpu_second": round((n - n_before) / cpu_s),
        "bytes_a_row": round(size / n, 1), "size_gb": round(size / 1e9, 3), "peak_mb": round(status_mb("VmHWM")),
        "open_ms": round(opened_s * 1e3, 1), "look_up_us": round(look_up_us, 1), "seconds": round(seconds, 1),
    }  # fmt: skip


def main() -> None:
    """One line of JSON for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="+")
    parser.add_argument("--at", type=Path, required=True, help="a directory, which is made, and taken away at the end")
    parser.add_argument("--copied", action="store_true", help="all but the first size and the last rows are copies")
    args = parser.parse_args()
    args.at.mkdir(parents=True)
    before = 0
    try:
        for n in sorted(args.sizes):
            file = args.at / "replies.sqlite"
            if args.copied and before:
                copied(file, n - N_WRITTEN)
                before = n - N_WRITTEN
            print(json.dumps(measured(file, before, n)), flush=True)
            before = n
    finally:
        shutil.rmtree(args.at)


if __name__ == "__main__":
    main()
