"""Mind's Mirror can be said in the plan language: a skeleton with fakes, run to its end, killed everywhere, and counted by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from outcomes import tables
from sctk_core.errors import NothingAccepted, PluginError
from sctk_core.explain import why
from sctk_core.ledger import OUTCOMES
from sctk_core.run import RunResult
from skeleton_mirror_run import PLUGIN, mirror_run

RUNNER = Path(__file__).with_name("skeleton_mirror_run.py")
COUNTS = {
    # twelve questions, five rationales each; "silent" gets two of five and ends there, "shy" four
    "rationales.rationale": (60, 56, 4, 0),
    # which is a line of its own
    "rationales.walk": (1, 0, 1, 0),
    # of the 56 the two of "silent" are not read; "mute" has one without an answer, "puzzled" five
    "rationales.answer": (54, 48, 6, 0),
    # "puzzled" is declined as a whole; the others keep 6 * 5 + 4 + 4 + 5 + 5
    "rationales.make.kept": (49, 48, 0, 1),
    "rationales.make.labels": (49, 48, 0, 1),
    # three evaluations of each of the 48; the first of each rationale of "vague" cannot be read
    "evaluations.evaluation": (144, 144, 0, 0),
    "evaluations.verdict": (144, 139, 5, 0),
    "evaluations.make.verdicts": (139, 139, 0, 0),
    "evaluations.make.reasons": (139, 139, 0, 0),
    "evaluations.make.majorities": (48, 48, 0, 0),
    "evaluator.train.predict": (139, 139, 0, 0),
    "evaluator.train.explain": (139, 139, 0, 0),
    "student.train.predict": (48, 48, 0, 0),
    "student.train.explain": (48, 48, 0, 0),
    # twenty held-out questions; five candidates each, and in the last pass three verdicts on each candidate
    "vote.candidate": (100, 100, 0, 0),
    "vote.read": (100, 100, 0, 0),
    "pools.draw": (100, 100, 0, 0),
    "pools.make.drawn": (20, 20, 0, 0),
    "judged.evaluation": (300, 300, 0, 0),
    "judged.verdict": (300, 300, 0, 0),
    "judged.make.pools": (20, 20, 0, 0),
} | {
    f"{arm}.{step}": (20, 20, 0, 0)
    for arms, steps in (
        (("base", "evaluator", "student"), ("evaluate", "make.answers", "measure.accuracy")),
        (("vote",), ("make.answers", "measure.accuracy")),
        (("reranking.first", "reranking.reranked"), ("make.answers", "measure.accuracy")),
    )
    for arm in arms
    for step in steps
}  # fmt: skip
REASONS = {
    "rationales.rationale": {"blocked: refused": 4},
    "rationales.walk": {"blocked: too few of rationale": 1},
    "rationales.answer": {"parse: no answer is stated": 6},
    "rationales.make.kept": {"too few rationales with an answer": 1},
    "rationales.make.labels": {"too few rationales with an answer": 1},
    "evaluations.verdict": {"parse: no verdict on the last line": 5},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A run that nothing disturbed."""
    return mirror_run(tmp_path_factory.mktemp("whole"))


def models(run: Path) -> dict[str, bytes]:
    """Every file of every model of a run."""
    files = [path for folder in ("model", "arms") for path in sorted((run / folder).rglob("*")) if path.is_file()]
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in files}


def contents(run: Path) -> dict[str, pl.DataFrame]:
    """Every table of a run as one, however many shards it has."""
    folders = sorted({path.parent for path in run.rglob("0*.parquet")})
    return {folder.relative_to(run).as_posix(): table(run, folder.relative_to(run).as_posix()) for folder in folders}


def table(run: Path, name: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted((run / name).glob("*.parquet"))])


def measured(result: RunResult, arm: str, metric: str = "accuracy") -> float:
    return next(row.value for row in result.metrics if (row.arm, row.metric) == (arm, metric))


# --- what it does -------------------------------------------------------------------------------------------------------------


def test_every_stage_has_the_counts_that_were_worked_out_by_hand(whole: RunResult) -> None:
    assert whole.state == "done"
    found = {one.stage: (one.asked, *(getattr(one, name) for name in OUTCOMES)) for one in whole.ledger}
    assert found == COUNTS
    assert {one.stage: dict(one.reasons) for one in whole.ledger if one.reasons} == REASONS


def test_a_question_with_too_few_rationales_teaches_nothing(whole: RunResult) -> None:
    lessons = json.loads((whole.run / "model" / "lessons").read_text())
    assert {name: len(rows) for name, rows in lessons.items()} == {"predict": 48, "explain": 48}
    habits = {shown.partition(":")[0] for rows in lessons.values() for shown, _ in rows}
    assert habits == {"plain", "shy", "mute", "vague", "hasty"}
    assert not any("do not know" in said for rows in lessons.values() for _, said in rows)
    assert all(len(row) == 2 and row[1].isdigit() for row in lessons["predict"])


