"""Random cases for so many seconds of CPU time: `python rust_ext/tests/fuzz.py SECONDS [--seed N] [names of properties ...]`.

Builds the optimised fuzz of sctk-data and runs it round after round, each with cases of its own (its seed is the first's and the
number of the round; without one it is drawn and printed), one thread a round, all named properties by turns (all of them: without
names). Prints each property's cases and seconds; stops at the first failure, with its seed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import secrets
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


def main(wanted: float, names: list[str], seed: int) -> int:
    """Fuzzes until the time is over: 0, or 1 where something was found."""
    fuzz = built()
    listed = subprocess.run([fuzz, "--list"], check=True, capture_output=True, text=True).stdout
    every = [line.removesuffix(": test") for line in listed.splitlines() if line.endswith(": test")]
    chosen = [name for name in every if not names or any(part in name for part in names)]
    spent, cases, n_rounds = dict.fromkeys(chosen, 0.0), dict.fromkeys(chosen, 0), 0
    begin = seconds()
    while seconds() - begin < wanted:
        name = min(chosen, key=lambda name: spent[name])
        before = seconds()
        own = {"SCTK_FUZZ": os.environ.get("SCTK_FUZZ", "20"), "PROPTEST_RNG_SEED": str(seed + n_rounds)}
        done = subprocess.run(
            [fuzz, "--exact", name, "--test-threads=1", "--show-output"],
            env=os.environ | own,
            capture_output=True,
            text=True,
        )
        spent[name] += seconds() - before
        n_rounds += 1
        if done.returncode:
            print(name, "failed", own, "\n", done.stdout[-20_000:], done.stderr[-2_000:])
            return 1
        cases[name] += sum(int(n) for n in re.findall(r"^(\d+) cases$", done.stdout, re.MULTILINE))
    for name in chosen:
        print(f"{name}: {cases[name]} cases, {spent[name]:.0f} s")
    print(
        f"none amiss of {sum(cases.values())} cases, {n_rounds} rounds from seed {seed}, {seconds() - begin:.0f} s of CPU"
    )
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("seconds", type=float)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    given = parser.parse_args()
    sys.exit(main(given.seconds, given.names, given.seed))
