"""The whole method with fakes: counted by hand, at equal lengths, killed in both stages, with files in place of the teacher."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner
from mirror_run import mirror_run
from outcomes import tables
from sctk_core.errors import ConfigError
from sctk_core.explain import why
from sctk_core.ledger import OUTCOMES
from sctk_core.run import RunResult
from sctk_mirror.command import mirror

RUNNER = Path(__file__).with_name("mirror_run.py")
METHOD: dict[str, Any] = {"use": "mirror", "teacher": {"n": 3, "m": 3}, "schedule": {"epochs": 6.0}}
COUNTS = {
    # twenty questions, three rationales each; "silent" gets two of three
    "teacher.rationale": (60, 59, 1, 0),
    # "mute" states no answer, three times
    "teacher.answer": (59, 56, 3, 0),
    # three evaluations of each of the 56; the first of each rationale of "vague" has no verdict
    "teacher.evaluation": (168, 168, 0, 0),
    "teacher.verdict": (168, 165, 3, 0),
    # "mute" is declined as a whole
    "teacher.make.judged": (57, 56, 0, 1),
}


def method(**settings: Any) -> dict[str, Any]:
    return METHOD | settings


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A run of all arms that nothing disturbed."""
    return mirror_run(tmp_path_factory.mktemp("whole"), {"method": method(arms=["all"])})


def counts(result: RunResult) -> dict[str, tuple[int, ...]]:
    return {one.stage: (one.asked, *(getattr(one, name) for name in OUTCOMES)) for one in result.ledger}


def table(run: Path, name: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted((run / name).glob("*.parquet"))])


def models(run: Path) -> dict[str, bytes]:
    files = [path for folder in ("model", "arms") for path in sorted((run / folder).rglob("*")) if path.is_file()]
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in files}


def facts(run: Path, arm: str) -> tuple[dict[str, float], dict[str, list[list[Any]]]]:
    place = run / "model" if arm == "student" else run / "arms" / arm
    return json.loads((place / "facts").read_text()), json.loads((place / "lessons").read_text())


def measured(result: RunResult, arm: str, metric: str = "solved") -> tuple[float, int]:
    return next((row.value, row.n) for row in result.metrics if (row.arm, row.metric) == (arm, metric))


def test_the_teachers_stages_have_the_counts_that_were_worked_out_by_hand(whole: RunResult) -> None:
    assert whole.state == "done"
    found = counts(whole)
    assert {stage: found[stage] for stage in COUNTS} == COUNTS
    reasons = {one.stage: dict(one.reasons) for one in whole.ledger if one.stage.startswith("teacher.") and one.reasons}
    assert reasons == {
        "teacher.rationale": {"blocked: refused": 1},
        "teacher.answer": {"parse: no answer is stated": 3},
        "teacher.verdict": {"parse: no verdict on the last line": 3},
        "teacher.make.judged": {"no rationale states an answer": 1},
    }


def test_no_lesson_is_blank_and_what_cannot_be_read_teaches_nothing(whole: RunResult) -> None:
    for arm in ("student", "evaluator", "fine-tuning", "distillation", "one-rationale", "one-evaluated"):
        _, lessons = facts(whole.run, arm)
        assert len(lessons["predict"]) == len(lessons.get("explain", lessons["predict"])) > 0
        assert ("explain" in lessons) is (arm not in ("fine-tuning", "distillation"))
        assert all(said.strip() for rows in lessons.values() for _, said, _ in rows)
        assert not any(
            "do not know" in said or "rather not" in said for rows in lessons.values() for _, said, _ in rows
        )


def test_the_kth_row_of_one_table_is_of_the_kth_of_the_other(whole: RunResult) -> None:
    for arm in ("student", "evaluator"):
        _, lessons = facts(whole.run, arm)
        for (asked, _, _), (explained, _, _) in zip(lessons["predict"], lessons["explain"], strict=True):
            assert asked.removeprefix("predict: ") == explained.removeprefix("explain: ")
            assert (asked[:9], explained[:9]) == ("predict: ", "explain: ")
    _, lessons = facts(whole.run, "evaluator")
    asked, verdict, _ = lessons["predict"][0]
    assert asked.startswith("predict: plain: Tom has")
    assert "\nOne after the other. The answer is (" in asked
    assert verdict == "correct"
    assert lessons["explain"][0][1] == "I add again."