def test_an_evaluation_without_a_verdict_teaches_nothing_and_does_not_vote(whole: RunResult) -> None:
    lessons = json.loads((whole.run / "arms" / "evaluator" / "lessons").read_text())
    assert {name: len(rows) for name, rows in lessons.items()} == {"predict": 139, "explain": 139}
    votes = table(whole.run, "evaluations/majorities")
    assert votes["votes"].list.sum().value_counts().sort("votes").rows() == [(2, 5), (3, 43)]
    # the second rationale of "hasty" is wrong, and the teacher says so
    assert votes["word"].value_counts().sort("word").rows() == [("correct", 47), ("wrong", 1)]


def test_rows_of_the_methods_own_types_hold_their_parents(whole: RunResult) -> None:
    verdict = table(whole.run, "evaluations/verdicts").row(0, named=True)
    passages = [passage.table for passage in why(whole.run, verdict["id"])]
    assert passages[0] == "prompts/rows"
    assert set(passages) == {
        "prompts/rows", "rationales/samples", "rationales/kept", "evaluations/samples", "evaluations/verdicts", "made by",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["rationales/kept", "rationales/labels", "evaluations/verdicts", "evaluations/majorities"]
)
def test_every_row_has_an_id_of_its_own(whole: RunResult, name: str) -> None:
    assert table(whole.run, name)["id"].is_unique().all()


@pytest.mark.parametrize("name", ["rationales/samples", "evaluations/samples", "judged/samples", "evaluations/reasons"])
def test_texts_about_different_records_are_different_samples_though_they_are_equal(whole: RunResult, name: str) -> None:
    assert table(whole.run, name)["id"].is_unique().all()


def test_one_evaluation_of_each_rationale_is_enough(tmp_path: Path) -> None:
    result = mirror_run(tmp_path, {"method": {"m": 1}})
    assert result.state == "done"
    # the only evaluation of "vague" is the one that cannot be read
    assert next(one for one in result.ledger if one.stage == "evaluations.make.verdicts").declined == 5


def test_the_student_goes_on_from_the_evaluator_and_the_vote_and_the_verdicts_help(whole: RunResult) -> None:
    assert json.loads((whole.run / "arms" / "evaluator" / "skill").read_text()) == {"solve": 10, "judge": 60}
    assert json.loads((whole.run / "model" / "skill").read_text()) == {"solve": 60, "judge": 60}
    assert (
        measured(whole, "base") == measured(whole, "evaluator") < measured(whole, "student") < measured(whole, "vote")
    )
    assert measured(whole, "first", "reranking.accuracy") < measured(whole, "reranked", "reranking.accuracy")


def test_the_teacher_is_another_model_than_the_student(whole: RunResult) -> None:
    spoken = {(one.part, one.role, one.requests) for one in whole.usage}
    assert {("rationales", "teacher", 60), ("evaluations", "teacher", 144)} <= spoken
    assert {("evaluation/vote", "student", 100), ("pools", "student", 100), ("judged", "student", 300)} <= spoken


def test_nothing_to_train_on_is_said(tmp_path: Path) -> None:
    with pytest.raises(NothingAccepted, match="nothing was accepted"):
        mirror_run(tmp_path, {"method": {"least": 6}})


# --- what it does not depend on -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("concurrency", [1, 8, 50])
def test_results_do_not_depend_on_concurrency(tmp_path: Path, whole: RunResult, concurrency: int) -> None:
    found = mirror_run(tmp_path, {"run": {"concurrency": concurrency}}).run
    assert tables(found) == tables(whole.run)
    assert models(found) == models(whole.run)


@pytest.mark.parametrize("concurrency", [1, 50])
def test_asks_that_end_in_reversed_order_give_the_same_bytes(
    tmp_path: Path, whole: RunResult, concurrency: int
) -> None:
    changes = {"backend": {"use": "small-mirror", "backwards": True}, "run": {"concurrency": concurrency}}
    found = mirror_run(tmp_path, changes).run
    assert tables(found) == tables(whole.run)
    assert models(found) == models(whole.run)


@pytest.mark.parametrize("shard_rows", [1, 7, 1000])
def test_the_rows_of_every_table_do_not_depend_on_the_size_of_shards(
    tmp_path: Path, whole: RunResult, shard_rows: int
) -> None:
    found, wanted = contents(mirror_run(tmp_path, {"run": {"shard_rows": shard_rows}}).run), contents(whole.run)
    assert list(found) == list(wanted)
    assert [name for name in wanted if not found[name].equals(wanted[name])] == []


# --- killed -------------------------------------------------------------------------------------------------------------------

