"""Random cases for so many seconds of CPU time: `python rust_ext/tests/fuzz.py SECONDS [names of properties ...]`.

Builds the optimised fuzz of sctk-data and runs it round after round, each with cases of its own, one thread a round, all named
properties by turns (all of them: without names). Prints each property's rounds and seconds; stops at the first failure.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[1]
BUILD = ["cargo", "test", "--release", "-p", "sctk-data", "--test", "fuzz", "--no-run", "--message-format=json"]


def built() -> str:
    """Where the fuzz lies."""
    made = subprocess.run(BUILD, cwd=HERE, check=True, capture_output=True, text=True).stdout
    messages = [json.loads(line) for line in made.splitlines() if line.startswith("{")]
    return next(str(at) for message in messages if (at := message.get("executable")))


def seconds() -> float:
    """Of CPU time, of the rounds that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(wanted: float, names: list[str]) -> int:
    """Fuzzes until the time is over: 0, or 1 where something was found."""
    fuzz = built()
    listed = subprocess.run([fuzz, "--list"], check=True, capture_output=True, text=True).stdout
    every = [line.removesuffix(": test") for line in listed.splitlines() if line.endswith(": test")]
    chosen = [name for name in every if not names or any(part in name for part in names)]
    spent = dict.fromkeys(chosen, 0.0)
    rounds = dict.fromkeys(chosen, 0)
    begin = seconds()
    while seconds() - begin < wanted:
        name = min(chosen, key=lambda name: spent[name])
        before = seconds()
        times = os.environ.get("SCTK_FUZZ", "20")
        done = subprocess.run(
            [fuzz, "--exact", name, "--test-threads=1"],
            env={**os.environ, "SCTK_FUZZ": times},
            capture_output=True,
            text=True,
        )
        spent[name] += seconds() - before
        rounds[name] += 1
        if done.returncode:
            print(name, "failed\n", done.stdout[-20_000:], done.stderr[-2_000:])
            return 1
    for name in chosen:
        print(f"{name}: {rounds[name]} rounds of {times} times, {spent[name]:.0f} s")
    print(f"none amiss in {seconds() - begin:.0f} s of CPU")
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