def test_questions_are_parted_for_validation_before_they_are_expanded(whole: RunResult) -> None:
    sides = {
        name: {one.partition("\n")[0].removeprefix("predict: ") for one, _, _ in facts(whole.run, "student")[1][name]}
        for name in ("predict", "validation")
    }
    assert not sides["predict"] & sides["validation"]
    assert {arm: len({one for one, _, _ in facts(whole.run, arm)[1]["validation"]}) for arm in ("student", "one-rationale")} == {
        "student": 2, "one-rationale": 2,
    }  # fmt: skip


def test_every_arm_sees_as_many_rows(whole: RunResult) -> None:
    """Six passes over all rationales, whatever rows an arm has; with self-evaluation both stages together."""
    seen = {}
    alone = ("one-rationale", "all-rationales", "fine-tuning", "distillation")
    for arm in ("student", "evaluator", "evaluator-one", "one-evaluated", *alone):
        told, lessons = facts(whole.run, arm)
        seen[arm] = told["epochs"] * len(lessons["predict"])
    wanted = 6 * len(facts(whole.run, "student")[1]["predict"])
    assert seen["student"] + seen["evaluator"] == pytest.approx(wanted)
    assert seen["one-evaluated"] + seen["evaluator-one"] == pytest.approx(wanted)
    for arm in alone:
        assert seen[arm] == pytest.approx(wanted)


def test_the_student_goes_on_from_the_evaluator(whole: RunResult) -> None:
    assert json.loads((whole.run / "arms/evaluator/skill").read_text()) == {"solve": 10, "judge": 90}
    assert json.loads((whole.run / "model/skill").read_text()) == {"solve": 70, "judge": 90}
    assert measured(whole, "base")[0] < measured(whole, "student")[0]


def test_every_question_of_evaluation_is_asked_once(whole: RunResult) -> None:
    found = counts(whole)
    arms = ("base", "fine-tuning", "distillation", "one-rationale", "one-evaluated", "all-rationales", "student")
    assert {found[f"{arm}.evaluate"] for arm in arms} == {(20, 20, 0, 0)}


def test_the_evaluator_chooses_better_than_a_vote_and_the_vote_is_paid_alike(whole: RunResult) -> None:
    assert measured(whole, "reranked", "inference.solved") >= measured(whole, "vote", "inference.solved")
    numbers = {row["name"]: row["value"] for row in table(whole.run, "equal/rows").to_dicts()}
    # five are drawn and each is read again by the evaluator
    assert numbers == {"n": 10.0}
    assert counts(whole)["wider.candidate"] == (200, 200, 0, 0)
    usage = {(one.part, one.role): one.requests for one in whole.usage}
    assert usage["pools", "judge"] == usage["pools", "student"] == 100


def test_what_every_rule_took_is_a_table_with_its_confidence(whole: RunResult) -> None:
    decided = table(whole.run, "choices/decided")
    assert sorted(decided["rule"].unique()) == ["first", "reranked", "vote", "weighted"]
    assert table(whole.run, "wider/decided")["rule"].unique().to_list() == ["vote-equal"]
    assert decided["confidence"].is_between(0, 1).all()
    right = decided.filter(pl.col("rule") == "reranked")["right"].mean()
    assert right == measured(whole, "reranked", "inference.solved")[0]


