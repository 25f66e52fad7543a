"""Question sets beside the source's prompts, `[[test]]`: who is asked, how choices are taken, what is measured of them alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sctk_core.assembly import assemble, with_defaults
from sctk_core.assembly.question_sets import QuestionSet, with_tests
from sctk_core.builtin.choices_source import ChoicesSource, Columns, asked_in
from sctk_core.choosing import choices_of
from sctk_core.errors import ConfigError
from sctk_core.pipeline.answering import examined
from sctk_core.plan import Arm, Evaluate
from sctk_core.plugins import catalogue
from sctk_core.reading import Row
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute
from sctk_core.testing import check_source

HERE = Path(__file__).parent
TOY: dict[str, Any] = {"use": "toy"}
ARMS = {"base", "sft", "student"}
TREES = [
    {"question": "Which is a tree?", "choices": {"text": ["CEDAR", "tin"], "label": ["A", "B"]}, "answerKey": "A"},
    {"question": "Which is a metal?", "choices": {"text": ["WILLOW", "gold"], "label": ["A", "B"]}, "answerKey": "B"},
    {"question": "Which grows?", "choices": {"text": ["lead", "WALNUT"], "label": ["A", "B"]}, "answerKey": "B"},
    {"question": "Which has leaves?", "choices": {"text": ["tin", "BEECH"], "label": ["1", "2"]}, "answerKey": "2"},
]
SHORT = [{"question": f"{n}: what is it?", "answer": "OAK" if n else "iron"} for n in range(4)]


def written(place: Path, rows: list[dict[str, Any]]) -> str:
    place.write_text("\n".join(map(json.dumps, rows)))
    return str(place)


def run_tests(root: Path, tests: list[dict[str, Any]], **changes: Any) -> RunResult:
    """dSC in the toy world, whose student likes capitals once it is trained; `tests` are asked besides."""
    base = root / "base"
    base.mkdir(parents=True, exist_ok=True)
    (base / "skill").write_text("")
    sections: dict[str, Any] = {
        name: dict(TOY) for name in ("source", "critic", "reward", "trainer", "rule", "baseline")
    }
    sections |= {"model": {"path": str(base)}, "method": {"use": "dsc"}, "backend": {"use": "likely"}}
    sections |= {"evaluator": [dict(TOY)], "pairwise": [{"use": "longer"}], "test": tests} | changes
    known = catalogue([HERE / "toy_world.py", HERE / "toy_arms.py", HERE / "toy_likely.py"])
    return execute(assemble(with_defaults([Layer(origin="test", sections=sections)], known), known), out=root / "run")


def found(result: RunResult, metric: str) -> dict[str, tuple[float, int]]:
    return {row.arm: (round(row.value, 6), row.n) for row in result.metrics if row.metric == metric}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    root = tmp_path_factory.mktemp("tests")
    trees, short = written(root / "trees.jsonl", TREES), written(root / "short.jsonl", SHORT)
    tests = [{"use": "choices", "path": trees}, {"use": "file", "path": short, "label": "said", "by": "accuracy"}]
    return run_tests(root, tests)


def test_every_arm_takes_the_likeliest_choice_and_the_difference_is_paired(result: RunResult) -> None:
    measured = found(result, "test-trees.accuracy")
    assert (measured["base"], measured["student"], measured["student-base"]) == ((0.25, 4), (0.75, 4), (0.5, 4))


def test_a_file_of_questions_is_answered_in_words_and_all_of_it_is_asked(result: RunResult) -> None:
    measured = found(result, "test-said.accuracy")
    assert (measured["base"], measured["student"]) == ((0.25, 4), (0.75, 4))


def test_a_set_is_measured_by_its_own_evaluators_alone(result: RunResult) -> None:
    stages = {stage.stage for stage in result.ledger if stage.stage.startswith("test-")}
    assert {name.rpartition(".")[2] for name in stages if ".measure." in name} == {"accuracy"}
    assert "pairwise" not in {row.metric for row in result.metrics if row.metric.startswith("test-")}


def test_the_ledger_holds_every_question_of_every_arm(result: RunResult) -> None:
    stages = {stage.stage: stage for stage in result.ledger}
    for arm in ("base", "student"):
        assert (stages[f"test-trees.{arm}.evaluate"].asked, stages[f"test-said.{arm}.evaluate"].asked) == (4, 4)


def test_the_same_line_again_asks_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tests = [{"use": "choices", "path": written(tmp_path / "trees.jsonl", TREES)}]
    arms = {row.arm for row in run_tests(tmp_path, tests, backend={"use": "likely", "log": str(log)}).metrics} & ARMS
    assert log.read_text().splitlines() == ["2"] * len(TREES) * len(arms)
    (tmp_path / "run" / "manifest.json").unlink()  # all is made again, out of the stored replies
    run_tests(tmp_path, tests, backend={"use": "likely", "log": str(log)})
    assert len(log.read_text().splitlines()) == len(TREES) * len(arms)


def test_a_backend_without_log_probabilities_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    tests = [{"use": "choices", "path": written(tmp_path / "trees.jsonl", TREES)}]
    with pytest.raises(ConfigError, match="which tells no log-probabilities") as refused:
        run_tests(tmp_path, tests, backend=dict(TOY))
    assert 'by = "choice"' in refused.value.hint
    assert not (tmp_path / "run" / "evaluation").exists()


def test_a_label_must_be_the_name_of_a_folder(tmp_path: Path) -> None:
    tests = [{"use": "choices", "path": written(tmp_path / "trees.jsonl", TREES), "label": "a/b"}]
    with pytest.raises(ConfigError, match="label: got 'a/b'"):
        run_tests(tmp_path, tests)


def test_where_no_arm_just_answers_the_section_is_refused() -> None:
    plan = (Evaluate(Arm("base", walk=examined, steps=("evaluate",))),)
    one = QuestionSet(label="trees", part=None, source=None, evaluators=())  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="wanted one that just answers"):
        with_tests(plan, [one])
    assert with_tests(plan, []) == plan
    both = with_tests((Evaluate(Arm("base"), Arm("student"), Arm("told", walk=examined)),), [one])[-1]
    assert isinstance(both, Evaluate)
    assert ([arm.name for arm in both.arms], both.differences) == (["base", "student"], (("student", "base"),))


def test_eval_limit_draws_questions_and_says_so(tmp_path: Path) -> None:
    tests = [{"use": "choices", "path": written(tmp_path / "trees.jsonl", TREES)}]
    result = run_tests(tmp_path, tests, run={"eval_limit": 3})
    assert found(result, "test-trees.accuracy")["base"][1] == 3
    assert any("tests/trees: run.eval_limit: 3 of 4 questions were drawn" in note for note in result.notes)


MELTS = [{"label": "A", "text": "ice"}, {"label": "B", "text": "fire"}]


def test_the_source_keeps_the_contract_of_sources(tmp_path: Path) -> None:
    source = ChoicesSource(ChoicesSource.Config(path=written(tmp_path / "trees.jsonl", TREES)))
    check_source(source)
    assert choices_of(next(source.prompts())) == ("CEDAR", "tin")


def test_choices_may_be_shown_by_letter_and_the_letters_asked(tmp_path: Path) -> None:
    source = ChoicesSource(ChoicesSource.Config(path=written(tmp_path / "trees.jsonl", TREES), ask="letters"))
    first = next(source.prompts())
    assert first.messages[0].content == "Which is a tree?\n\nA. CEDAR\nB. tin"
    assert (choices_of(first), first.reference) == (("A", "B"), "A")


READ = [
    ({"question": {"stem": "What melts?", "choices": MELTS}, "answerKey": "B"}, ("What melts?", ["ice", "fire"], "fire")),
    ({"question": "2 + 2?", "choices": ["3", "4", "5"], "answer": 1}, ("2 + 2?", ["3", "4", "5"], "4")),
    ({"ctx": "A man sits", "endings": ["down.", "up."], "label": "1"}, ("A man sits", ["down.", "up."], "up.")),
    ({"question": "Is it?", "mc1_targets": {"choices": ["Yes.", "No."], "labels": [0, 1]}}, ("Is it?", ["Yes.", "No."], "No.")),
    ({"question": "Which?", "A": "iron", "B": "oak", "answer": "B"}, ("Which?", ["iron", "oak"], "oak")),
]  # fmt: skip


@pytest.mark.parametrize(("row", "wanted"), READ)
def test_rows_of_the_usual_benchmarks_are_read(row: dict[str, Any], wanted: tuple[str, list[str], str]) -> None:
    asked = asked_in(Row(where="a:1", values=row), Columns())
    assert (asked.text, list(asked.choices.values()), asked.right) == wanted


BAD = [
    ({"question": "Which?", "choices": ["a", "b"]}, "got no column with the answer"),
    ({"question": "Which?", "choices": ["a", "b"], "answer": "c"}, "wanted one of A, B or of the choices"),
    ({"question": "Which?", "choices": ["a"], "answer": 0}, "wanted two different texts or more"),
    ({"question": "Which?", "choices": ["a", "b"], "answer": 2}, "got 2, wanted one of A, B"),
]


@pytest.mark.parametrize(("row", "told"), BAD)
def test_a_row_that_cannot_be_asked_is_an_error_with_its_place(row: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=r"^a:1: ") as refused:
        asked_in(Row(where="a:1", values=row), Columns())
    assert told in refused.value.message
