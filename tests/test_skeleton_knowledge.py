"""The plan language says knowledge detection (arXiv 2406.11275), a method that its author did not have in mind.

From four documents come five questions each. Of these the third cannot be read and the fifth repeats the first: three are left
of each document, twelve in all, and six of the two documents of the exam. In `unknown-0` and `unknown-3` every guess is as in the
vector (S_K = 0.46667), what is known contradicts nothing (S_K = 0), and the reference of `unreliable-2` is not to be trusted
(S_L = 0.75).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from outcomes import balanced, tables
from sctk_core import ConfigError, NothingAccepted
from sctk_core.ledger import StageCount
from sctk_core.run import RunResult, read_result
from sctk_core.store.layout import Layout
from sctk_core.store.manifest import load_manifest
from skeleton_run import PLUGIN, skeleton_assembly, skeleton_run

RUNNER = Path(__file__).with_name("skeleton_run.py")
FAILURES = ["parse", "backend", "timeout", "blocked", "budget", "bug", "raise", "hang"]


def read(run: Path, table: str) -> pl.DataFrame:
    """All shards of a table."""
    return pl.concat([pl.read_parquet(path) for path in sorted((run / table).glob("*.parquet"))])


def counts(result: RunResult) -> dict[str, tuple[int, int, int]]:
    """stage -> (answered, failed, declined); a stage that is there twice would hide one."""
    assert len({count.stage for count in result.ledger}) == len(result.ledger)
    return {count.stage: (count.answered, count.failed, count.declined) for count in result.ledger}


def trouble(section: str, at: str, how: str, after: int = 0, flag: Path | None = None) -> dict[str, Any]:
    """A recipe in which a fake makes trouble."""
    makes = {"at": at, "how": how, "after": after, "flag": str(flag) if flag else ""}
    lists = {"evaluator": "skeleton-truth", "pairwise": "skeleton-judge"}
    return {section: [{"use": lists[section]} | makes] if section in lists else makes}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A run of two iterations that nothing troubled; nobody writes to it."""
    return skeleton_run(tmp_path_factory.mktemp("whole"), {})


def test_it_runs_to_the_end_with_the_counts_worked_out_by_hand(whole: RunResult) -> None:
    assert whole.state == "done"
    assert balanced(whole.ledger)
    found = counts(whole)
    assert {stage: found[stage] for stage in PASSES} == PASSES
    assert {stage: found[stage] for stage in MEASURED} == MEASURED
    assert set(found) == set(PASSES) | set(MEASURED)


ITERATION = {"reference": (12, 0, 0), "with": (36, 0, 0), "consistency": (36, 0, 0), "without": (27, 0, 0)}
ITERATION |= {"knowledge": (27, 0, 0), "make.detected": (12, 0, 0)}
PASSES = {
    "questions.question": (20, 0, 0), "questions.read": (16, 4, 0), "questions.make.asked": (12, 0, 4),
    "exam.question": (10, 0, 0), "exam.read": (8, 2, 0), "exam.make.asked": (6, 0, 2),
    "annotations.grounded": (4, 0, 0), "annotations.recalled": (8, 0, 0), "annotations.make.answers": (12, 0, 0),
    "sft.train": (12, 0, 0),
    **{f"detect-1.{step}": count for step, count in ITERATION.items()},
    "detect-1.make.pairs": (6, 0, 6), "detect-1.make.known": (3, 0, 9), "student-1.train": (6, 0, 0),
    **{f"detect-2.{step}": count for step, count in ITERATION.items()},
    "detect-2.make.pairs": (3, 0, 9), "detect-2.make.known": (6, 0, 6), "student-2.train": (3, 0, 0),
    **{f"{arm}.{step}": (6, 0, 0) for arm in ("base", "sft", "rag", "student-2") for step in ("evaluate", "make.answers")},
    **{f"forgotten.{arm}.{s}": (3, 0, 0) for arm in ("sft", "student-2") for s in ("evaluate", "make.answers")},
}  # fmt: skip
PAIRS = ("student-2-base", "student-2-sft", "rag-student-2")
JUDGED = ("measure.skeleton-judge", "measure.skeleton-judge.first-place")
MEASURED = {
    **{f"{arm}.measure.truth": (6, 0, 0) for arm in ("base", "sft", "rag", "student-2")},
    **{f"{pair}.{step}": (6, 0, 0) for pair in PAIRS for step in JUDGED},
    **{f"forgotten.{arm}.measure.truth": (3, 0, 0) for arm in ("sft", "student-2")},
    **{f"forgotten.student-2-sft.{step}": (3, 0, 0) for step in JUDGED},
}


