"""Backends whose replies depend on who else is in the batch: what is said of them, and an arm that learned nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from outcomes import balanced, tables
from sctk_core.assembly import Assembly
from sctk_core.errors import CheckFailed
from sctk_core.records import Measure
from sctk_core.run import RunResult, execute
from sctk_core.run.noise import above_noise
from toy_run import toy_assembly

PLUGIN = '''
"""A backend that says more to whom it is asked twice, and a trainer that teaches nothing, and says so."""
from dataclasses import replace
from sctk_core import Component, hookimpl
from toy_world import ToyBackend, ToyTrainer

class Moody(ToyBackend):
    batch_dependent = True
    seen = set()

    async def generate(self, requests):
        found = await super().generate(requests)
        asked = [(self._model.parent, one.seed) for one in requests]
        again = [one in self.seen for one in asked]
        self.seen.update(asked)
        return [replace(one, text=f"{one.text} better") if more else one for one, more in zip(found, again)]

class Idle(ToyTrainer):
    def train(self, data, model, out):
        return replace(super().train(data, model, out), unchanged=True)

class Wrong(ToyTrainer):
    def train(self, data, model, out):
        return replace(super().train(data, model, out), unchanged="no")

@hookimpl
def sctk_backends():
    return [Component(name="moody", target=f"{__name__}:Moody", summary="is moody")]

@hookimpl
def sctk_trainers():
    return [Component(name=n.lower(), target=f"{__name__}:{n}", summary="teaches nothing") for n in ("Idle", "Wrong")]
'''


def assembled(root: Path, **changes: Any) -> Assembly:
    root.mkdir(exist_ok=True)
    (root / "moody.py").write_text(PLUGIN)
    return toy_assembly(root, {"backend": {"use": "moody"}} | changes, also=[root / "moody.py"])


def run(root: Path, **changes: Any) -> RunResult:
    return execute(assembled(root, **changes), out=root / "runs/run")


def test_a_run_says_what_no_seed_can_promise(tmp_path: Path) -> None:
    notes = assembled(tmp_path).notes
    assert any(
        note.startswith("replies to student, teacher") and "moody: as the backend says" in note for note in notes
    )
    assert not any("depend on who else" in note for note in assembled(tmp_path, backend={"use": "toy"}).notes)


def test_an_arm_whose_weights_are_all_the_bases_answers_as_the_base(tmp_path: Path) -> None:
    result = run(tmp_path, trainer={"use": "idle"})
    differences = {row.metric: row for row in result.metrics if row.arm == "student-base"}
    assert {row.value for row in differences.values()} == {0.0}
    assert differences["reward"].verdict == "not told apart from zero"
    assert any(note.startswith("student.train: every weight equals base's") for note in result.notes)
    asked = {one.part: one for one in result.usage if one.role == "student"}
    assert asked["evaluation/student"].recalled == asked["evaluation/student"].requests == 10
    taught = run(tmp_path / "taught", baseline={"use": "idle"})
    assert any(row.value for row in taught.metrics if row.arm == "student-base")
    assert not any(row.value for row in taught.metrics if row.arm == "sft-base")


def test_unchanged_is_true_or_false(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="unchanged: got str, wanted true or false"):
        run(tmp_path, trainer={"use": "wrong"})


def test_base_is_asked_twice_and_its_noise_is_told_and_measured(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert balanced(result.ledger)
    asked = {one.part: one for one in result.usage if one.role == "student"}
    assert (asked["evaluation/base-again"].requests, asked["evaluation/base-again"].recalled) == (5, 0)
    told = "evaluation: asked again in other batches, base gave another answer to 5 of 5 prompts: a difference within that noise is"
    assert f"{told} not told apart from zero" in result.notes
    (noise,) = (row for row in result.metrics if (row.arm, row.metric) == ("base-again-base", "truth"))
    assert (noise.value, noise.n, noise.verdict) == (1.0, 5, "noise of batches: 5 of 5 differ")
    assert not any(row.arm == "base-again" for row in result.metrics)
    before = tables(result.run)
    assert tables(run(tmp_path).run) == before


def test_a_comparer_of_arms_is_held_to_what_it_says_of_base_and_its_second_answers(tmp_path: Path) -> None:
    """All five second answers are longer, so by `longer` base is ahead of itself; its lean to a place is no matter of the arms."""
    (tmp_path / "moody.py").write_text(PLUGIN)
    also = [tmp_path / "moody.py", Path(__file__).with_name("toy_arms.py")]
    sections = {"backend": {"use": "moody"}, "pairwise": [{"use": "longer"}]}
    result = execute(toy_assembly(tmp_path, sections, also=also), out=tmp_path / "run")
    assert balanced(result.ledger)
    stages = {stage.stage: stage.asked for stage in result.ledger}
    assert stages["base-again-base.measure.longer"] == 10
    assert "base-again-base.measure.longer.first-place" not in stages
    found = [row for row in result.metrics if row.arm == "base-again-base" and row.metric.startswith("longer")]
    assert [(row.metric, row.value, row.n) for row in found] == [("longer", 1.0, 5)]
    assert found[0].verdict == "noise of batches: 5 of 5 differ"


def test_who_does_not_depend_on_the_batch_is_asked_once_and_so_is_who_wants_it(tmp_path: Path) -> None:
    for name, changes in (("toy", {"backend": {"use": "toy"}}), ("none", {"run": {"again": 0}})):
        result = execute(assembled(tmp_path, **changes), out=tmp_path / "runs" / name)
        assert not any("again" in one.part for one in result.usage)
        assert not any("asked again" in note for note in result.notes)


def test_one_held_out_prompt_is_not_asked_twice(tmp_path: Path) -> None:
    result = run(tmp_path, source={"held": 1})
    assert result.state == "done"
    assert not any("again" in row.arm for row in result.metrics)


def measured(value: float, metric: str = "truth", n: int = 200) -> Measure:
    return Measure(
        arm="student-base", metric=metric, value=value, low=value / 2, high=2 * value, n=n, p=0.01, verdict="above zero"
    )


def test_no_difference_within_the_noise_is_told_apart() -> None:
    """Half of 40 answers differ by one: over 200 prompts base is within 1.96 sqrt(1/2) / sqrt(200) = 0.098 of itself."""
    prompts = [f"p{number}" for number in range(40)]
    base = dict.fromkeys(prompts, 0.0)
    again = {prompt: (0.0, 1.0, 0.0, -1.0)[number % 4] for number, prompt in enumerate(prompts)}
    values = {"truth": {"base": base, "base-again": again}, "reward": {"base": base, "base-again": base}}
    rows = [
        measured(0.09),
        measured(0.11),
        measured(0.12, n=100),
        measured(0.01, "reward"),
        measured(0.09, "truth.at-equal-length"),
    ]
    found = above_noise(rows, values, prompts)
    noise = found.pop(3)  # behind the rows of its metric
    within = "not told apart from the noise of batches"
    assert [row.verdict for row in found] == [
        f"{within} (0.098)", "above zero", f"{within} (0.139)", "above zero", f"{within} (0.098)",
    ]  # fmt: skip
    assert (noise.arm, noise.value, noise.n, noise.verdict) == (
        "base-again-base",
        0.0,
        40,
        "noise of batches: 20 of 40 differ",
    )
    assert above_noise(rows, {"truth": {"base": base}}, []) == rows


def test_a_preference_within_the_noise_and_one_in_what_could_be_judged_are_not_told_apart() -> None:
    prompts = [f"p{number}" for number in range(40)]
    preferred = {prompt: (0.0, 1.0, 0.0, -1.0)[number % 4] for number, prompt in enumerate(prompts)}
    values: dict[str, Any] = {"better": {"student-base": {}, "base-again-base": preferred}}
    values["truth"] = {"base": dict.fromkeys(prompts[:20], 1.0), "base-again": dict.fromkeys(prompts[10:30], 1.0)}
    rows = [measured(0.09, "better"), measured(0.11, "better"), measured(0.09, "truth.judged")]
    within = "not told apart from the noise of batches (0.098)"
    assert [row.verdict for row in above_noise(rows, values, prompts) if row.arm == "student-base"] == [
        within, "above zero", within,
    ]  # fmt: skip
