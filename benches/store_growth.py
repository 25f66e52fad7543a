"""The store of replies as it grows: rows a second, bytes a row, memory, the time to open it, and look-ups by key at random.

Replies of about 300 characters of random words are written through `Replies.put` in turns of the loop, as a run writes them.

    python benches/store_growth.py 1000000 10000000 --at /tmp/store
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from scale import status_mb
from sctk_core import Message, Reply, Request, Usage
from sctk_core.store.replies import Replies

ABOUT = {"model": "0" * 32, "backend": {"name": "bench", "settings": {"temperature": 1.0}}}
GROUP, N_LOOK_UPS = 256, 20_000


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


def measured(path: Path, n_before: int, n: int) -> dict[str, float]:
    """What it costs to grow the store from so many exchanges to so many, and to use it then."""
    replies = Replies(path)
    began, spent = time.monotonic(), time.process_time()
    asyncio.run(written(replies, n_before, n))
    seconds, cpu_s = time.monotonic() - began, time.process_time() - spent
    replies.close()
    again = time.monotonic()
    replies = Replies(path)
    found = replies.get([key_of(0), key_of(n - 1), key_of(n)])
    opened_s = time.monotonic() - again
    assert [reply is not None for reply in found] == [True, True, False]
    keys = [key_of(random.Random(n).randrange(n)) for _ in range(1)] + [
        key_of(k) for k in random.Random(1).sample(range(n), N_LOOK_UPS)
    ]
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
    args = parser.parse_args()
    args.at.mkdir(parents=True)
    before = 0
    try:
        for n in sorted(args.sizes):
            print(json.dumps(measured(args.at / "replies.sqlite", before, n)), flush=True)
            before = n
    finally:
        shutil.rmtree(args.at)


if __name__ == "__main__":
    main()