def test_risk_is_shown_with_its_areas_and_curves(whole: RunResult) -> None:
    shown = CliRunner().invoke(mirror, ["risk", str(whole.run), "--json"], catch_exceptions=False)
    rows = {row["rule"]: row["AURC"] for row in map(json.loads, shown.stdout.splitlines())}
    assert set(rows) == {
        "vote", "reranked", "weighted", "vote-equal", "reranked less vote", "weighted less vote", "reranked less vote-equal",
        "weighted less vote-equal",
    }  # fmt: skip
    fitted = {row["name"]: row["value"] for row in table(whole.run, "risk/rows").to_dicts()}
    assert rows["vote"][0] == fitted["vote.aurc"]
    assert rows["reranked less vote"][0] == pytest.approx(rows["reranked"][0] - rows["vote"][0])
    curve = CliRunner().invoke(mirror, ["risk", str(whole.run), "--json", "--curve", "vote"], catch_exceptions=False)
    last = json.loads(curve.stdout.splitlines()[-1])
    assert (last["coverage"], last["answered"]) == (1.0, 20)
    assert last["risk"] == pytest.approx(1 - measured(whole, "vote", "inference.solved")[0])


def test_risk_of_what_is_not_there_is_told(whole: RunResult, tmp_path: Path) -> None:
    for line, said in (
        (["risk", str(tmp_path)], "got no such table"),
        (["risk", str(whole.run), "--curve", "x"], "wanted one of"),
    ):
        with pytest.raises(ConfigError, match=said):
            CliRunner().invoke(mirror, line, catch_exceptions=False)


def test_a_row_walks_back_to_the_teachers_words(whole: RunResult) -> None:
    row = table(whole.run, "verdicts/predict").row(0, named=True)
    passages = [passage.table for passage in why(whole.run, row["id"])]
    assert {"prompts/rows", "teacher/judged", "teacher/samples"} & set(passages)


def test_without_a_vote_at_equal_tokens_nothing_more_is_drawn(tmp_path: Path) -> None:
    result = mirror_run(tmp_path, {"method": method(arms=["vote", "reranked"])})
    assert not {one.stage for one in result.ledger if one.stage.startswith(("wider", "equal"))}
    numbers = {row["name"]: row["value"] for row in table(result.run, "risk/rows").to_dicts()}
    assert {"n", "vote.aurc", "reranked.aurc", "weighted.aurc"} <= set(numbers)


@pytest.mark.parametrize(("threshold", "n", "beside"), [(0.0, 20, ["first"]), (0.95, 0, ["first"]), (0.95, 0, [])])
def test_the_abstaining_arm_is_silent_below_its_threshold(
    tmp_path: Path, threshold: float, n: int, beside: list[str]
) -> None:
    """Also where it is the only arm, and nobody answers anything."""
    arms = [*beside, "abstaining"]
    result = mirror_run(tmp_path, {"method": method(arms=arms, inference={"threshold": threshold})})
    assert counts(result)["inference.abstaining.make.answers"] == (20, n, 0, 20 - n)
    if not n:
        assert measured(result, "abstaining", "inference.answered") == (0.0, 20)


def test_verdicts_are_drawn_where_nobody_tells_log_probabilities(tmp_path: Path) -> None:
    settings = method(arms=["reranked", "vote-equal"], inference={"k": 2, "m": 3})
    result = mirror_run(tmp_path, {"method": settings, "backend": {"use": "silent"}})
    found = counts(result)
    assert "pools.belief" not in found
    assert found["pools.judgement"] == found["pools.verdict"] == (120, 120, 0, 0)
    numbers = {row["name"]: row["value"] for row in table(result.run, "equal/rows").to_dicts()}
    assert numbers["n"] > 2


