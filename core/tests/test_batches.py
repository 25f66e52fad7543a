"""Backends whose replies depend on who else is in the batch: what is said of them, and an arm that learned nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sctk_core.assembly import Assembly
from sctk_core.errors import CheckFailed
from sctk_core.run import RunResult, execute
from toy_run import toy_assembly

PLUGIN = '''
"""A backend of which no two replies are alike, and a trainer that teaches nothing, and says so."""
from dataclasses import replace
from sctk_core import Component, hookimpl
from toy_world import ToyBackend, ToyTrainer

ASKED = []

class Moody(ToyBackend):
    batch_dependent = True

    async def generate(self, requests):
        ASKED.extend(str(self._model.name) for _ in requests)
        found = await super().generate(requests)
        return [replace(one, text=f"{one.text} better" if len(ASKED) % 2 else one.text) for one in found]

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
