"""Every gate beside its peer: `python benches/gates.py PEERS DATA [packing|dedup|consistency|words ...]` prints a table.

PEERS is the folder of the peers' scripts, DATA what its `gen_data.py` made (packing and dedup of 100,000 rows, consistency of
10,000 questions); run it with the Python that has the peers, a release build of `sctk_rs` on PYTHONPATH. Ours and the peer run by
turns on one core, each in a process of its own; a line is the median of the paired ratios of wall time, with the smallest
and the largest. A result that is wrong has no ratio. Each of the four parts takes under three minutes on an idle machine.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Gate:
    """One peer, our candidates beside it, and how many times faster each must be."""

    task: str
    peer: str
    wanted: dict[str, float]
    runs: int


ARROW, LIST = "consistency", "consistency_from_list"
PARTS = {
    "packing": (
        100_000,
        [
            Gate("plan", "plan/llamafactory-knapsack", {"packing": 45}, 15),
            Gate("plan", "plan/llamafactory-knapsack-1000", {"packing": 22}, 15),
            Gate("plan", "plan/seqpack-heap-wfd", {"packing": 75}, 15),
            Gate("packed; into reused memory", "full/trl-bfd-default", {"packing": 15, "packing_reuse": 35}, 7),
            Gate("wrapped", "full/trl-wrapped-default", {"packing": 300}, 15),
            Gate("wrapped, whole table", "full/trl-wrapped-global", {"packing": 300}, 15),
        ],
    ),
    "dedup": (
        100_000,
        [
            Gate("near", "e2e/gaoya-word5", {"dedup": 25, "dedup_from_list": 18}, 3),
            Gate("near", "e2e/rensa-flat-polars-16bands", {"dedup_from_list": 8}, 5),
            Gate("near", "e2e/rensa-flat-polars-16bands-arrow", {"dedup": 10}, 5),
            Gate("sketch", "sketch/rensa-flat", {"dedup": 2.2}, 15),
            Gate("sketch", "sketch/rensa-flat-rho", {"dedup": 1.3}, 15),
            Gate("exact", "exact/polars-unique", {"dedup": 0.95}, 15),
        ],
    ),
    "consistency": (
        10_000,
        [
            Gate("ROUGE-L", "rougeL/rapidfuzz-cdist", {ARROW: 12, LIST: 10}, 7),
            Gate("ROUGE-2", "rouge2/python-counter", {ARROW: 50, LIST: 38}, 5),
            Gate("ROUGE-2", "rouge2/numpy-counts", {ARROW: 18, LIST: 14}, 5),
            Gate("Jaccard", "jaccard/python-frozenset", {ARROW: 40, LIST: 30}, 5),
            Gate("Jaccard", "jaccard/numpy-incidence", {ARROW: 20, LIST: 15}, 5),
            Gate("SelfCheck", "selfcheck/python-counter", {ARROW: 22, LIST: 18}, 5),
            Gate("edits", "edit/rapidfuzz-cpdist", {ARROW: 2, LIST: 2}, 3),
            Gate("vote", "vote/python-words", {ARROW: 18, LIST: 12}, 15),
            Gate("entropy", "entropy/lm-polygraph", {ARROW: 50}, 9),
        ],
    ),
}


def lines_of(script: Path, data: Path, n: int, gate: Gate) -> list[dict[str, object]]:
    """What the peers' script says of the peer, and of each of ours beside it."""
    ours = [f"{HERE / 'candidates.py'}:{name}" for name in gate.wanted]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "lines.jsonl"
        command = [sys.executable, str(script), "--data", str(data), "--n", str(n), "--runs", str(gate.runs)]
        command += ["--peers", gate.peer, "--out", str(out)]
        for candidate in ours:
            command += ["--candidate", candidate]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        return [json.loads(line) for line in out.read_text().splitlines()]


def row(gate: Gate, peer: dict[str, object], ours: dict[str, object], wanted: float) -> str:
    """A line of the table."""
    name = str(ours["peer"]).rsplit(":", 1)[-1]
    if "error" in ours or "error" in peer:
        return f"| {gate.task} | {gate.peer} | {name} | {wanted:g} | {ours.get('error', peer.get('error'))} | | | **no** | |"
    theirs, mine = peer["runs"], ours["runs"]
    assert isinstance(theirs, list)
    assert isinstance(mine, list)
    ratios = sorted(a / b for a, b in zip(theirs, mine, strict=True))
    middle = statistics.median(ratios)
    holds = "yes" if middle >= wanted else "**no**"
    times = f"{statistics.median(theirs) * 1e3:.3g} | {statistics.median(mine) * 1e3:.3g}, {min(mine) * 1e3:.3g}"
    spread = f"{middle:.3g} [{ratios[0]:.3g}, {ratios[-1]:.3g}]"
    return (
        f"| {gate.task} | {gate.peer} ({peer['version']}) | {name} | {wanted:g} | {times} | {spread} | {holds} "
        f"| {len(ratios)}, {ours['loadavg']} |"
    )


def main(peers: Path, data: Path, parts: list[str]) -> None:
    """Prints the lines of the parts; those of words are of `mixed_scripts.py`."""
    for part in parts or [*PARTS, "words"]:
        if part == "words":
            pinned = ["taskset", "-c", "1"] if hasattr(os, "sched_setaffinity") else []
            subprocess.run([*pinned, sys.executable, str(HERE / "mixed_scripts.py"), "1"], check=True)
            continue
        n, gates = PARTS[part]
        print(
            "| task | peer | ours | gate | peer, ms | ours, ms: median, fastest | times faster | holds | pairs, load |"
        )
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        for gate in gates:
            peer, *ours = lines_of(peers / f"bench_{part}.py", data, n, gate)
            for mine, wanted in zip(ours, gate.wanted.values(), strict=True):
                print(row(gate, peer, mine, wanted), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
