"""Tasks of a method: recipes by name that `--task` lays over the method's own, a stranger's methods among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sctk_cli.main import cli
from sctk_core.assembly import Assembly, assemble, with_defaults
from sctk_core.errors import ConfigError, PluginError
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_dsc.method import DistilledSelfCritique
from sctk_rdpo.method import RefinedDpo

SHIPPED = [("dsc", name) for name in DistilledSelfCritique.tasks] + [("rdpo", name) for name in RefinedDpo.tasks]
STRANGER = '''"""A stranger's method with a task of its own."""

from typing import ClassVar

from sctk_core import Component, hookimpl
from sctk_rdpo.method import RefinedDpo


@hookimpl
def sctk_methods():
    return [Component(name="mine", target="mine:Mine", summary="refined DPO with tasks of its own")]


class Mine(RefinedDpo):
    tasks: ClassVar = TASKS
'''
TASKS = '{"films": "# Films, liked.\\n# Of two lines.\\n[source]\\nuse = \\"nano-sentiment\\"\\n[reward]\\nuse = \\"lexicon\\"\\n"}'


def assembled(method: str, task: object = "", files: tuple[Path, ...] = (), **sections: dict[str, object]) -> Assembly:
    """What a method comes to with a task, `sections` above it."""
    layer = {"method": {"use": method}} | ({"run": {"task": task}} if task != "" else {}) | sections
    among = catalogue(files)
    return assemble(with_defaults([Layer(origin="test", sections=layer)], among), among)


def stranger(folder: Path, tasks: str) -> tuple[Path, ...]:
    """The file of a stranger's method with these tasks."""
    file = folder / "mine.py"
    file.write_text(STRANGER.replace("TASKS", tasks))
    return (file,)


@pytest.mark.parametrize(("method", "task"), SHIPPED)
def test_every_shipped_task_comes_to_a_run_that_is_told_of(method: str, task: str) -> None:
    assert assembled(method, task).recipe.origins["source.use"] == f"task {task} of {method}"
    told = json.loads(CliRunner().invoke(cli, ["describe", "method", method, "--json"]).output)
    assert len(told["tasks"][task]) > 20


@pytest.mark.parametrize(("method", "task"), [("dsc", "sentiment"), ("rdpo", "safety")])
def test_the_recipe_of_a_method_is_its_first_task(method: str, task: str) -> None:
    assert assembled(method, task).fingerprint == assembled(method).fingerprint


def test_another_task_is_another_run_and_what_a_recipe_says_stands_above_it() -> None:
    found = assembled("dsc", "safety", run={"task": "safety"}, rule={"temperature": 0.5})
    assert found.fingerprint != assembled("dsc").fingerprint
    assert [found.recipe.use(name) for name in ("source", "critic", "reward")] == [
        "nano-safety",
        "constitution",
        "refusal",
    ]
    assert found.recipe.section("rule")["temperature"] == 0.5


@pytest.mark.parametrize(
    ("task", "hint"),
    [("sentimant", "did you mean 'sentiment'"), (5, "sctk describe method dsc"), (["safety"], "safety")],
)
def test_a_task_that_a_method_has_not_is_refused_with_those_it_has(task: object, hint: str) -> None:
    with pytest.raises(ConfigError, match=r"unknown task .*wanted one of safety, sentiment") as caught:
        assembled("dsc", task)
    assert hint in caught.value.hint


def test_a_strangers_method_has_tasks(tmp_path: Path) -> None:
    files = stranger(tmp_path, TASKS)
    assert assembled("mine", "films", files).recipe.use("source") == "nano-sentiment"
    told = CliRunner().invoke(cli, ["describe", "method", "mine", "--load", str(files[0])]).output
    assert "--task NAME" in told
    assert "  films: Films, liked. Of two lines." in told
    config = CliRunner().invoke(cli, ["config", "--plugin", "mine", "--task", "films", "--load", str(files[0])])
    assert "nano-sentiment" in config.output


@pytest.mark.parametrize(
    ("tasks", "words", "error"),
    [
        ("{}", "unknown task 'films', wanted none", ConfigError),
        ("['films']", "its tasks, wanted a mapping", PluginError),
        ("{'films': 'use = '}", "its recipe is no TOML", PluginError),
    ],
)
def test_tasks_that_cannot_be_laid_say_whose_fault_it_is(
    tmp_path: Path, tasks: str, words: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match=words):
        assembled("mine", "films", stranger(tmp_path, tasks))
