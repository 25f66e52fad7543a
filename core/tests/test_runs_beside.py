"""Several processes run one recipe at the same time, beside each other: equal tables, and what was asked twice is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from outcomes import tables

SETTINGS = ["source.n=200", "source.held=6", "run.shard_rows=50", "run.concurrency=4"]
PROGRAM = """
import json, pathlib, sys
sys.path[0] = str(pathlib.Path.cwd())
from moment_runner import fork, wait
folder, spec = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
begun = [fork(folder, spec | {"name": str(n)}) for n in range(spec["n_runs"])]
sys.exit(max(map(wait, begun)))
"""


@pytest.mark.sweep
@pytest.mark.parametrize("n_runs", [2, 3])
def test_runs_of_one_recipe_at_the_same_time(n_runs: int, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "skill").write_text("")
    (tmp_path / "recipe.toml").write_text('[[evaluator]]\nuse = "toy"\n')
    here = tmp_path / "here"
    here.mkdir()
    spec = json.dumps({"method": "rdpo", "settings": SETTINGS, "n_runs": n_runs})
    command = [sys.executable, "-c", PROGRAM, str(here), spec]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr + "".join((here / f"stderr{n}").read_text() for n in range(n_runs))
    asked = Counter((here / "asked").read_text().split())
    told = [json.loads((here / f"stdout{n}").read_text())["notes"] for n in range(n_runs)]
    notes = [note for notes in told for note in notes if "paid for twice" in note]
    n_twice = asked.total() - len(asked)
    print(f"{n_runs} runs: {len(asked)} requests, {n_twice} asked more than once, told by {len(notes)}")
    assert sum(int(note.partition(" ")[0]) for note in notes) == n_twice > 0
    first, *others = (tables(here / "runs" / str(n)) for n in range(n_runs))
    assert all(other == first for other in others)
