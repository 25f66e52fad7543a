"""The method from documents to an evaluated student, in the toy world: counts worked out by hand, killed and resumed, iterated.

Of each document's two chunks the first tells of the river, the second of the mood; the sentence on the mayor is cut in two. Of
moods nobody tells the same twice, so their references are not reliable; of towns with K everything is known; what is left is not.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from knowledge_run import knowledge_assembly, knowledge_run
from outcomes import balanced, stage, tables
from sctk_core import ConfigError, NothingAccepted
from sctk_core.assembly import assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult

RUNNER = Path(__file__).with_name("knowledge_run.py")


def read(run: Path, table: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted((run / table).glob("*.parquet"))])


def asked_in(run: Path, table: str) -> list[str]:
    return [turns[-1]["content"] for turns in read(run, table)["messages" if "asked" in table else "prompt"]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A run that nothing troubled; nobody writes to it."""
    return knowledge_run(tmp_path_factory.mktemp("whole"), {})


def test_every_document_draw_and_question_is_in_the_ledger(whole: RunResult) -> None:
    assert whole.state == "done"
    assert balanced(whole.ledger)
    refused = {one: dict(stage(whole, f"questions.{one}").reasons) for one in ("read", "make.asked")}
    assert set(refused["read"]) == {"parse: not one question", "the question speaks of its document"}
    assert {
        "the document is too short",
        "the document is not in UTF-8",
        "the document is a copy of another document",
    } <= set({**refused["make.asked"], **dict(stage(whole, "exam.make.asked").reasons)})
    drawn, read_ = stage(whole, "questions.question"), stage(whole, "questions.read")
    assert drawn.answered == read_.asked == read_.answered + read_.failed + read_.declined


def test_only_what_is_reliable_and_unknown_is_learnt(whole: RunResult) -> None:
    asked = asked_in(whole.run, "questions/asked")
    unknown = [text for text in asked if "mood" not in text and " of K" not in text]
    assert unknown
    assert len(unknown) < len(asked)
    learnt = (whole.run / "model" / "rows").read_text().split("\n---\n")
    assert [row.split("\n")[0] for row in learnt] == unknown
    assert all("> Perhaps no" in row and row.endswith("@ 1.000") for row in learnt)
    reasons = dict(stage(whole, "detect.make.pairs").reasons)
    assert reasons == {
        "the answer is known": sum(" of K" in text and "mood" not in text for text in asked),
        "the reference is not reliable": sum("mood" in text for text in asked),
    }
    assert all(" of K" in turns[-1]["content"] for turns in read(whole.run, "detect/known")["messages"])


def test_without_filtering_what_is_known_or_unreliable_is_learnt_too(whole: RunResult) -> None:
    rows = (whole.run / "arms" / "no-filtering" / "rows").read_text().split("\n---\n")
    assert any("mood" in row for row in rows)
    assert stage(whole, "unfiltered.make.pairs").declined == sum(
        " of K" in one for one in asked_in(whole.run, "questions/asked") if "mood" not in one
    )


def test_sft_learns_answers_with_and_without_the_document(whole: RunResult) -> None:
    rows = (whole.run / "arms" / "sft" / "rows").read_text().split("\n---\n")
    grounded = [row for row in rows if "is a town that" in row or "The mood of" in row]
    assert len(grounded) == stage(whole, "answers.grounded").answered > 0
    assert len(rows) - len(grounded) == stage(whole, "answers.check").answered > 0


def test_distillation_teaches_the_teachers_words_without_the_document(whole: RunResult) -> None:
    rows = (whole.run / "arms" / "distilled" / "rows").read_text().split("\n---\n")
    assert [row.split("\n")[0] for row in rows] == asked_in(whole.run, "questions/asked")
    assert all("Perhaps" not in row for row in rows)


def test_arms_are_measured_on_documents_that_nobody_learnt_from(whole: RunResult) -> None:
    found = {(row.arm, row.metric): row.value for row in whole.metrics}
    asked = asked_in(whole.run, "exam/asked")
    factual = sum("mood" not in text for text in asked) / len(asked)
    assert found["document", "truth"] == pytest.approx(factual)
    assert found["base", "truth"] == found["sft", "truth"] <= factual
    assert {arm for arm, metric in found if metric == "truth" and "-" not in arm.replace("no-filtering", "")} == {
        "base", "sft", "no-filtering", "distilled", "document", "student",
    }  # fmt: skip
    assert ("student", "forgotten.truth") in found


def killed_and_resumed(root: Path, changes: dict[str, Any]) -> Path:
    """A run that was killed once and gone on with by the same line."""
    line = [sys.executable, str(RUNNER), str(root), json.dumps(changes | {"run": {"concurrency": 2, "shard_rows": 5}})]
    assert subprocess.run(line, check=False).returncode == -9
    assert subprocess.run(line, check=False).returncode == 0
    return root / "runs" / "run"


