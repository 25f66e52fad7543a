"""Kills an embedded run of `knowledge` with everything on, goes on by the same line, and compares every file with a run left alone.

    python benches/knowledge_kills.py OUT --points 30 --chain 15

Everything: the arms no-filtering, distilled, document and dola, the encyclopaedia's two question sets, a judge of pairs of
answers (the embedded model), checkpoints at every second step. A point is the first appearance of a table, model or file of the
run left alone, spread over all of them, and every second one a while later, amid what comes next. A run is struck (SIGKILL) at
`--chain` points one after the other and then left to end. Files that differ are named, and those that must not are counted.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import sctk_encyclopaedia.backend  # noqa: F401 - imported before the forks
import sctk_knowledge.nli.comparer  # noqa: F401
import sctk_trl.preference_trainer  # noqa: F401
from sctk_cli.main import console

RECIPE = """
[method]
use = "knowledge"
arms = ["no-filtering", "distilled", "document", "dola"]
questions = { n = 2, n_exam = 1 }
detection = { n_samples = 2, thresholds = { tau_k = 0.3 } }
answers = { examples = 2 }
[source]
n_articles = 5
n_held_out = 4
[run]
shard_rows = 5
concurrency = 4
eval_limit = 5
[trainer.compute.keep]
every_minutes = 0.0
every_steps = 2
[[pairwise]]
use = "pairwise" # the role judge, which is the embedded model as it came
"""
TELLS_TIME = ("manifest.json", "recipe.lock", "lock", "progress.sqlite", "progress.sqlite-shm", "progress.sqlite-wal")
"""Files that hold times, or the machine's: they may differ."""
LEAST_GAP = 0.05


def begun(place: Path) -> int:
    """`sctk run all.toml --out run` in a fork, so that libraries are imported once; its process, which leads a group."""
    place.parent.mkdir(parents=True, exist_ok=True)
    (place.parent / "all.toml").write_text(RECIPE)
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    os.chdir(place.parent)
    log = os.open("log.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.argv = ["sctk", "run", "all.toml", "--out", place.name]
    code = 1
    try:
        console()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
    finally:
        os._exit(code)


def ended(pid: int, *, wait: bool = False) -> int | None:
    """The exit code of a fork; None: it goes on."""
    found, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def files(place: Path) -> list[str]:
    """Every file, those that are being written too."""
    return [Path(folder, name).relative_to(place).as_posix() for folder, _, names in os.walk(place) for name in names]


def left_alone(place: Path) -> list[tuple[float, str]]:
    """Runs to the end; when each file appeared first."""
    run, start, seen = begun(place), time.monotonic(), dict[str, float]()
    while (code := ended(run)) is None:
        for name in files(place):
            seen.setdefault(name, time.monotonic() - start)
        time.sleep(0.05)
    if code:
        raise SystemExit(f"the run left alone ended with {code}: see {place.parent / 'log.txt'}")
    return sorted((when, name) for name, when in seen.items())


def points(appeared: Sequence[tuple[float, str]], n: int, seed: int) -> list[tuple[str, float]]:
    """Of the files `n`, spread over them; every second with a wait, at random within the gap to the next."""
    draws, found = random.Random(seed), []
    for number in range(n):
        place = number * (len(appeared) - 1) // max(n - 1, 1)
        when, name = appeared[place]
        after = next((later for later, _ in appeared[place + 1 :] if later > when + LEAST_GAP), when + 1.0)
        found.append((name, draws.uniform(0.0, after - when) if number % 2 else 0.0))
    return found


def struck(place: Path, name: str, wait: float) -> bool:
    """Whether the run could be killed a while after a file was there; False: it had ended."""
    run = begun(place)
    while goes_on := ended(run) is None:
        if (place / name).exists():
            break
        time.sleep(0.005)
    if goes_on:
        time.sleep(wait)
    if not goes_on or ended(run) is not None:
        return False
    os.killpg(run, signal.SIGKILL)
    ended(run, wait=True)
    return True


def digests(place: Path) -> dict[str, str]:
    """What every file holds."""
    return {name: hashlib.sha256((place / name).read_bytes()).hexdigest() for name in sorted(files(place))}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--points", type=int, default=30)
    parser.add_argument("--chain", type=int, default=15, help="kills of one run")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    whole = (given.out / "whole" / "run").resolve()
    appeared = left_alone(whole)
    wanted = digests(whole)
    firsts = {str(Path(name).parent): (when, name) for when, name in reversed(appeared) if name in wanted}
    lasting = sorted(firsts.values())
    print(f"left alone: {appeared[-1][0]:.0f} s, {len(wanted)} files in {len(firsts)} folders", flush=True)
    chosen, may_differ, wrong = points(lasting, given.points, given.seed), Counter[str](), 0
    n_runs = -(-len(chosen) // given.chain)
    for number in range(n_runs):
        place = (given.out / str(number) / "run").resolve()
        told = [(name, wait, struck(place, name, wait)) for name, wait in chosen[number::n_runs]]
        code = ended(begun(place), wait=True)
        there = digests(place)
        differ = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
        may_differ.update(name for name in differ if name in TELLS_TIME)
        bad = [name for name in differ if name not in TELLS_TIME]
        wrong += bool(bad) or bool(code)
        kills = "; ".join(f"{name} + {wait:.2f} s{'' if hit else ' (it had ended)'}" for name, wait, hit in told)
        print(f"{number}: {kills}: ended with {code}, {len(bad)} files differ {bad[:6]}", flush=True)
        if not bad and not code:
            shutil.rmtree(place.parent)
    n_hit = len(chosen)
    print(f"{n_hit} points, {n_runs} runs, {wrong} that came out otherwise; may differ: {dict(may_differ)}")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