@pytest.mark.parametrize("noise", ["none", "majority", "weight", "agreement"])
def test_false_verdicts_are_taught_or_not(tmp_path: Path, noise: str) -> None:
    result = mirror_run(tmp_path, {"method": method(evaluator={"noise": noise}, student={"validation_share": 0.0})})
    _, lessons = facts(result.run, "evaluator")
    by_habit: dict[str, list[tuple[str, float]]] = {}
    for asked, said, weight in lessons["predict"]:
        by_habit.setdefault(asked.removeprefix("predict: ").partition(":")[0], []).append((said, round(weight, 4)))
    wanted: dict[str, dict[str, list[tuple[str, float]]]] = {
        "none": {"alarmed": [("wrong", 1.0)] * 9, "split": [("wrong", 1.0), ("wrong", 1.0), ("correct", 1.0)] * 3},
        "majority": {"alarmed": [("wrong", 1.0)] * 9, "split": [("wrong", 1.0)] * 6},
        "weight": {
            "alarmed": [("wrong", 1.0)] * 9,
            "split": [("wrong", 0.6667), ("wrong", 0.6667), ("correct", 0.3333)] * 3,
        },
        "agreement": {"split": [("correct", 1.0)] * 3},
    }
    assert {habit: by_habit.get(habit) for habit in ("alarmed", "split")} == {"alarmed": None, **wanted[noise]}
    assert len(by_habit["plain"]) == 14 * 9
    hasty = [("correct", 1.0)] * 3 + [("wrong", 1.0)] * 3 + [("correct", 1.0)] * 3
    assert by_habit["hasty"] == hasty


@pytest.mark.parametrize(
    ("settings", "shown"),
    [({"shown": "rationale"}, "predict: One after the other."), ({}, "predict: plain: Tom has 0 and 1 marbles")],
)
def test_an_evaluator_is_shown_the_question_or_the_rationale_alone(
    tmp_path: Path, settings: dict[str, Any], shown: str
) -> None:
    result = mirror_run(tmp_path, {"method": method(evaluator=settings, student={"validation_share": 0.0})})
    assert facts(result.run, "evaluator")[1]["predict"][0][0].startswith(shown)


def test_joint_training_has_both_kinds_of_rows_and_judges_by_itself(tmp_path: Path) -> None:
    changes = {"method": method(evaluator={"stage": "joint", "noise": "weight"}, arms=["reranked"])}
    result = mirror_run(tmp_path, changes)
    told, lessons = facts(result.run, "student")
    assert not (result.run / "arms/evaluator").exists()
    words = [said for _, said, _ in lessons["predict"]]
    assert {"correct", "wrong"} < set(words)
    assert len(words) > 150
    assert told["epochs"] * len(words) == pytest.approx(6 * len(table(result.run, "lessons/predict")))
    chosen_by = [said for _, said, _ in lessons["validation"]]
    assert chosen_by
    assert not {"correct", "wrong", "uncertain"} & set(chosen_by)


def test_labels_of_the_teacher_and_reasons_alone(tmp_path: Path) -> None:
    taught = {"labels": "teacher", "words": "reasons", "validation_share": 0.0}
    result = mirror_run(tmp_path, {"method": method(student=taught, arms=["vote", "reranked"], inference={"k": 2})})
    _, lessons = facts(result.run, "student")
    hasty = [said for asked, said, _ in lessons["predict"] if "hasty" in asked]
    assert hasty == ["(17 + 18)", "(17 + 19)", "(17 + 18)"]
    assert {said for _, said, _ in lessons["explain"]} == {"One after the other."}
    assert counts(result)["pools.label"] == (40, 40, 0, 0)
    texts = [text for row in table(result.run, "pools/pools")["texts"] for text in row]
    assert all(text.count("The answer is") == 2 for text in texts)  # the fake reasons with an answer of its own


def test_published_lengths_are_passes_over_an_arms_own_rows(tmp_path: Path) -> None:
    result = mirror_run(tmp_path, {"method": method(schedule={"compute": "published"}, arms=["one-rationale"])})
    assert [facts(result.run, arm)[0]["epochs"] for arm in ("evaluator", "student", "one-rationale")] == [
        50.0,
        80.0,
        300.0,
    ]


def test_too_few_questions_for_validation_are_no_fault(tmp_path: Path) -> None:
    result = mirror_run(
        tmp_path, {"run": {"shard_rows": 5, "limit": 2}, "method": method(student={"validation_share": 0.01})}
    )
    assert result.state == "done"
    assert "validation" not in facts(result.run, "student")[1]


