"""Deduplication of many short documents by the command: `python benches/ten_million.py FOLDER [rows ...]` prints a table.

Documents of about 500 bytes are made by a seed into shards of Parquet: words of a vocabulary by Zipf's law; one in twenty repeats
an earlier document, one in five is one with a word changed. `sctk data dedup --spill-dir` runs over them in a process of its
own: time, CPU time and peak memory are that process's. Growth is the exponent of CPU time from the size before: n^1 is linear.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

SHARD = 500_000
WORDS = 85
REPEATED, CHANGED = 0.05, 0.20
POOL = 20_000


def vocabulary(pick: np.random.Generator, size: int = 50_000) -> np.ndarray:
    """Made words of 2 to 9 letters."""
    letters = pick.choice(list("etaoinshrdlucmfwypvbgkjqxz"), size=(size, 9))
    return np.array(
        ["".join(row[:n]) for row, n in zip(letters, pick.integers(2, 10, size), strict=True)], dtype=object
    )


def shard(pick: np.random.Generator, words: np.ndarray, pool: list[list[str]], n_rows: int) -> list[str]:
    """`n_rows` documents; a repeated or changed one is of the pool, which holds earlier ones at random."""
    share = 1 / np.arange(1, len(words) + 1)
    edges = np.cumsum(share / share.sum())
    texts: list[str] = []
    for start in range(0, n_rows, 10_000):
        n = min(10_000, n_rows - start)
        drawn = words[np.searchsorted(edges, pick.random((n, WORDS)))].tolist()
        lengths, kinds = pick.integers(WORDS - 25, WORDS + 1, n).tolist(), pick.random(n).tolist()
        for document, length, kind in zip(drawn, lengths, kinds, strict=True):
            found = document[:length]
            if pool and kind < REPEATED + CHANGED:
                found = list(pool[int(kind * 1e9) % len(pool)])
                if kind >= REPEATED:
                    found[length % len(found)] = document[0]
            elif len(pool) < POOL:
                pool.append(found)
            else:
                pool[int(kind * 1e9) % POOL] = found
            texts.append(" ".join(found))
    return texts


def make(folder: Path, n_rows: int) -> Path:
    """The folder that holds `n_rows` documents in shards, made where it is not there."""
    below = folder / f"documents-{n_rows}"
    if below.exists():
        return below
    making = folder / f"making-{n_rows}"
    making.mkdir(parents=True)
    pick, pool = np.random.default_rng(11), list[list[str]]()
    words = vocabulary(pick)
    for number, start in enumerate(range(0, n_rows, SHARD)):
        texts = shard(pick, words, pool, min(SHARD, n_rows - start))
        frame = pl.DataFrame({"id": np.arange(start, start + len(texts)), "text": texts})
        frame.write_parquet(making / f"part-{number:05}.parquet", compression="zstd")
    return making.rename(below)


def measured(folder: Path, source: Path, threads: int) -> dict[str, float]:
    """One run of the command: wall and CPU seconds, peak memory in GB, what it kept."""
    spill = folder / "spill"
    spill.mkdir(exist_ok=True)
    command = ["sctk", "data", "dedup", str(source), "--column", "text", "--spill-dir", str(spill), "--json"]
    command += ["--threads", str(threads), "--out", str(folder / "kept.parquet"), "--force"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    told = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"sctk data dedup ended with {os.waitstatus_to_exitcode(status)}")
    wall = time.perf_counter() - start
    found = json.loads(told)
    return {
        "wall": wall,
        "cpu": used.ru_utime + used.ru_stime,
        "gb": used.ru_maxrss * 1024 / 1e9,
        "rows": found["rows"],
        "removed": found["removed"],
    }


def main(folder: Path, sizes: list[int], threads: int = 2) -> None:
    """Prints a line for each size."""
    print("| documents | text, GB | wall, s | CPU, s | us a document (CPU) | peak memory, GB | removed | growth |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    before: tuple[int, float] | None = None
    for size in sizes:
        source = make(folder, size)
        text = sum(
            pl.scan_parquet(file).select(pl.col("text").str.len_bytes().sum()).collect().item()
            for file in source.iterdir()
        )
        run = measured(folder, source, threads)
        growth = "" if before is None else f"n^{math.log(run['cpu'] / before[1]) / math.log(size / before[0]):.3f}"
        print(
            f"| {size:,} | {text / 1e9:.2f} | {run['wall']:.1f} | {run['cpu']:.1f} | {run['cpu'] / size * 1e6:.1f} "
            f"| {run['gb']:.2f} | {run['removed']:,} | {growth} |",
            flush=True,
        )
        before = (size, run["cpu"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(one) for one in sys.argv[2:]] or [100_000, 1_000_000, 10_000_000])
