"""Transfer: the embedded model's chains train a model of another architecture, tokenizer and template, by a recipe alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_core.identity import directory_digest
from sctk_core.store.reader import RunReader
from sctk_nano import model_path
from tiny_models import make_gpt2

SCTK = str(Path(sys.executable).with_name("sctk"))
RECIPE = """
[method]
use = "dsc"
proposal = "suffix"
arms = ["self-refine"]
[model]
path = "{student}"
[backend]
use = "transformers"
[sampling]
max_new_tokens = 12
[roles.teacher]
backend = {{ use = "nano" }}
[run]
limit = 6
eval_limit = 4
[trainer]
optimiser = {{ epochs = 1.0 }}
[baseline]
optimiser = {{ epochs = 1.0 }}
"""


@pytest.mark.sweep
def test_one_models_data_trains_another(tmp_path: Path) -> None:
    student = make_gpt2(tmp_path / "student", ["Write a review of the film.", "A warm film with a fine cast."])
    recipe, run = tmp_path / "recipe.toml", tmp_path / "run"
    recipe.write_text(RECIPE.format(student=student))
    done = subprocess.run(
        [SCTK, "run", str(recipe), "--out", str(run), "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["state"] == "done"
    reader = RunReader(run)
    models = {name: role["model"] for name, role in reader.manifest.roles.items()}
    assert models == {"student": directory_digest(student), "teacher": directory_digest(model_path())}
    asked = pl.read_parquet(reader.tables()["chains/ledger"]).filter(pl.col("requests") > 0)
    assert set(asked["role"]) == {"teacher"}
    for arm in ("base", "self-refine", "student"):
        asked = pl.read_parquet(reader.tables()[f"evaluation/{arm}/ledger"]).filter(pl.col("requests") > 0)
        assert set(asked["role"]) == {"student"}
    report = reader.manifest.arms["student"]
    assert report["n_retokenised"] == report["n_rows"] > 0
    told = pl.read_parquet(reader.tables()["chains/samples"])["tokenizer"]
    own = pl.read_parquet(reader.tables()["evaluation/base/answers"])["tokenizer"]
    assert set(told) != set(own)
    assert {row["arm"] for row in result["metrics"]} >= {"base", "self-refine", "student-self-refine"}