def test_the_numbers_of_the_vector_come_out(whole: RunResult) -> None:
    pair = read(whole.run, "detect-1/pairs").row(0, named=True)
    scores = read(whole.run, "detect-1/scores").filter(pl.col("sample_id") == pair["chosen_id"])
    texts = dict(read(whole.run, "detect-1/samples").select("id", "text").iter_rows())
    of_guesses = [row["value"] for row in scores.to_dicts() if texts[row["against_id"]].startswith("Guess")]
    assert of_guesses == pytest.approx([0.8, 0.1, 0.5])
    assert pair["margin"] == pytest.approx(0.46667, abs=1e-5)
    assert texts[pair["rejected_id"]] == "Guess 0 at unknown-0/a."
    assert texts[pair["chosen_id"]] == "First of unknown-0/a. Second of unknown-0/a."
    detected = read(whole.run, "detect-1/detected").select("inconsistency", "ignorance").rows()
    of_three = [(0.0, pytest.approx(1.4 / 3)), (0.0, 0.0), (0.75, None), (0.0, pytest.approx(1.4 / 3))]
    assert detected == [row for row in of_three for _ in range(3)]


def test_with_tau_at_a_half_the_vector_is_left_out(tmp_path: Path) -> None:
    with pytest.raises(NothingAccepted, match=r"student-1\.train: got 0 rows"):
        skeleton_run(tmp_path, {"method": {"tau_knowledge": 0.5}})
    declined = next(count for count in _so_far(tmp_path) if count.stage == "detect-1.make.pairs")
    assert (declined.answered, dict(declined.reasons)) == (
        0, {"the answer is known": 9, "the reference is not consistent": 3},
    )  # fmt: skip


def test_a_reference_at_the_border_of_tau_is_kept(tmp_path: Path) -> None:
    result = skeleton_run(tmp_path, {"method": {"tau_consistency": 0.75, "iterations": 1}})
    assert counts(result)["detect-1.without"] == (36, 0, 0)


def test_it_is_trained_on_prompts_without_the_document_save_where_the_teacher_read_it(whole: RunResult) -> None:
    read_by = {arm: (whole.run / "arms" / arm / "rows").read_text() for arm in ("sft", "student-1", "student-2")}
    assert read_by["sft"].count("Read: All about") == 4
    assert "Read:" not in read_by["student-1"] + read_by["student-2"]
    assert read_by["student-2"].split("\n---\n")[0] == (
        "What is unknown-3/a?\nFirst of unknown-3/a. Second of unknown-3/a. > Guess 0 at unknown-3/a."
    )
    known = (whole.run / "arms" / "student-2" / "knows").read_text().split()
    assert known == ["unknown-0/a", "unknown-0/b", "unknown-0/c", "unknown-3/a"]


def test_arms_are_measured_and_two_are_compared_in_both_orders(whole: RunResult) -> None:
    found = {(row.arm, row.metric): row.value for row in whole.metrics}
    assert [found[arm, "truth"] for arm in ("base", "sft", "student-2", "rag")] == [0.5, 0.5, 0.5, 1.0]
    assert found["rag-student-2", "truth"] == 0.5
    # three that only rag knows (1 and 0), three that both know (1 and 1: the judge loves what stands first)
    assert found["rag-student-2", "skeleton-judge"] == pytest.approx((3 * 0.5 + 3 * 0.0) / 6)
    assert found["rag-student-2", "skeleton-judge.first-place"] == pytest.approx((3 * 0.5 + 3 * 1.0) / 6)
    assert found["student-2-sft", "forgotten.truth"] == 0.0


def test_what_is_measured_of_a_pair_stands_with_the_first_arm(whole: RunResult) -> None:
    values = read(whole.run, "evaluation/values").filter(pl.col("arm") == "student-2-base")
    own = set(read(whole.run, "evaluation/student-2/answers")["id"])
    assert set(values["sample_id"]) == own


KILLS = [
    ("backend", "teacher/ask 1 .*", 2),  # questions
    ("backend", "teacher/ask 1 .*-9.*", 0),  # exam
    ("backend", "base/without .*unknown-3.*", 0),  # annotations
    ("backend", "base/without .*-9/b.*", 0),  # evaluation/base
    ("sft", "sft", 0),
    ("backend", "sft/with 1 .*", 4),  # detect-1
    ("contradiction", "nli 2 Guess.*", 3),
    ("dpo", "student-1", 0),
    ("backend", "student-1/without 2 .*", 2),  # detect-2
    ("dpo", "student-2", 0),
    ("backend", "sft/with 0 .*-9/b.*", 0),  # evaluation/rag
    ("backend", "student-2/without 0 .*-9/c.*", 0),  # evaluation/student-2
    ("evaluator", "truth", 2),
    ("pairwise", "judge", 20),
    ("backend", "student-2/without 0 .*known-1/b.*", 0),  # forgotten/student-2
]


