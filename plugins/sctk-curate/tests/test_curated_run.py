"""A run on the embedded model whose prompts have planted duplicates: what is asked, trained on, shown and explained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from sctk_core.plugins import build
from sctk_rs import dedup

RECIPE = """
[method]
use = "dsc"
[source]
use = "file"
path = "prompts.jsonl"
[trainer]
optimiser = { epochs = 1 }
[baseline]
optimiser = { epochs = 1 }
[[curate]]
use = "exact-duplicates"
of = "prompts"
normalised = true
[[curate]]
use = "near-duplicates"
of = "prompts"
threshold = 0.7
n = 2
[[curate]]
use = "near-duplicates"
of = "train"
threshold = 0.4
n = 1
parts = "together"
[[curate]]
use = "decontaminate"
n = 30
"""


def sctk(folder: Path, *words: str) -> str:
    line = [str(Path(sys.executable).with_name("sctk")), *words]
    done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_planted_duplicates_are_not_asked_and_alike_rows_not_trained_on(tmp_path: Path) -> None:
    source = build("source", "nano-sentiment", {"n_prompts": 12}, {}).instance
    asked = [prompt.messages[-1].content for prompt in source.prompts()]
    planted = [*asked, asked[0], asked[5].upper(), f"{asked[7]} Please."]
    (tmp_path / "prompts.jsonl").write_text("".join(json.dumps({"prompt": text}) + "\n" for text in planted))
    (tmp_path / "held.jsonl").write_text(json.dumps({"prompt": "Is this short?"}) + "\n")
    (tmp_path / "recipe.toml").write_text(RECIPE.replace("[trainer]", 'held_out = "held.jsonl"\n[trainer]'))
    result = json.loads(sctk(tmp_path, "run", "recipe.toml", "--out", "runs/one", "--json"))
    stages = {row["stage"]: row for row in result["ledger"]["stages"]}
    run = tmp_path / "runs/one"

    exact, near = stages["prompts.curate.exact-duplicates"], stages["prompts.curate.near-duplicates"]
    assert (exact["asked"], exact["reasons"]) == (15, {"same words as an earlier row": 2})
    assert (near["asked"], near["reasons"]) == (13, {"near duplicate": 1})
    assert stages["chains.draft"]["asked"] == 12

    rows = pl.read_parquet(run / "chains/train/*.parquet")
    texts = [f"{row['prompt'][-1]['content']}\n{row['text']}" for row in rows.to_dicts()]
    keep = list(memoryview(dedup.near(texts, threshold=0.4, n=1).keep))
    kept = [row for row, stays in zip(rows["id"], keep, strict=True) if stays]
    assert 0 < len(kept) < len(texts)
    assert pl.read_parquet(run / "curated/chains.train/rows/*.parquet")["id"].to_list() == kept
    ledger = pl.read_parquet(run / "trained/student/ledger/*.parquet")
    trained = ledger.filter((pl.col("stage") == "student.train") & (pl.col("outcome") == "answered"))
    assert trained["id"].to_list() == kept

    short = "1 of 1 held-out questions and gold answers have fewer than 30 words and were not looked for"
    assert {f"chains.{table}.curate.decontaminate: {short}" for table in ("drafts", "train")} < set(result["notes"])
    gone = pl.read_parquet(run / "curated/chains.train/curations/*.parquet")
    told = sctk(tmp_path, "why", "runs/one", gone["row"][0])
    assert gone["because"][0] in told
    assert f"{gone['similarity'][0]}" in told or "joined through row" in told
    assert "curated/chains.train/rows" in sctk(tmp_path, "show", "runs/one")
