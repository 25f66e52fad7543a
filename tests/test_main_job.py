"""The main job as a newcomer runs it: one line, on the embedded world, from prompts to an evaluated student that is better."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCTK = str(Path(sys.executable).with_name("sctk"))


def sctk(*words: str, cwd: Path) -> str:
    """What a command prints on standard output."""
    done = subprocess.run([SCTK, *words], capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def row(result: dict[str, Any], arm: str, metric: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in result["metrics"] if (one["arm"], one["metric"]) == (arm, metric))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("method", ["rdpo", "dsc"])
def test_one_line_makes_a_student_that_is_better_and_the_same_line_again_asks_nothing(
    tmp_path: Path, method: str
) -> None:
    result = json.loads(sctk("run", "--plugin", method, "--json", cwd=tmp_path))
    assert result["state"] == "done"
    ledger = result["ledger"]
    assert ledger["asked"] == ledger["answered"] + ledger["failed"] + ledger["declined"]
    assert row(result, "student-base", "truth")["low"] > 0
    assert row(result, "base", "truth")["n"] == 200
    assert row(result, "all", "agreement")["value"] < 1
    run = tmp_path / result["run"]
    assert json.loads((run / "metrics.json").read_text()) == result["metrics"]

    again = json.loads(sctk("run", "--plugin", method, "--json", cwd=tmp_path))
    assert again == result

    import polars as pl

    name = pl.read_parquet(run / "chains" / "train" / "*.parquet")["id"][0]
    told = sctk("why", str(run), name, cwd=tmp_path)
    assert all(word in told for word in ("seed", "Verdict", "score", "digest", "fingerprint"))
