"""A reasoning model in a whole run: rewards, judges, critics and evaluators read its answers, and `why` shows its thoughts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_core.assembly import assemble, with_defaults
from sctk_core.errors import NothingAccepted
from sctk_core.explain import why
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute
from sctk_core.store.reader import RunReader

PLUGIN = '''
"""A model that thinks before it answers, in the marks that it is told, and a trainer that teaches nothing."""
from dataclasses import dataclass
from pathlib import Path
from sctk_core import Component, ModelRef, Reply, TrainReport, Usage, hookimpl, setting

class Thinker:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        """How it thinks."""
        before: str = setting("", help="what stands before a thought")
        after: str = setting("", help="what stands behind it")
        opened: str = setting("", help="the mark that its prompts end in")
    def __init__(self, config, *, model):
        self.config = config
    @staticmethod
    def default_model():
        return str(Path(__file__).parent / "model")
    async def generate(self, requests):
        return [self.one(request) for request in requests]
    def one(self, request):
        asked = request.messages[-1].content
        if "Overall Score" in asked:
            answer = "Good. Overall Score: 4"
        elif "Verdict:" in asked:
            answer = "It is too short.\\nVerdict: revise"
        else:
            answer = "I answer: " + asked[:20]
        text = self.config.before + "Overall Score: 1\\nI hate this.\\nVerdict: keep\\n" + self.config.after + answer
        usage = Usage(n_prompt_tokens=1, n_completion_tokens=1)
        return Reply(key=request.key, text=text, usage=usage, backend="thinker", opened=self.config.opened)

class Still:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""
    def __init__(self, config): pass
    def train(self, data, model, out):
        out.mkdir(parents=True)
        (out / "rows").write_text(str([(row.text, row.thought, row.teach_thought) for row in data]))
        return TrainReport(model=ModelRef(path=str(out)), n_rows=len(data), n_tokens=0, n_steps=1, n_retokenised=0, losses=(1.0,))

@hookimpl
def sctk_backends():
    return [Component(name="thinker", target=f"{__name__}:Thinker", summary="thinks")]

@hookimpl
def sctk_trainers():
    return [Component(name="still", target=f"{__name__}:Still", summary="teaches nothing")]
'''
MARKS = {
    "tags": {"before": "<think>\n", "after": "\n</think>\n\n"},
    "only the end is there": {"after": "</think>\n\n"},
    "begun in the prompt": {"opened": "<think>", "after": "\n</think>\n\n"},
    "brackets": {"before": "[THINK]", "after": "[/THINK]"},
    "channels": {
        "before": "<|channel|>analysis<|message|>",
        "after": "<|end|><|start|>assistant<|channel|>final<|message|>",
    },
    "wrapped": {"before": "<|START_THINKING|>", "after": "<|END_THINKING|><|START_RESPONSE|>"},
}


def thinking(root: Path, backend: dict[str, str], **more: dict[str, Any]) -> RunResult:
    """A run of dSC with the judge, its critic and two evaluators, all of them in the words of one thinking model."""
    (root / "model").mkdir(exist_ok=True)
    (root / "model" / "config.json").write_text("{}")
    (root / "thinker.py").write_text(PLUGIN)
    (root / "prompts.jsonl").write_text('{"prompt": "How does a kite fly?"}\n{"prompt": "What is a loaf?"}\n')
    (root / "held.jsonl").write_text('{"prompt": "What does all the sea weigh?"}\n')
    sections: dict[str, Any] = {
        "method": {"use": "dsc"}, "backend": {"use": "thinker"} | backend, "reward": {"use": "judge"},
        "trainer": {"use": "still"}, "baseline": {"use": "still"}, "evaluator": [{"use": "length", "characters": True}],
        "source": {"use": "file", "path": str(root / "prompts.jsonl"), "held_out": str(root / "held.jsonl")},
    }  # fmt: skip
    known = catalogue([root / "thinker.py"])
    layers = [Layer(origin="test", sections=sections | more)]
    return execute(assemble(with_defaults(layers, known), known), out=root / "run")


def taught(run: Path) -> str:
    """What the student's trainer was given."""
    (rows,) = run.glob("model/rows")
    return rows.read_text()


def table(run: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(run / name / "*.parquet")


@pytest.mark.parametrize("marks", MARKS)
def test_whoever_judges_reads_the_answer(tmp_path: Path, marks: str) -> None:
    result = thinking(tmp_path, MARKS[marks])
    samples = table(result.run, "chains/samples")
    assert all(text.startswith("I answer: ") for text in samples["text"])
    assert all("I hate this." in thought for thought in samples["thought"])
    assert set(table(result.run, "chains/scores")["value"]) == {4.0}
    critiques = table(result.run, "chains/critiques")
    assert (len(critiques), set(critiques["verdict"])) == (2, {"revise"})
    assert not any("I hate" in text for text in critiques["text"])
    lengths = {row.value for row in result.metrics if row.metric == "characters" and row.arm == "base"}
    assert lengths == {30.0}
    assert "True" not in taught(result.run)


def test_why_shows_the_thoughts_of_answers_and_of_judges(tmp_path: Path) -> None:
    result = thinking(tmp_path, MARKS["tags"])
    row = table(result.run, "chains/train").row(0, named=True)
    passages = why(result.run, row["id"])
    shown = {passage.table: passage.texts.get("thought", "") for passage in passages if passage.facts.get("reply")}
    assert {"chains/samples", "chains/scores"} <= set(shown)
    assert all("I hate this." in thought for thought in shown.values())


def test_thoughts_may_be_taught_and_a_role_may_say_otherwise(tmp_path: Path) -> None:
    judge = {"thoughts": {"train": "answer"}}
    result = thinking(tmp_path, MARKS["tags"], roles={"judge": judge}, thoughts={"train": "all"})
    assert all(table(result.run, "chains/samples")["teach_thought"])
    roles = RunReader(result.run).manifest.roles
    assert roles["teacher"]["thoughts"] == {"part": True, "train": "all"}
    assert "thoughts" not in roles["judge"]
    assert "', '<think>" in taught(result.run)
    assert ", True)" in taught(result.run)


def test_thoughts_that_never_end_are_failures_of_the_draft(tmp_path: Path) -> None:
    with pytest.raises(NothingAccepted, match="a thought that never ends"):
        thinking(tmp_path, {"before": "<think>"})
    reader = RunReader(tmp_path / "run")
    assert reader.manifest.state == "nothing-accepted"
