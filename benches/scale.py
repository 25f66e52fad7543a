"""Time and memory of near-duplicate detection for each document, as the corpus grows.

A corpus is made larger by copies of itself in which every letter of a-z is another one (the k-th copy is shifted by k):
no word is shared between copies, so each has the same duplicates as the first, and the expected result is known. Each
line of output is one setting in a process of its own, pinned to as many CPUs as it has threads.

    python benches/scale.py dedup-100000.arrow --copies 1,10 --forms arrow,list --threads 1,2 --spill /tmp --runs 5
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa


def shifted(letters: np.ndarray[Any, np.dtype[np.uint8]], by: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The UTF-8 bytes with every ASCII letter moved `by` places in the alphabet, case kept.

    >>> bytes(shifted(np.frombuffer(b"Xyz, a!", np.uint8), 3)).decode()
    'Abc, d!'
    """
    table = np.arange(256, dtype=np.uint8)
    for first in (ord("a"), ord("A")):
        table[first : first + 26] = first + (np.arange(26) + by) % 26
    return np.asarray(table[letters], np.uint8)


def enlarged(column: pa.Array, copies: int) -> pa.Array:
    """`copies` times the rows of a large_utf8 column, each copy in other letters (at most 26)."""
    offsets = np.frombuffer(column.buffers()[1], np.int64)[column.offset : column.offset + len(column) + 1]
    letters = np.frombuffer(column.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    data = np.empty(copies * len(letters), np.uint8)
    for k in range(copies):
        data[k * len(letters) : (k + 1) * len(letters)] = shifted(letters, k)
    starts = [offsets[:-1] - offsets[0] + k * len(letters) for k in range(copies)]
    ends = np.concatenate([*starts, [len(data)]]).astype(np.int64)
    return pa.LargeStringArray.from_buffers(copies * len(column), pa.py_buffer(ends), pa.py_buffer(data))


def status_mb(key: str) -> float:
    """A line of this process's memory status, in MB of 1e6 bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(key))


def measured(args: argparse.Namespace) -> dict[str, object]:
    """One setting: median seconds, nanoseconds a document, bytes a row beside the texts, and whether the copies agree."""
    from sctk_rs import dedup

    os.sched_setaffinity(0, set(range(os.cpu_count() or 1)[-args.threads :]))
    with pa.ipc.open_file(args.corpus) as file:
        base = file.read_all().combine_chunks()["text"].chunk(0)
    given = enlarged(base, args.copies)
    n_base, n = len(base), len(given)
    del base
    if args.form == "list":
        given = given.to_pylist()
    gc.collect()
    before = status_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    seconds, extra, labels = [], 0.0, np.empty(0, np.uint32)
    for run in range(args.runs):
        start = time.perf_counter()
        found = dedup.near(given, threads=args.threads, spill_dir=args.spill or None)
        seconds.append(time.perf_counter() - start)
        if run == 0:
            extra = status_mb("VmHWM") - before
        labels = np.asarray(found.labels).reshape(-1, n_base).astype(np.int64)
        del found
    own = labels - n_base * np.arange(args.copies)[:, None]
    return {
        "documents": n,
        "form": args.form,
        "threads": args.threads,
        "spilled": bool(args.spill),
        "seconds": [round(s, 3) for s in seconds],
        "ns_per_document": round(statistics.median(seconds) / n * 1e9),
        "extra_bytes_per_row": round(extra * 1e6 / n),
        "flagged": int((labels.ravel() != np.arange(n)).sum()),
        "rows_unlike_the_first_copy": int((own != own[0]).sum()),
        "loadavg": os.getloadavg()[0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="Arrow IPC file with a large_utf8 column `text` in one chunk")
    parser.add_argument("--copies", default="1")
    parser.add_argument("--forms", default="arrow")
    parser.add_argument("--threads", default="1")
    parser.add_argument("--spill", default="", help="measure a second time with the band keys in files below here")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        args.copies, args.threads, args.form = int(args.copies), int(args.threads), args.forms
        print(json.dumps(measured(args)))
        return
    spills = [""] + ([args.spill] if args.spill else [])
    settings = itertools.product(args.copies.split(","), args.forms.split(","), args.threads.split(","), spills)
    for copies, form, threads, spill in settings:
        command = [sys.executable, __file__, args.corpus, "--one", "--copies", copies, "--forms", form]
        command += ["--threads", threads, "--runs", str(args.runs)]
        with tempfile.TemporaryDirectory(dir=spill or None) as below:
            command += ["--spill", below] if spill else []
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
