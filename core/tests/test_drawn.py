"""How roles draw: the recipe's word, then the model's own, then 1 and 1; and what a user is told of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sctk_core.errors import PluginError
from sctk_core.records import Sampling
from toy_run import toy_assembly

PLUGIN = '''
"""A toy backend whose models say how they are sampled."""
import json
from pathlib import Path
from sctk_core import Component, hookimpl
from toy_world import ToyBackend

class Saying(ToyBackend):
    @staticmethod
    def own_sampling(model):
        return json.loads(Path(model.path, "own.json").read_text())

@hookimpl
def sctk_backends():
    return [Component(name="saying", target=f"{__name__}:Saying", summary="says how")]
'''


def model(root: Path, name: str, own: Any) -> str:
    path = root / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "skill").write_text("")
    (path / "own.json").write_text(json.dumps(own))
    return str(path)


def assembled(root: Path, own: Any, **changes: Any) -> Any:
    (root / "saying.py").write_text(PLUGIN)
    path = model(root, "base", own)
    changes = {"backend": {"use": "saying"}, "model": {"path": path}} | changes
    return toy_assembly(root, changes, also=[root / "saying.py"])


@pytest.mark.parametrize(
    ("own", "said", "wanted", "told"),
    [
        (
            {},
            {},
            (1.0, 1.0),
            "drawn at temperature 1 and top_p 1, for neither the recipe nor its generation_config says",
        ),
        (
            {"temperature": 0.6, "top_p": 0.9},
            {},
            (0.6, 0.9),
            "temperature 0.6 (as its generation_config says) and top_p 0.9 (as",
        ),
        ({"temperature": 0.6}, {"temperature": 0.2}, (0.2, 1.0), "temperature 0.2 (as the recipe says) and top_p 1"),
        ({"temperature": 0.6, "top_k": 20}, {}, (0.6, 1.0), "; top_k = 20 of its generation_config: not applied"),
        (
            {"temperature": -1.0, "top_p": 7},
            {},
            (1.0, 1.0),
            "; temperature = -1.0, top_p = 7 of its generation_config: not",
        ),
        (
            {"temperature": True, "top_p": "0.9"},
            {},
            (1.0, 1.0),
            "; temperature = True, top_p = '0.9' of its generation_config",
        ),
    ],
)
def test_the_recipe_comes_before_the_model_and_the_model_before_the_usual(
    tmp_path: Path, own: Any, said: Any, wanted: tuple[float, float], told: str
) -> None:
    found = assembled(tmp_path, own, sampling=said)
    assert (found.student.sampling.temperature, found.student.sampling.top_p) == wanted
    (note,) = found.notes
    assert note.startswith((f"student, teacher, judge: {tmp_path}/base: ", f"student, teacher: {tmp_path}/base: "))
    assert told in note


def test_every_role_draws_as_its_own_model_says(tmp_path: Path) -> None:
    big = model(tmp_path, "big", {"temperature": 0.3})
    found = assembled(tmp_path, {"temperature": 0.6}, roles={"teacher": {"model": big}})
    assert (found.student.sampling.temperature, found.role("teacher").sampling.temperature) == (0.6, 0.3)
    silent = model(tmp_path, "big", {})
    found = assembled(tmp_path, {"temperature": 0.6}, roles={"teacher": {"model": silent}})
    assert (found.student.sampling.temperature, found.role("teacher").sampling.temperature) == (0.6, 1.0)
    said = assembled(tmp_path, {"temperature": 0.6}, roles={"teacher": {"model": big}}, sampling={"temperature": 0.1})
    assert said.role("teacher").sampling.temperature == said.student.sampling.temperature == 0.1


def test_a_backend_that_knows_of_no_models_own_sampling_says_nothing(tmp_path: Path) -> None:
    found = assembled(tmp_path, {"temperature": 0.6}, backend={"use": "toy"})
    assert found.student.sampling == Sampling()
    assert found.notes == ()


def test_a_backend_that_says_no_mapping_is_broken(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"own_sampling\(\) gave .*wanted a mapping"):
        assembled(tmp_path, [1])