KILLS = [
    ("backend", "teacher.rationale", 0),
    ("backend", "teacher.rationale", 33),
    ("backend", "teacher.evaluation", 0),
    ("backend", "teacher.evaluation", 100),
    ("backend", "student.answer", 5),  # the arm base
    ("stage1", "evaluator", 0),
    ("trainer", "model", 0),
    ("backend", "evaluator.answer", 10),
    ("backend", "model.answer", 19),
    ("backend", "model.rationale", 50),  # the vote
    ("backend", "model.rationale", 100 + 50),  # the pools
    ("backend", "evaluator.evaluation", 200),  # the evaluator's verdicts on the pools
]


@pytest.mark.parametrize(("section", "at", "after"), KILLS)
def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been(
    tmp_path: Path, whole: RunResult, section: str, at: str, after: int
) -> None:
    flag = tmp_path / "killed"
    changes: dict[str, Any] = {section: {"use": "small-mirror", "at": at, "after": after, "flag": str(flag)}}
    line = [sys.executable, str(RUNNER), str(tmp_path), json.dumps(changes)]
    assert subprocess.run(line, check=False).returncode == -9
    assert flag.exists()
    assert subprocess.run(line, check=False).returncode == 0
    assert tables(tmp_path / "runs" / "run") == tables(whole.run)
    assert models(tmp_path / "runs" / "run") == models(whole.run)


def test_the_same_line_again_asks_nothing(tmp_path: Path) -> None:
    first = mirror_run(tmp_path)
    before = tables(first.run)
    again = mirror_run(tmp_path)
    assert (again.ledger, again.metrics, again.usage) == (first.ledger, first.metrics, first.usage)
    assert tables(again.run) == before


# --- what the language refuses, and lets through ------------------------------------------------------------------------------

EDITS: dict[str, tuple[str, str]] = {
    "a folder of the evaluation": ('Arm("evaluator")', 'Arm("values", model="evaluator")'),
    "no name of a folder": ('Arm("evaluator")', 'Arm("best/of", model="evaluator")'),
    "a path": ('Train(\n                "evaluator"', 'Train(\n                "../evaluator"'),
}


def changed(folder: Path, name: str, *edits: tuple[str, str]) -> Path:
    """The plugin file with some of its lines written otherwise, under another name: modules of one name are one."""
    text = PLUGIN.read_text()
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (folder / f"{name}.py").write_text(text)
    return folder / f"{name}.py"


@pytest.mark.parametrize("what", list(EDITS))
def test_an_arm_whose_name_would_be_another_folder_is_refused(tmp_path: Path, what: str) -> None:
    plugin = changed(tmp_path, "skeleton_names", EDITS[what])
    with pytest.raises(PluginError, match="a plan that cannot be run"):
        mirror_run(tmp_path, plugin=plugin)


def test_an_evaluation_may_want_no_differences(tmp_path: Path) -> None:
    edit = (
        '                name="reranking",\n',
        '                name="reranking",\n                differences=(),\n',
    )
    result = mirror_run(tmp_path, plugin=changed(tmp_path, "skeleton_differences", edit))
    assert [row.arm for row in result.metrics if row.metric.startswith("reranking.")] == ["first", "reranked"]


def test_a_pass_with_a_crew_of_its_own_has_roles_of_its_own(tmp_path: Path) -> None:
    judge = tmp_path / "judge"
    judge.mkdir()
    (judge / "skill").write_text('{"solve": 0, "judge": 0}')
    crew = "@dataclass(frozen=True)\nclass JudgeCrew:\n    judge: Speaker\n    notes: Notebook\n\n\nclass MindsMirror:"
    edits = (
        ("class MindsMirror:", crew),
        ('"majorities": Majority},\n', '"majorities": Majority},\n                crew=JudgeCrew,\n'),
        (
            'crew.teacher.drafts(question, self._config.m, "evaluation"',
            'crew.judge.drafts(question, self._config.m, "evaluation"',
        ),
        ("rationale: Rationale, crew: MirrorCrew", "rationale: Rationale, crew: JudgeCrew"),
    )
    plugin = changed(tmp_path, "skeleton_judge", *edits)
    result = mirror_run(tmp_path, {"roles": {"judge": {"model": str(judge)}}}, plugin)
    assert ("evaluations", "judge", 144) in {(one.part, one.role, one.requests) for one in result.usage}
    assert set(table(result.run, "evaluations/majorities")["word"]) == {"uncertain"}


def test_a_walk_that_makes_one_row_twice_is_told_so(tmp_path: Path) -> None:
    plugin = changed(tmp_path, "skeleton_twice", ('{"kept": kept,', '{"kept": [*kept, kept[0]],'))
    with pytest.raises(NothingAccepted):
        mirror_run(tmp_path, plugin=plugin)
    reasons = table(tmp_path / "runs" / "run", "rationales/ledger").filter(pl.col("stage") == "rationales.walk")[
        "reason"
    ]
    assert set(reasons) == {
        "bug: made the same row twice for 'kept', wanted each once",
        "blocked: too few of rationale",
    }
