"""The main job with a model and with data that are not ours: a Hugging Face directory, a prompt file, the real 118 rows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny_models import TOLD_APART, make_gpt2

REAL = Path(__file__).parents[2] / "shared" / "data" / "dsc" / "sentiments" / "results_sentiment_review.json"
SUBJECTS = ("a kite", "a loaf", "a poem", "a fence", "a lamp", "a drum", "a boat", "a stool", "a scarf", "a pie")


def sctk(*words: object) -> dict[str, Any]:
    """What `sctk run ... --json` prints."""
    line = [str(Path(sys.executable).with_name("sctk")), "run", *map(str, words), "--json"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def stage(result: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in result["ledger"]["stages"] if row["stage"] == name)
    return found


def loads(path: Path) -> bool:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    return bool(AutoTokenizer.from_pretrained(path)) and bool(AutoModelForCausalLM.from_pretrained(path))


@pytest.mark.slow
def test_rdpo_on_a_model_of_another_architecture_with_an_adapter(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.jsonl"
    rows = [{"prompt": f"How do I make {subject}? Say it in {n} words."} for subject in SUBJECTS for n in (5, 9)]
    prompts.write_text("".join(json.dumps(row) + "\n" for row in rows))
    model = make_gpt2(tmp_path / "gpt2", [row["prompt"] for row in rows])
    result = sctk(
        "--plugin", "rdpo", "--model", model, "--backend", "transformers", "--prompts", prompts, "--out", tmp_path / "run",
        "--set", "trainer.lora.rank=4", "--set", "baseline.lora.rank=4", "--set", "sampling.max_new_tokens=12",
        "--set", "source.held_out_share=0.3", *TOLD_APART,
    )  # fmt: skip
    assert result["state"] == "done"
    assert loads(tmp_path / "run" / "model")
    assert (tmp_path / "run" / "model" / "adapter").is_dir()
    trained = stage(result, "student.train")
    assert trained["answered"] == stage(result, "chains.make.train")["answered"] > 0
    assert {row["arm"] for row in result["metrics"] if row["metric"] == "reward"} >= {
        "base",
        "sft",
        "student",
        "student-base",
    }


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the real data lie beside the checkout, in ../shared/data")
def test_dsc_from_the_real_rows_to_a_trained_model(tmp_path: Path) -> None:
    rows, first = json.loads(REAL.read_text()), tmp_path / "first.json"
    first.write_text(json.dumps(rows[:100]))
    texts = [row["summary_after"] for row in rows]
    model = make_gpt2(tmp_path / "gpt2", texts)
    result = sctk(
        "--plugin", "dsc", "--model", model, "--backend", "transformers", "--prompts", first, "--out", tmp_path / "run",
        "--set", "rule.use=strict", "--set", "method.train_on=accepted", "--set", "source.held_out_share=0",
        "--set", "trainer.optimiser.epochs=1", "--set", "baseline.optimiser.epochs=1",
    )  # fmt: skip
    assert stage(result, "chains.draft")["asked"] == 100
    collected = stage(result, "chains.make.train")
    assert (collected["answered"], collected["declined"]) == (95, 5)
    assert stage(result, "student.train")["answered"] == 95
    assert loads(tmp_path / "run" / "model")
