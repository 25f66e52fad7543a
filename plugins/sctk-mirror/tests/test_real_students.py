"""The method with real students of few weights, on word problems with their scripted teacher: an encoder-decoder, a decoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_core.assembly import assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute
from sctk_mirror.prompts import VERDICTS
from tiny_models import make_llama, make_t5

pytest.importorskip("sctk_word_problems")
ARMS = ["one-evaluated", "fine-tuning", "vote-equal", "reranked", "abstaining"]
WORDS = [
    "predict: explain: The answer is correct. wrong uncertain Evaluation result: given", *map(str, range(100)),
    " ".join(chr(code) for code in range(33, 127)),
]  # fmt: skip


def run(root: Path, model: Path) -> RunResult:
    sections: dict[str, Any] = {
        "method": {
            "use": "mirror",
            "teacher": {"n": 2, "m": 2},
            "schedule": {"epochs": 1.0},
            "arms": ARMS,
            "inference": {"k": 2},
        },
        "backend": {"use": "transformers", "dtype": "float32", "device": "cpu"},
        "model": {"path": str(model)},
        "source": {"use": "word-problems", "n_prompts": 24, "n_held_out": 6},
        "sampling": {"max_new_tokens": 12},
        "roles": {"teacher": {"sampling": {"max_new_tokens": 400}}},
        "run": {"timeout_s": 300.0, "max_failed": 1.0},
    }
    known = catalogue()
    recipe = with_defaults([Layer(origin="test", sections=sections)], known)
    return execute(assemble(recipe, known), out=root / "runs" / "run")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["encoder-decoder", "decoder"])
def test_a_student_goes_through_the_same_recipe(tmp_path: Path, kind: str) -> None:
    model = tmp_path / "student"
    if kind == "encoder-decoder":
        make_t5(model, WORDS)
    else:
        make_llama(model, WORDS)
    result = run(tmp_path, model)
    assert result.state == "done"
    stages = {one.stage: one for one in result.ledger}
    taught = stages["student.train.predict"]
    assert taught.answered > 20
    assert stages["evaluator.train.explain"].answered > 40
    assert stages["student.evaluate"].answered == 6
    pools = pl.concat([pl.read_parquet(path) for path in (result.run / "pools/pools").glob("*.parquet")])
    assert all(0.0 <= one <= 1.0 for row in pools["beliefs"] for one in row)
    metrics = {(row.arm, row.metric): row for row in result.metrics}
    assert metrics["student", "solved"].n == 6
    assert VERDICTS[0] == "correct"