KILLS = [
    ("backend", "teacher/ask 7 ", 2),
    ("backend", "sft/without 1 .*", 3),
]
MORE_KILLS = [
    ("trainer", "model", 0),
    ("backend", "base/without 0 .*", 2), ("backend", "teacher/with 0 .*", 0), ("baseline", "sft", 0),
    ("backend", "sft/with 2 .*", 4),
    ("trainer", "no-filtering", 0), ("backend", "model/without 0 .*", 1), ("backend", "sft/with 0 .*(Malvern|Ross|Settle)", 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("section", "at", "after"), [*KILLS, *(pytest.param(*one, marks=pytest.mark.sweep) for one in MORE_KILLS)]
)
def test_killed_it_goes_on_and_ends_as_if_it_had_not_been(
    whole: RunResult, tmp_path: Path, section: str, at: str, after: int
) -> None:
    run = killed_and_resumed(tmp_path, {section: {"at": at, "after": after, "flag": str(tmp_path / "struck")}})
    assert tables(run) == tables(whole.run)
    assert (run / "metrics.json").read_text() == (whole.run / "metrics.json").read_text()


def test_a_second_iteration_redoes_nothing_of_the_first(tmp_path: Path) -> None:
    first = knowledge_run(tmp_path, {})
    places = ("model", "arms/sft", "questions", "exam", "answers", "detect", "unfiltered")
    before = {path: path.stat().st_mtime_ns for name in places for path in (first.run / name).rglob("*")}
    broken = {"at": "(teacher|base)/.*|sft/(with|reference) .*", "flag": str(tmp_path / "never")}
    method = knowledge_assembly(tmp_path, {}).recipe.section("method") | {"iterations": 2}
    second = knowledge_run(tmp_path, {"method": method, "backend": broken})
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    learnt, known = (stage(second, "detect.make.pairs").answered + 1) // 2, "the answer is known"
    before_, again = (dict(stage(second, f"{name}.make.pairs").reasons) for name in ("detect", "detect-2"))
    assert again[known] == before_[known] + learnt


def test_without_sft_the_model_that_is_given_is_asked(tmp_path: Path) -> None:
    method = knowledge_assembly(tmp_path, {}).recipe.section("method") | {"sft": "given", "arms": []}
    result = knowledge_run(tmp_path, {"method": method, "baseline": None})
    assert {count.stage.partition(".")[0] for count in result.ledger} == {
        "questions", "exam", "detect", "student", "base", "forgotten",
    }  # fmt: skip
    assert stage(result, "student.train").answered > 0


def test_a_section_of_your_own_that_the_plan_does_not_read_is_still_refused(tmp_path: Path) -> None:
    method = knowledge_assembly(tmp_path, {}).recipe.section("method") | {"sft": "given", "arms": []}
    with pytest.raises(
        ConfigError, match=r"\[baseline\] of test: got a section that the method 'knowledge' does not read"
    ):
        knowledge_assembly(tmp_path, {"method": method})


def test_without_documents_in_sight_the_answers_are_held_against_each_other(tmp_path: Path) -> None:
    detection = {"documents": False, "n_samples": 3}
    method = knowledge_assembly(tmp_path, {}).recipe.section("method") | {"detection": detection, "arms": []}
    result = knowledge_run(tmp_path, {"method": method})
    n_asked = stage(result, "detect.without").answered // 3
    assert [stage(result, f"detect.knowledge.{one}").answered for one in range(3)] == [2 * n_asked] * 3
    assert stage(result, "detect.make.pairs").answered > 0


def test_documents_of_which_none_is_long_enough_end_the_run(tmp_path: Path) -> None:
    method = knowledge_assembly(tmp_path, {}).recipe.section("method") | {"questions": {"n": 1}}
    with pytest.raises(NothingAccepted, match="the document is too short"):
        knowledge_run(tmp_path, {"method": method})


def test_where_no_reference_is_reliable_that_is_the_reason_told(tmp_path: Path) -> None:
    """And not that of the pass's other tables: every item is "not known" too."""
    detection = {"n_samples": 3, "thresholds": {"tau_l": 0.0}}
    method = knowledge_assembly(tmp_path, {}).recipe.section("method") | {"detection": detection, "arms": []}
    with pytest.raises(NothingAccepted, match=r"\d+ x the reference is not reliable") as told:
        knowledge_run(tmp_path, {"method": method})
    assert re.search(r"S_L of \d+ questions: least \d\.\d+, quarters .*, most ", told.value.hint)
    assert f"sctk knowledge kept {tmp_path / 'runs' / 'run'} shows" in told.value.hint


def test_without_documents_it_is_said_what_is_needed() -> None:
    known = catalogue([])
    sections = {"method": {"use": "knowledge"}, "source": {"use": "documents"}}
    recipe = with_defaults([Layer(origin="flag", sections=sections)], known)
    with pytest.raises(ConfigError, match=r"\[source\] of flag: got no 'path'") as caught:
        assemble(recipe, known)
    assert "a folder of .txt and .md files" in caught.value.hint
