"""What sctk itself costs: rDPO from prompts to an evaluated model with a backend that answers at once.

The method is the real one; backend, critic, reward, trainer and evaluator do next to nothing (`instant_world.py`). Each line of
output is one size in processes of its own: a first run; the same line in another directory, where the replies that were paid for
answer; and the same line again, which finds everything done. Time is CPU time of all threads. The counts of the ledger are
checked, so a run that did nothing cannot be reported.

    python benches/orchestration.py --sizes 10000 100000 1000000
    python benches/orchestration.py --sizes 10000 --critic constitution --profile
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WORLD = Path(__file__).with_name("instant_world.py")
REQUESTS = 3
"""Of a prompt: draft, critique, revision."""


def spent() -> float:
    """CPU seconds of this process so far, all threads, user and system."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_mb() -> float:
    """The most memory that this process has had, in MB of 1e6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


class Clock:
    """Notes the CPU time at which each part of the run begins and ends, and how large the write-ahead logs grew."""

    def __init__(self, run: Path) -> None:
        self.parts: dict[str, float] = {}
        self.walls: dict[str, float] = {}
        self.most = {"replies.sqlite-wal": 0, "progress.sqlite-wal": 0}
        self._paths = (run.parent / "replies.sqlite-wal", run / "progress.sqlite-wal")
        self._n = 0

    def __call__(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "ItemFinished":
            self._n += 1
            if self._n % 500 == 0:
                self._look()
        elif kind in ("StageStarted", "StageFinished"):
            sign = 1 if kind == "StageFinished" else -1
            self.parts[event.stage] = self.parts.get(event.stage, 0.0) + sign * spent()
            self.walls[event.stage] = self.walls.get(event.stage, 0.0) + sign * time.monotonic()

    def _look(self) -> None:
        for path in self._paths:
            if path.exists():
                self.most[path.name] = max(self.most[path.name], path.stat().st_size)


def assembly_of(args: argparse.Namespace) -> Any:
    """The recipe: rDPO in the instant world."""
    from sctk_core.assembly import assemble, with_defaults
    from sctk_core.plugins import catalogue
    from sctk_core.recipe import Layer

    base = args.work / "base"
    base.mkdir(parents=True, exist_ok=True)
    (base / "weights").write_text("none")
    sections: dict[str, Any] = {name: {"use": "instant"} for name in ("backend", "reward", "trainer", "baseline")}
    sections |= {"method": {"use": "rdpo"}, "model": {"path": str(base)}, "source": {"use": "instant", "n": args.one}}
    sections["critic"] = {"use": args.critic} | ({"preset": "safety"} if args.critic == "constitution" else {})
    sections["evaluator"] = [{"use": "instant"}]
    sections["run"] = {"concurrency": args.concurrency, "shard_rows": args.shard_rows}
    known = catalogue([WORLD])
    return assemble(with_defaults([Layer(origin="bench", sections=sections)], known), known)


def check(result: Any, n: int) -> None:
    """Raises unless the run did all that it was asked, by its own ledger."""
    counts = {stage.stage: stage for stage in result.ledger}
    assert result.state == "done", result.state
    for step in ("draft", "critique.1", "revise.1", "score.0", "score.1", "make.drafts", "make.train"):
        stage = counts[f"chains.{step}"]
        assert stage.asked == stage.answered == n, stage
    assert counts["sft.train"].answered == counts["student.train"].answered == n
    assert len(result.metrics) >= 3


def run_one(args: argparse.Namespace) -> dict[str, Any]:
    """One run in this process, and what it cost."""
    from sctk_core.run import execute

    assembly, out = assembly_of(args), args.work / "runs" / args.out
    memory, clock, before, started = peak_mb(), Clock(out), spent(), time.monotonic()
    result = execute(assembly, out=out, observers=[clock])
    cost, wall = spent() - before, time.monotonic() - started
    check(result, args.one)
    asked = sum(used.requests for used in result.usage if used.part == "chains")
    recalled = sum(used.recalled for used in result.usage if used.part == "chains")
    assert asked == REQUESTS * args.one, asked
    return {
        "cpu": cost, "wall": wall, "peak": peak_mb(), "imported": memory, "parts": clock.parts, "walls": clock.walls,
        "wal": clock.most, "recalled": recalled,
    }  # fmt: skip


def in_a_process(args: argparse.Namespace, n: int, work: Path, out: str) -> dict[str, Any]:
    """One run in a process of its own."""
    line = [sys.executable, __file__, "--one", str(n), "--work", str(work), "--out", out, "--critic", args.critic]
    line += ["--concurrency", str(args.concurrency), "--shard-rows", str(args.shard_rows)]
    found: dict[str, Any] = json.loads(
        subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1]
    )
    return found


def disk(work: Path, n: int) -> dict[str, float]:
    """Bytes a prompt, by file and table; `models` are a few bytes of the trainer's."""
    run, sizes = work / "runs" / "first", dict[str, float]()
    for path in sorted((work / "runs").glob("replies.sqlite*")):
        sizes["replies"] = sizes.get("replies", 0) + path.stat().st_size / n
    for path in sorted(file for file in run.rglob("*") if file.is_file()):
        where = path.relative_to(run)
        name = where.parts[0] if len(where.parts) < 3 else "/".join(where.parts[:2])
        name = "progress" if name.startswith("progress.sqlite") else name
        sizes[name] = sizes.get(name, 0) + path.stat().st_size / n
    return sizes