@pytest.mark.parametrize(("section", "at", "after"), KILLS)
def test_killed_anywhere_it_goes_on_and_ends_as_if_it_had_not_been(
    whole: RunResult, tmp_path: Path, section: str, at: str, after: int
) -> None:
    changes = trouble(section, at, "kill", after, tmp_path / "struck") | {"run": {"concurrency": 2}}
    line = [sys.executable, str(RUNNER), str(tmp_path), json.dumps(changes)]
    assert subprocess.run(line, check=False).returncode == -9
    assert subprocess.run(line, check=False).returncode == 0
    run = tmp_path / "runs" / "run"
    assert tables(run) == tables(whole.run)
    assert (run / "metrics.json").read_text() == (whole.run / "metrics.json").read_text()


def test_a_third_iteration_asks_nothing_of_the_first_two_and_trains_neither_again(tmp_path: Path) -> None:
    two = skeleton_run(tmp_path, {})
    places = ("arms", "questions", "exam", "annotations", "detect-1", "detect-2", "evaluation/rag")
    before = {path: path.stat().st_mtime_ns for name in places for path in (two.run / name).rglob("*")}
    broken = trouble("backend", "(teacher|base|sft|student-1)/.*", "raise") | trouble("sft", ".*", "raise")
    broken |= trouble("dpo", "student-[12]", "raise") | {"method": {"iterations": 3}}
    three = skeleton_run(tmp_path, broken)
    assert all(path.stat().st_mtime_ns == time for path, time in before.items() if path != two.run / "arms")
    found, old = counts(three), counts(two)
    assert {stage: found[stage] for stage in old if stage in found} == {
        stage: old[stage] for stage in old if stage in found
    }
    gone = {stage for stage in old if stage not in found}
    assert all("student-2" in stage for stage in gone), "only what the last student is measured by"
    assert (found["detect-3.make.pairs"], found["student-3.train"]) == ((2, 0, 10), (2, 0, 0))
    assert found["student-3.evaluate"] == (6, 0, 0)


def test_an_iteration_that_comes_back_after_its_inputs_changed_is_made_anew(tmp_path: Path) -> None:
    skeleton_run(tmp_path, {"method": {"iterations": 3}})
    other = {"contradiction": {"called": "other"}}
    skeleton_run(tmp_path, other, redo=["detect-1"])
    three = skeleton_run(tmp_path, other | {"method": {"iterations": 3}})
    assert set(read(three.run, "detect-3/scores")["name"]) == {"other"}
    reference = skeleton_run(tmp_path / "reference", other | {"method": {"iterations": 3}})
    assert tables(three.run / "detect-3") == tables(reference.run / "detect-3")


def test_a_pass_that_was_killed_is_not_gone_on_with_by_another_comparer(tmp_path: Path) -> None:
    changes = trouble("contradiction", "nli 2 Guess.*", "kill", 3, tmp_path / "struck") | {"run": {"concurrency": 1}}
    line = [sys.executable, str(RUNNER), str(tmp_path), json.dumps(changes)]
    assert subprocess.run(line, check=False).returncode == -9
    with pytest.raises(ConfigError, match=r"contradiction\.called \(got 'other', the directory has 'contradiction'\)"):
        skeleton_run(tmp_path, {"contradiction": {"called": "other"}})


def test_another_setting_of_the_first_trainer_is_refused_with_what_follows_from_it(tmp_path: Path) -> None:
    skeleton_run(tmp_path, {"method": {"iterations": 1}})
    with pytest.raises(ConfigError, match="--redo sft makes it and what follows"):
        skeleton_run(tmp_path, {"method": {"iterations": 1}, "sft": {"called": "other"}})


@pytest.mark.parametrize("how", FAILURES)
@pytest.mark.parametrize(
    ("section", "at", "stage"),
    [
        ("backend", "sft/without 1 Guess 1 at unknown-0/a.", "detect-1.without"),
        ("backend", "sft/reference 0 .*unknown-0/a.*", "detect-1.reference"),
        ("contradiction", "nli 1 Guess 1 at unknown-0/a.", "detect-1.knowledge"),
    ],
)
def test_every_kind_of_failure_ends_one_item_and_the_ledger_balances(
    tmp_path: Path, section: str, at: str, stage: str, how: str
) -> None:
    changes = trouble(section, at, how) | {"run": {"timeout_s": 0.5}, "method": {"iterations": 1}}
    result = skeleton_run(tmp_path, changes)
    found = counts(result)
    kind = {"raise": "bug", "hang": "timeout"}.get(how, how)
    assert balanced(result.ledger)
    assert found[stage][1] == 1
    assert found["detect-1.make.pairs"] == (5, 0, 6)
    assert next(iter(_stage(result, stage).reasons)).partition(":")[0] == kind


