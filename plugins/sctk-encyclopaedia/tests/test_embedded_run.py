"""From documents to an evaluated student on the shipped models: what comes out, killed and resumed, iterated."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from embedded_run import embedded_run
from outcomes import balanced, stage, tables
from sctk_core.pipeline.events import StepFinished, TrainingStep
from sctk_core.run import RunResult

pytestmark = pytest.mark.slow
RUNNER = Path(__file__).with_name("embedded_run.py")


class Stages:
    """An observer that writes down the parts of the plan, in order."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, event: object) -> None:
        """Takes one event in."""
        if type(event).__name__ == "StageStarted":
            self.seen.append(event.stage)  # type: ignore[attr-defined]


class Done:
    """An observer that writes down which stages had steps, of requests and of training."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.trained: set[str] = set()

    def __call__(self, event: object) -> None:
        """Takes one event in."""
        match event:
            case StepFinished():
                self.asked.add(event.stage)
            case TrainingStep():
                self.trained.add(event.stage)

    def asked_before(self, run: RunResult) -> set[str]:
        """Those of an earlier run that were asked again."""
        return self.asked & {one.stage for one in run.ledger if one.answered}


STAGES = Stages()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A run that nothing troubled; nobody writes to it."""
    return embedded_run(tmp_path_factory.mktemp("whole"), {}, [STAGES])


def test_it_runs_from_documents_to_an_evaluated_student(whole: RunResult) -> None:
    assert whole.state == "done"
    assert balanced(whole.ledger)
    assert stage(whole, "questions.make.asked").answered > 8
    assert stage(whole, "detect.make.pairs").answered > 2
    found = {(row.arm, row.metric): row.value for row in whole.metrics}
    assert {arm for arm, metric in found if metric == "truth"} >= {"base", "sft", "no-filtering", "dola", "student"}
    assert {("student-dola", "truth"), ("dola-sft", "truth")} <= found.keys()
    assert any(metric == "truth_untaught" for _, metric in found)


def struck(root: Path, event: str, name: str, n: int) -> int:
    """The exit code of a run that is killed there."""
    return subprocess.run([sys.executable, str(RUNNER), str(root), "{}", event, name, str(n)], check=False).returncode


def test_killed_amid_detection_and_training_it_ends_as_if_it_had_not_been(whole: RunResult, tmp_path: Path) -> None:
    assert struck(tmp_path, "StepFinished", "detect", 23) == -9
    assert struck(tmp_path, "TrainingStep", "student.train", 1) == -9
    again = embedded_run(tmp_path, {})
    assert tables(again.run) == tables(whole.run)
    assert (again.run / "metrics.json").read_bytes() == (whole.run / "metrics.json").read_bytes()


@pytest.mark.timeout(3600)
@pytest.mark.sweep
def test_killed_at_every_part_it_ends_as_if_it_had_not_been(whole: RunResult, tmp_path: Path) -> None:
    """Killed as each part begins, and within each pass and training, one after the other in one run."""
    names = list(dict.fromkeys(STAGES.seen))
    passes = [name for name in names if name in ("questions", "exam", "answers", "detect", "unfiltered")]
    trainings = [name for name in names if name.endswith(".train")]
    assert (len(passes), len(trainings)) == (5, 3)
    for name in names:
        assert struck(tmp_path, "StageStarted", name, 1) == -9, name
        if name in passes:
            assert struck(tmp_path, "StepFinished", name, 1) == -9, name
        if name in trainings:
            assert struck(tmp_path, "TrainingStep", name, 1) == -9, name
    again = embedded_run(tmp_path, {})
    assert tables(again.run) == tables(whole.run)
    assert (again.run / "metrics.json").read_bytes() == (whole.run / "metrics.json").read_bytes()


def test_a_second_iteration_redoes_nothing_of_the_first(tmp_path: Path) -> None:
    first = embedded_run(tmp_path, {})
    places = ("model", "arms/sft", "questions", "exam", "answers", "detect", "unfiltered")
    before = {path: path.stat().st_mtime_ns for name in places for path in (first.run / name).rglob("*")}
    stages, done = Stages(), Done()
    second = embedded_run(tmp_path, {"method": {"iterations": 2}}, [stages, done])
    assert before
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    assert stages.seen[0] == "detect-2"
    assert done.trained == {"student-2.train"}
    assert done.asked_before(first) == set()
    then, now = ({one.stage: one for one in run.ledger} for run in (first, second))
    assert all(now[name] == count for name, count in then.items() if name.partition(".")[0] in places)
    assert stage(second, "detect-2.reference").answered == stage(second, "detect.reference").answered
