"""How packing grows: seconds and memory per row, one thread and two: `python benches/packing_growth.py`.

One line per size: the fastest and the median of the runs by wall time, their quotient by rows, and the memory that
the work took beyond its input and its result (the high-water mark of the process, so of the largest moment). Rows
are log-normal with a mean of 400 tokens; both columns are the same memory, so that ten million tokens a second do
not fill it. Wall time counts everything that others do on the machine: run it on an idle one, the load is printed.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sctk_rs import packing
from sctk_rs.packing import How

CAPACITY = 4096


def lengths_of(n_rows: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    random = np.random.default_rng(20240607)
    return random.lognormal(5.5, 1.0, n_rows).astype(np.int64).clip(8, CAPACITY)


def table_of(n_rows: int) -> pa.Table:
    lengths = lengths_of(n_rows)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    ids = np.arange(offsets[-1], dtype=np.int32)
    lists = pa.LargeListArray.from_arrays(offsets, ids)
    return pa.table({"input_ids": lists, "labels": lists})


def memory(key: str) -> int:
    """Bytes of this process: VmRSS now, VmHWM at most since the mark was set."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def measure(name: str, n_rows: int, work: Callable[[], int], runs: int) -> None:
    """Prints one line; `work` gives the bytes of its result."""
    work()
    seconds, extra = [], 0
    for _ in range(runs):
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before, start = memory("VmRSS"), time.perf_counter()
        n_bytes = work()
        seconds.append(time.perf_counter() - start)
        extra = max(extra, memory("VmHWM") - before - n_bytes)
    best, median = min(seconds), statistics.median(seconds)
    per_row = f"{1e9 * best / n_rows:8.1f} ns/row {extra / n_rows:6.1f} B/row"
    print(
        f"{name:24} {n_rows:9} rows {best:8.4f} s best {median:8.4f} s median {per_row} load {os.getloadavg()[0]:.1f}"
    )


def plan(lengths: np.ndarray[Any, np.dtype[np.int64]]) -> int:
    made = packing.plan(lengths, CAPACITY)
    return memoryview(made.order).nbytes + memoryview(made.bin_offsets).nbytes


def pack(packer: packing.Packer, table: pa.Table, fresh: bool) -> int:
    made = packer.pack(table).table
    columns = [made[name].values for name in made.column_names]
    return sum(memoryview(values).nbytes for values in columns) if fresh else 0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--plan-rows", type=int, nargs="*", default=[100_000, 1_000_000, 10_000_000])
    options.add_argument("--pack-rows", type=int, nargs="*", default=[100_000, 1_000_000])
    options.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    options.add_argument("--runs", type=int, default=7)
    asked = options.parse_args()
    for n_rows in asked.plan_rows:
        lengths = lengths_of(n_rows)
        measure("plan", n_rows, lambda lengths=lengths: plan(lengths), asked.runs)  # type: ignore[misc]
    for n_rows in asked.pack_rows:
        table = table_of(n_rows)
        for reuse in (False, True):
            for threads in asked.threads:
                packer = packing.Packer(CAPACITY, how=How(reuse=reuse, threads=threads))
                name = f"pack {'reused' if reuse else 'fresh'}, {threads} thread{'s'[: threads > 1]}"
                measure(name, n_rows, lambda p=packer, t=table, f=not reuse: pack(p, t, f), asked.runs)  # type: ignore[misc]
                del packer
                gc.collect()


if __name__ == "__main__":
    main()