def test_a_source_of_another_task_is_refused(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"question": "2 and 3?", "label": "5", "rationale": "The answer is 5."}) + "\n")
    with pytest.raises(ConfigError, match="wanted one task"):
        mirror_run(tmp_path, {"source": {"use": "rationales", "path": str(rows), "task": "anli1"}})


def test_rationales_of_a_file_are_trained_on_and_nobody_is_asked_for_them(tmp_path: Path) -> None:
    def row(number: int) -> dict[str, Any]:
        said = [f"Well. The answer is ({number} + 1).", "Well, I do not know."]
        verdicts = [["Fine.\nEvaluation result: the given answer is correct."], []]
        question = f"file: Tom has {number} and 1 marbles. How many?"
        return {"question": question, "label": f"{number} + 1", "rationales": said, "evaluations": verdicts}

    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps(row(number)) + "\n" for number in range(30)))
    taught = method(student={"validation_share": 0.0})
    result = mirror_run(tmp_path, {"source": {"use": "rationales", "path": str(rows)}, "method": taught})
    found = counts(result)
    n = found["teacher.make.judged"][0]
    assert 15 <= n <= 30
    assert found["teacher.rationale"] == (3 * n, 2 * n, 0, n)
    assert found["teacher.answer"] == (2 * n, n, n, 0)
    assert found["teacher.evaluation"] == (3 * n, n, 0, 2 * n)
    assert not [one for one in result.usage if one.part == "teacher" and one.requests]
    _, lessons = facts(result.run, "student")
    assert lessons["explain"][0][1].startswith("Well. The answer is (")


def test_what_a_file_has_beyond_n_and_m_is_counted(tmp_path: Path) -> None:
    """Trees of 1, 3 and 7 branches, with n 3 and m 2: what is not read is told, not lost."""
    fine, rows = "Fine.\nEvaluation result: the given answer is correct.", tmp_path / "rows.jsonl"
    with rows.open("w") as file:
        for number in range(12):
            n = (1, 3, 7)[number % 3]
            question = f"file: Tom has {number} and 1 marbles. How many?"
            said = [f"Well, {place}. The answer is ({number} + 1)." for place in range(n)]
            row = {"question": question, "label": "1", "rationales": said, "evaluations": [[fine] * n] * n}
            file.write(json.dumps(row) + "\n")
    source = {"use": "rationales", "path": str(rows), "held_out_share": 0.0}
    changes = {"source": source, "method": method(teacher={"n": 3, "m": 2}, student={"validation_share": 0.0})}
    result = mirror_run(tmp_path, changes)
    assert counts(result)["teacher.rationale"] == (36, 28, 0, 8)
    assert counts(result)["teacher.make.judged"] == (28 + 16 + 72, 28, 0, 16 + 72)
    assert next(dict(one.reasons) for one in result.ledger if one.stage == "teacher.make.judged") == {
        "a rationale made elsewhere beyond method.teacher.n": 16,
        "an evaluation made elsewhere beyond method.teacher.m": 12 + 60,
    }


KILLS = [
    ("backend", "teacher.rationale", 20),
    ("backend", "teacher.evaluation", 100),
    ("trainer", "evaluator", 0),
    ("trainer", "model", 0),
    ("backend", "model.explain", 30),
]


@pytest.mark.parametrize(("section", "at", "after"), KILLS)
def test_a_run_that_is_killed_goes_on_byte_for_byte(
    tmp_path: Path, section: str, at: str, after: int, whole: RunResult
) -> None:
    uses = {"backend": "telling", "trainer": "lessons"}
    changes: dict[str, Any] = {"method": method(arms=["all"])}
    changes[section] = {"use": uses[section], "at": at, "after": after, "flag": str(tmp_path / "killed")}
    line = [sys.executable, str(RUNNER), str(tmp_path), json.dumps(changes)]
    assert subprocess.run(line, check=False).returncode == -9
    assert subprocess.run(line, check=False).returncode == 0
    assert tables(tmp_path / "runs" / "run") == tables(whole.run)
    assert models(tmp_path / "runs" / "run") == models(whole.run)
