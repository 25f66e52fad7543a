"""Reading JSONL beside the readers that people use: `python benches/reading.py [rows] [runs]` prints a table.

Ours goes row by row: every row is checked, and one that cannot be read is named with its line. `rows` are objects of Python, as
`sctk run` takes them; `text` is the one text of each row as an Arrow column, as `sctk data` takes it. The peers parse all columns
of all rows: polars and pyarrow into Arrow, in memory; datasets into Arrow on disk, which it then maps; json.loads line by line is
the least that Python can do. None of them says which line is at fault and why, nor finds the text by the form of the row. One
pinned core, one thread each, by turns; seconds of CPU, so that other work on the machine counts little.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ |= {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}

import datasets
import polars as pl
import pyarrow.json
from prose import PROSE
from sctk_core.reading import Fault, Input, TextColumn, chunks_of, rows_of

Reader = Callable[[Path], int]
"""Reads a file: how many rows it has."""


def refuse(fault: Fault) -> None:
    raise fault.error()


def rows(path: Path) -> int:
    return sum(bool(row.values) for row in rows_of(Input.at(path, "jsonl")))


def text(path: Path) -> int:
    column = TextColumn(None, refuse)
    return sum(len(column.of(chunk)[1]) for chunk, _ in chunks_of(Input.at(path, "jsonl")))


def by_json(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(bool(json.loads(line)) for line in lines)


def by_polars(path: Path) -> int:
    return pl.scan_ndjson(path).collect().height


def by_pyarrow(path: Path) -> int:
    options = pyarrow.json.ReadOptions(use_threads=False)
    return int(pyarrow.json.read_json(path, read_options=options).num_rows)


def by_datasets(path: Path) -> int:
    with tempfile.TemporaryDirectory() as cache:
        return len(datasets.load_dataset("json", data_files=str(path), cache_dir=cache, split="train"))


OURS: dict[str, Reader] = {"rows": rows, "text": text}
PEERS: dict[str, Reader] = {
    "json.loads": by_json,
    "polars scan_ndjson": by_polars,
    "pyarrow read_json": by_pyarrow,
    "datasets json": by_datasets,
}


def written(path: Path, n: int, *, turns: bool) -> Path:
    """Rows of about 1 kB in the languages of `prose`, as texts or as conversations of two turns, with an id and a number."""
    pick = random.Random(5)
    words = [
        word for language in ("ASCII", "German", "Russian", "Hindi", "Chinese") for word in PROSE[language].split(" ")
    ]
    with path.open("w") as file:
        for row in range(n):
            asked, said = (" ".join(pick.choices(words, k=k)) for k in (20, 60))
            conversation = [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
            values = {"messages": conversation} if turns else {"text": f"{asked} {said}"}
            file.write(json.dumps({"id": f"r{row}", **values, "score": row / 7}, ensure_ascii=False) + "\n")
    return path


def seconds(reader: Reader, path: Path, n: int) -> float:
    """CPU time of one reading, whose rows are counted."""
    began = time.process_time()
    found = reader(path)
    took = time.process_time() - began
    assert found == n, (reader.__name__, found, n)
    return took


def main(n: int = 50_000, runs: int = 5) -> None:
    """A line for each form of row, reader of ours, and peer: microseconds a row, and the median of the paired ratios."""
    os.sched_setaffinity(0, {1})
    datasets.disable_progress_bars()
    print("| rows | ours | us a row | peer | us a row | peer's time to ours | load |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for form in ("text", "messages"):
            path = written(Path(folder, f"{form}.jsonl"), n, turns=form == "messages")
            every = {**OURS, **PEERS}
            for reader in every.values():
                seconds(reader, path, n)
            times = [{name: seconds(reader, path, n) for name, reader in every.items()} for _ in range(runs)]
            size = path.stat().st_size / n
            for our in OURS:
                for peer in PEERS:
                    ratios = sorted(run[peer] / run[our] for run in times)
                    mine, other = (1e6 * statistics.median(run[name] for run in times) / n for name in (our, peer))
                    print(
                        f"| {form}, {size:.0f} bytes | {our} | {mine:.1f} | {peer} | {other:.1f} |"
                        f" {statistics.median(ratios):.2f} [{ratios[0]:.2f}, {ratios[-1]:.2f}] | {os.getloadavg()[0]:.1f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