def report(
    n: int, first: dict[str, Any], recall: dict[str, Any], again: dict[str, Any], sizes: dict[str, float]
) -> str:
    """One size as a line of the table."""
    replies, chains = REQUESTS * n, first["parts"]["chains"]
    return " | ".join(
        str(cell)
        for cell in (
            f"| {n:,}", f"{replies:,}", f"{chains:.1f}, {first['cpu']:.1f}", f"**{replies / chains:,.0f}**, {replies / first['cpu']:,.0f}",
            f"{first['wall']:.0f}", f"{first['peak']:.0f} ({first['imported']:.0f})", f"{sizes['replies']:.0f}",
            f"{sum(sizes.values()) - sizes['replies']:.0f}", f"{sum(sizes.values()):,.0f}",
            f"{recall['cpu']:.1f}, {again['cpu']:.1f} |",
        )
    )  # fmt: skip


HEAD = """| prompts | replies | CPU s: pass, run | replies a CPU s: pass, run | wall s | peak MB (after import) | \
replies.sqlite, B a prompt | tables, B a prompt | on disk, B a prompt | recalled elsewhere, done already: CPU s |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def main() -> None:
    """Prints the table, and what it is made of."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="prompts")
    parser.add_argument("--critic", choices=("instant", "constitution"), default="instant")
    parser.add_argument("--concurrency", type=int, default=128)
    parser.add_argument("--shard-rows", type=int, default=1000)
    parser.add_argument(
        "--work", type=Path, help="where the runs lie and are left (default: a folder that is taken away)"
    )
    parser.add_argument("--first-only", action="store_true", help="no second runs")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--out", default="first", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one is not None:
        print(json.dumps(run_one(args)))
        return
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} CPUs, Python {sys.version.split()[0]}")
    print(HEAD)
    for n in args.sizes:
        work = args.work / str(n) if args.work else Path(tempfile.mkdtemp(prefix="sctk-orchestration-"))
        first = in_a_process(args, n, work, "first")
        assert first["recalled"] == 0, first
        sizes, nothing = disk(work, n), {"cpu": float("nan")}
        recall = nothing if args.first_only else in_a_process(args, n, work, "recall")
        again = nothing if args.first_only else in_a_process(args, n, work, "first")
        assert args.first_only or recall["recalled"] == REQUESTS * n
        print(report(n, first, recall, again, sizes), flush=True)
        print("  parts, CPU s:", {name: round(s, 1) for name, s in first["parts"].items()}, "wal:", first["wal"])
        print("  B a prompt:", {name: round(size) for name, size in sizes.items() if size > 0.5}, flush=True)
        if not args.work:
            shutil.rmtree(work)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