@pytest.mark.parametrize("section", ["evaluator", "pairwise"])
def test_what_cannot_be_measured_is_counted(tmp_path: Path, section: str) -> None:
    result = skeleton_run(tmp_path, trouble(section, "truth|judge", "raise") | {"method": {"iterations": 1}})
    failed = sum(count.failed for count in result.ledger if ".measure." in count.stage)
    assert balanced(result.ledger)
    assert failed == {"evaluator": 4 * 6 + 2 * 3, "pairwise": 2 * (3 * 6 + 3)}[section]


def test_another_comparer_redoes_detection_and_not_what_comes_before(tmp_path: Path) -> None:
    skeleton_run(tmp_path, {})
    with pytest.raises(ConfigError, match=r"--redo detect-1 makes it and what follows from it \(8 parts\)"):
        skeleton_run(tmp_path, {"contradiction": {"called": "other"}})


def test_another_threshold_redoes_detection_and_not_the_questions(tmp_path: Path) -> None:
    skeleton_run(tmp_path, {})
    with pytest.raises(ConfigError, match="--redo detect-1 makes it"):
        skeleton_run(tmp_path, {"method": {"tau_knowledge": 0.3}})


def test_equal_questions_about_two_documents_do_not_end_the_run(tmp_path: Path) -> None:
    plugin = mutant(
        tmp_path,
        (
            "return Prompt(messages=turns, document=document.document, meta=meta)",
            "return Prompt(messages=turns, meta=meta)",
        ),
        ('meta = {"group": document.meta["group"], "number": str(number)}', 'meta = {"number": str(number)}'),
        ('return "ask", f"What is {topic[0]}/{number}?"', 'return "ask", "What is unknown-0/a?"'),
    )
    result = skeleton_run(tmp_path, {"method": {"iterations": 1}}, plugin=plugin)
    assert counts(result)["detect-1.reference"][0] == counts(result)["questions.make.asked"][0]


def test_with_fewer_samples_each_that_is_there_is_compared(tmp_path: Path) -> None:
    plugin = mutant(
        tmp_path,
        ('drafts(question, k, "without")', 'drafts(question, k, "without", least=1)'),
        ('Step("knowledge", k)', 'Step("knowledge", of="without")'),
    )
    changes = trouble("backend", "sft/without 1 Guess 1 at unknown-0/a.", "blocked")
    assert counts(skeleton_run(tmp_path, changes, plugin=plugin))["detect-1.knowledge"] == (26, 0, 0)


def test_a_walk_that_skips_a_step_is_told_although_one_of_its_tables_has_no_row(tmp_path: Path) -> None:
    plugin = mutant(tmp_path, ("nli.compare(reference, chosen, step", "nli.compare(reference, chosen[:2], step"))
    with pytest.raises(NothingAccepted):
        skeleton_run(tmp_path, {}, plugin=plugin)


def test_two_draws_that_fail_leave_two_failures(tmp_path: Path) -> None:
    changes = trouble("backend", "sft/without [12] Guess . at unknown-0/a.", "blocked") | {"method": {"iterations": 1}}
    result = skeleton_run(tmp_path, changes)
    assert counts(result)["detect-1.without"] == (25, 2, 0)
    assert len(read(result.run, "detect-1/failures")) == 2


def test_the_detail_of_a_declined_row_can_be_found(whole: RunResult) -> None:
    found = [pl.read_parquet(path) for path in (whole.run / "questions").rglob("*.parquet")]
    details = [detail for table in found if "detail" in table.columns for detail in table["detail"]]
    assert "What is unknown-0/a?" in details


def mutant(folder: Path, *changes: tuple[str, str]) -> Path:
    """The plugin file with some words changed."""
    text = PLUGIN.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / PLUGIN.name
    path.write_text(text)
    return path


def _stage(result: RunResult, name: str) -> StageCount:
    return next(count for count in result.ledger if count.stage == name)


def _so_far(root: Path) -> list[StageCount]:
    """The ledger of a run that did not end well."""
    layout = Layout(root / "runs" / "run")
    manifest = load_manifest(layout.manifest)
    assert manifest
    return list(read_result(layout, manifest).ledger)


def test_the_plan_is_as_the_paper_has_it(tmp_path: Path) -> None:
    plan = skeleton_assembly(tmp_path, {}).plan
    names = [getattr(one, "arm", getattr(one, "name", "")) for one in plan]
    assert names == [
        "questions", "exam", "annotations", "sft", "detect-1", "student-1", "detect-2", "student-2", "evaluation", "forgotten",
    ]  # fmt: skip
