"""rDPO with a teacher that is another model than the student: another architecture, another tokenizer, another template."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_core.explain import why
from sctk_core.identity import directory_digest
from sctk_core.store.reader import RunReader
from tiny_models import TOLD_APART, make_gpt2, make_llama

SCTK = str(Path(sys.executable).with_name("sctk"))
SUBJECTS = ("a kite", "a loaf", "a poem", "a fence", "a lamp", "a drum", "a boat", "a stool")


def said(*words: object) -> dict[str, Any]:
    done = subprocess.run([SCTK, *map(str, words), "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_a_big_teacher_for_a_small_student(tmp_path: Path) -> None:
    rows = [{"prompt": f"How do I make {subject}?"} for subject in SUBJECTS]
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text("".join(json.dumps(row) + "\n" for row in rows))
    small = make_gpt2(tmp_path / "small", [row["prompt"] for row in rows])
    big = make_llama(tmp_path / "big", [f"{row['prompt']} Take wood, glue and time." for row in rows])
    run = tmp_path / "run"
    line = (
        "run", "--plugin", "rdpo", "--model", small, "--teacher", big, "--backend", "transformers", "--prompts", prompts,
        "--out", run, "--set", "sampling.max_new_tokens=12", "--set", "source.held_out_share=0.3",
        *TOLD_APART,
    )  # fmt: skip
    result = said(*line)
    assert result["state"] == "done"
    _refuse_wrong_roles(run, result, directory_digest(small), directory_digest(big))
    _refuse_tokens_of_the_teacher(run, result)
    assert said(*line)["metrics"] == result["metrics"]


def _refuse_wrong_roles(run: Path, result: dict[str, Any], small: str, big: str) -> None:
    """The ledger, `why` and the usage name who said what."""
    reader = RunReader(run)
    assert {name: role["model"] for name, role in reader.manifest.roles.items()} == {"student": small, "teacher": big}
    ledger = pl.read_parquet(reader.tables()["chains/ledger"])
    asked = ledger.filter(pl.col("requests") > 0)
    assert set(asked["role"]) == {"teacher"}
    assert set(asked["stage"]) == {"chains.draft", "chains.critique.1", "chains.revise.1"}
    pair = pl.read_parquet(reader.tables()["chains/train"]).row(0, named=True)
    texts = [passage for passage in why(run, pair["id"]) if passage.table in ("chains/samples", "chains/critiques")]
    assert [(passage.facts["role"], passage.facts["model"]) for passage in texts] == [("teacher", big)] * 3
    answer = pl.read_parquet(reader.tables()["evaluation/base/answers"]).row(0, named=True)
    shown = next(passage for passage in why(run, answer["id"]) if passage.id == answer["id"])
    assert (shown.facts["role"], shown.facts["model"]) == ("student", small)
    used = {(row["part"], row["role"]): row for row in result["usage"]}
    assert used["chains", "teacher"]["requests"] == asked["requests"].sum()
    assert used["chains", "teacher"]["tokens_written"] > 0
    assert ("chains", "student") not in used
    assert used["evaluation/student", "student"]["tokens_read"] > 0


def _refuse_tokens_of_the_teacher(run: Path, result: dict[str, Any]) -> None:
    """The student trains on tokens of its own, and the notes count whose were made again."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    reader = RunReader(run)
    n_pairs = pl.read_parquet(reader.tables()["chains/train"]).height
    tokenizers = set(pl.read_parquet(reader.tables()["chains/samples"])["tokenizer"])
    own = set(pl.read_parquet(reader.tables()["evaluation/base/answers"])["tokenizer"])
    assert len(tokenizers) == len(own) == 1
    assert tokenizers != own
    retokenised = [note for note in result["notes"] if "tokenised again" in note]
    assert [note.partition(".")[0] for note in retokenised] == ["sft", "student"]
    report = reader.manifest.arms["student"]
    assert report["n_retokenised"] > 0
    assert report["n_rows"] + len(report["declined"]) == n_pairs
    assert report["n_steps"] > 0
    assert AutoModelForCausalLM.from_pretrained(run / "model").config.model_type == "gpt2"
    assert AutoTokenizer.from_pretrained(run / "model").convert_tokens_to_ids("<|assistant|>") is not None


def test_a_judge_that_nobody_asks_is_refused(tmp_path: Path) -> None:
    words = ["run", "--plugin", "rdpo", "--judge", str(tmp_path), "--out", str(tmp_path / "run")]
    done = subprocess.run([SCTK, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nobody speaks in" in done.stderr
