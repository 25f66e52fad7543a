"""What may be a label: a gold answer that the task can read, whatever source it comes from, and nothing else."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from mirror_run import mirror_run
from sctk_core import Declined, Message, Prompt, Sample
from sctk_core.rivals import Nobody
from sctk_core.run import RunResult
from sctk_mirror.lessons import UNREADABLE, Lessons
from sctk_mirror.prompts import EVALUATION, RATIONALE, wording
from sctk_mirror.records import Judged
from sctk_mirror.settings import Mirrored, Taught
from sctk_mirror.solved import Solved
from sctk_mirror.task import task_of

TASK = task_of("svamp")
LABELS = {"readable": "3 + 4", "blank": " ", "unknown": "it depends", "bad": "(3 + "}


def asked(reference: str | None, *others: str) -> Prompt:
    messages = (Message(role="user", content="Tom has 3 and 4 marbles. How many?"),)
    return Prompt(messages=messages, reference=reference, other_references=others)


def lessons(labels: str = "gold", noise: str = "none") -> Lessons:
    return Lessons(
        taught=Taught(labels=labels, validation_share=0.0), mirrored=Mirrored(noise=noise), task=TASK,  # type: ignore[arg-type]
        wording=wording(RATIONALE, EVALUATION, TASK.form, "question and rationale"), answers=True, verdicts=True,
    )  # fmt: skip


def judged(question: Prompt) -> Judged:
    said = Sample(prompt=question, text="He adds. The answer is (3 + 4).")
    checked = Sample(prompt=question, text="Fine.\nEvaluation result: the given answer is correct.")
    return Judged(
        question=question, rationale=said, answer="(3 + 4)", place=0, evaluations=(checked,), verdicts=("correct",)
    )


def taught(making: Lessons, question: Prompt, table: str = "predict") -> list[str]:
    """The targets of a table, and the reasons of what is in none."""
    made: Any = asyncio.run(making.walk(judged(question), Nobody()))[table]
    return [one.reason if isinstance(one, Declined) else one.text for one in made]


@pytest.mark.parametrize("label", [LABELS["blank"], LABELS["unknown"], LABELS["bad"]])
def test_a_gold_answer_that_cannot_be_read_is_no_label(label: str) -> None:
    for table in ("predict", "explain"):
        assert taught(lessons(), asked(label), table)[-1] == UNREADABLE.reason
    assert asyncio.run(lessons().label(asked(label), Nobody()))["predict"] is UNREADABLE
    assert taught(lessons("teacher"), asked(label)) == ["(3 + 4)", "correct"]
    assert taught(lessons(noise="agreement"), asked(label))[-1] == UNREADABLE.reason


def test_the_first_gold_answer_that_can_be_read_is_the_label() -> None:
    assert taught(lessons(), asked("it depends", "3 + 4", "7"))[0] == "3 + 4"
    assert taught(lessons(), asked(None))[-1] == "no gold answer"


def test_what_has_no_readable_gold_answer_is_not_measured() -> None:
    """A question that nobody could solve would count as unsolved in every arm."""
    prompts = [asked("it depends"), asked("it depends", "7"), asked("3 + 4"), asked("3 + 4"), asked(None)]
    texts = ["7", "7", "8", "no idea", "7"]
    found = asyncio.run(
        Solved(Solved.Config(task="svamp")).evaluate(
            [Sample(prompt=prompt, text=text) for prompt, text in zip(prompts, texts, strict=True)]
        )
    )
    assert found == {"solved": [None, 1.0, 0.0, 0.0, None], "accuracy": [None, 1.0, 0.0, None, None]}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A run by the source `file`, which reads no task: one in four of its references is an answer."""
    root = tmp_path_factory.mktemp("file")
    rows = [
        {"prompt": f"plain: Tom has {n} and 1 marbles. How many?", "reference": f"{n} + 1" if kind == "readable" else label}
        for n, (kind, label) in enumerate([*LABELS.items()] * 8)
    ]  # fmt: skip
    path = root / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = {"teacher": {"n": 2, "m": 1}, "student": {"validation_share": 0.3}, "arms": ["fine-tuning"]}
    return mirror_run(root, {"source": {"use": "file", "path": str(path)}, "method": settings})


@pytest.mark.parametrize("arm", ["model", "arms/fine-tuning"])
def test_no_unreadable_label_of_a_file_trains_or_validates(run: RunResult, arm: str) -> None:
    tables = json.loads((run.run / arm / "lessons").read_text())
    for name in ("predict", "validation"):
        assert tables[name]
        assert all(label.endswith("+ 1") for _, label, _ in tables[name])
