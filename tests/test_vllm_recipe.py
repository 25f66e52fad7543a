"""The recipe of the main job through the real vLLM engine, on the same model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sctk_nano


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_same_recipe_runs_through_vllm(tmp_path: Path) -> None:
    line = [
        str(Path(sys.executable).with_name("sctk")), "run", "--plugin", "rdpo", "--json", "--limit", "24",
        "--backend", "vllm", "--model", str(sctk_nano.model_path()), "--set", "backend.dtype=float32",
        "--set", "run.eval_limit=12", "--set", "baseline.optimiser.epochs=1",
    ]  # fmt: skip
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-4000:]
    result = json.loads(done.stdout)
    stages = {row["stage"]: row for row in result["ledger"]["stages"]}
    assert stages["chains.draft"]["answered"] == 24
    assert stages["student.evaluate"]["answered"] == 12

    import polars as pl

    samples = pl.read_parquet(tmp_path / result["run"] / "chains" / "samples" / "*.parquet")
    assert samples["backend"].unique().to_list() == ["vllm"]
    assert samples["token_ids"].null_count() == 0
    assert not any("tokenised again" in note for note in result.get("notes", []))
