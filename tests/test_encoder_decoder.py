"""An encoder-decoder as the student of a whole run: asked, trained and measured; or refused before anything is asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_models import TOLD_APART, make_bart, make_t5

SUBJECTS = ("a kite", "a loaf", "a poem", "a fence", "a lamp", "a drum", "a boat", "a stool")


def sctk(*words: object) -> subprocess.CompletedProcess[str]:
    line = [str(Path(sys.executable).with_name("sctk")), *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def asked_in(tmp_path: Path) -> tuple[Path, list[str]]:
    """A file of prompts, and its texts."""
    texts = [f"How do I make {subject}? Say it in {n} words." for subject in SUBJECTS for n in (5, 9)]
    path = tmp_path / "prompts.jsonl"
    path.write_text("".join(json.dumps({"prompt": text}) + "\n" for text in texts))
    return path, texts


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["t5", "bart"])
def test_dsc_with_an_encoder_decoder_for_a_student(kind: str, tmp_path: Path) -> None:
    prompts, texts = asked_in(tmp_path)
    path = tmp_path / "model"
    model = make_t5(path, texts) if kind == "t5" else make_bart(path, texts, context=1024)
    done = sctk(
        "run", "--plugin", "dsc", "--model", model, "--backend", "transformers", "--prompts", prompts,
        "--out", tmp_path / "run", "--set", "trainer.use=multi-task", "--set", "baseline.use=multi-task",
        "--set", "sampling.max_new_tokens=12", "--set", "source.held_out_share=0.3", *TOLD_APART, "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert {"base", "sft", "student"} <= {row["arm"] for row in result["metrics"] if row["metric"] == "reward"}
    assert any("joined by a blank line" in note for note in result["notes"])
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    assert AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "run" / "model")
    was, now = (AutoTokenizer.from_pretrained(each)("a kite").input_ids for each in (model, tmp_path / "run" / "model"))
    assert was == now


def test_a_trainer_that_cannot_train_it_says_so_before_anything_is_asked(tmp_path: Path) -> None:
    prompts, texts = asked_in(tmp_path)
    model = make_t5(tmp_path / "t5", texts)
    words = ("--plugin", "rdpo", "--model", model, "--prompts", prompts, "--backend")
    for line in (("check", *words, "transformers"), ("run", *words, "transformers", "--out", tmp_path / "run")):
        done = sctk(*line)
        assert done.returncode == 2, done.stderr
        assert "an encoder-decoder (t5), wanted a decoder-only model" in done.stderr
        assert 'use = "multi-task"' in done.stderr
    assert not list((tmp_path / "run").glob("chains/*"))
    done = sctk("check", *words, "vllm")
    assert done.returncode == 2
    assert "T5ForConditionalGeneration" in done.stderr
