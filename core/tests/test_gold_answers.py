"""Who compares with gold answers says so: a run without any ends before anything is asked, and a row without one is a failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from outcomes import stage
from sctk_core import ConfigError
from sctk_core.run import execute
from toy_run import toy_assembly

GOLD = '''
from dataclasses import dataclass
from sctk_core import Component, Failure, Score, hookimpl, setting

class Gold:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Whether gold answers are needed."""
        needed: bool = setting(True, help="are they")
    def __init__(self, config): pass
    @staticmethod
    def needs_reference(config): return config.needed
    def one(self, sample):
        if not sample.prompt.references:
            return Failure(of=sample.id, stage="", component="", kind="parse", reason="the prompt has no reference")
        return Score(sample=sample, name="gold", value=len(sample.text) + ("better" in sample.text))
    async def score(self, samples):
        return [self.one(sample) for sample in samples]
    async def evaluate(self, samples):
        return {"gold": [self.one(sample) for sample in samples]}

@hookimpl
def sctk_rewards():
    return [Component(name="gold", target=f"{__name__}:Gold", summary="compares")]

@hookimpl
def sctk_evaluators():
    return [Component(name="gold", target=f"{__name__}:Gold", summary="compares")]
'''


def run(root: Path, answers: list[Any], held_out: list[Any], **gold: Any) -> Any:
    """The toy method on files of questions with these answers (None: none)."""
    for name, listed in (("train", answers), ("held", held_out)):
        rows = [
            {"prompt": f"{name} {n}"} | ({} if answer is None else {"reference": answer})
            for n, answer in enumerate(listed)
        ]
        (root / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (root / "gold.py").write_text(GOLD)
    source = {"use": "file", "path": str(root / "train.jsonl"), "held_out": str(root / "held.jsonl")}
    return execute(toy_assembly(root, {"source": source, **gold}, also=[root / "gold.py"]), out=root / "runs" / "run")


@pytest.mark.parametrize(
    ("answers", "held_out", "gold", "told"),
    [
        (
            [None] * 6,
            ["a"] * 4,
            {"reward": {"use": "gold"}},
            "[reward] of test: got 6 prompts (prompts) without a reference",
        ),
        (
            ["a"] * 6,
            [None] * 4,
            {"evaluator": [{"use": "gold"}]},
            "[[evaluator]] gold: got 4 prompts (held-out) without a reference",
        ),
    ],
)
def test_no_gold_answer_at_all_is_said_before_anything_is_asked(
    tmp_path: Path, answers: list[Any], held_out: list[Any], gold: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        run(tmp_path, answers, held_out, **gold)
    assert told in caught.value.message
    assert "source.columns" in caught.value.hint
    assert not list((tmp_path / "runs" / "run").glob("chains/*"))


def test_who_does_not_need_them_is_not_asked_for_them(tmp_path: Path) -> None:
    result = run(tmp_path, ["a"] * 6, [None] * 4, evaluator=[{"use": "gold", "needed": False}])
    assert stage(result, "base.measure.gold").reasons == {"parse: the prompt has no reference": 4}


def test_a_row_without_one_is_a_failure_and_the_others_are_scored(tmp_path: Path) -> None:
    result = run(tmp_path, ["a", None, 7, ["b", "c"], None, True], ["a"] * 4, reward={"use": "gold"})
    scored = stage(result, "chains.score.0")
    assert (scored.answered, scored.reasons) == (4, {"parse: the prompt has no reference": 2})
