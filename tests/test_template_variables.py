"""Variables of chat templates: given per role, part of what a run is and of every reply's key, refused where nobody reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_cli.main import main
from sctk_core import ConfigError
from sctk_core.assembly import Assembly, assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer, from_assignments
from sctk_core.run import execute
from sctk_core.store.reader import RunReader

PLUGIN = '''
"""A backend that says what variables its template has, and a trainer that teaches nothing."""
from dataclasses import dataclass
from pathlib import Path
from sctk_core import Component, ConfigError, ModelRef, Reply, TrainReport, Usage, hookimpl

class Plain:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""
    def __init__(self, config, *, model):
        self.model = model
    @staticmethod
    def default_model():
        return str(Path(__file__).parent / "model")
    async def generate(self, requests):
        return [self.one(request) for request in requests]
    def one(self, request):
        verdict = "Verdict: revise" if "Verdict:" in request.messages[-1].content else ""
        usage = Usage(n_prompt_tokens=1, n_completion_tokens=1)
        said = f"{sorted(self.model.variables.items())} {len(request.messages)} {verdict}"
        return Reply(key=request.key, text=said, usage=usage, backend="renders")

class Renders(Plain):
    @staticmethod
    def template_notes(model):
        if "broken" in model.variables:
            raise ConfigError("chat template (toy): got broken, wanted whole", hint="take it out")
        return [f"the template is given {name}" for name in model.variables]

class Still:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""
    def __init__(self, config): pass
    def train(self, data, model, out):
        out.mkdir(parents=True)
        (out / "variables").write_text(str(dict(model.variables)))
        return TrainReport(model=ModelRef(path=str(out)), n_rows=len(data), n_tokens=0, n_steps=1, n_retokenised=0, losses=(1.0,))

@hookimpl
def sctk_backends():
    found = {"plain": "Plain", "renders": "Renders"}
    return [Component(name=name, target=f"{__name__}:{target}", summary="says") for name, target in found.items()]

@hookimpl
def sctk_trainers():
    return [Component(name="still", target=f"{__name__}:Still", summary="teaches nothing")]
'''


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """The plugin's file, with a model, prompts and held-out prompts beside it."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "prompts.jsonl").write_text('{"prompt": "How does a kite fly?"}\n')
    (tmp_path / "held.jsonl").write_text('{"prompt": "What does the sea weigh?"}\n')
    path = tmp_path / "renders_toy.py"
    path.write_text(PLUGIN)
    return path


def assembled(plugin: Path, *assignments: str, backend: str = "renders") -> Assembly:
    root = plugin.parent
    sections: dict[str, Any] = {
        "method": {"use": "dsc"}, "backend": {"use": backend}, "trainer": {"use": "still"}, "baseline": {"use": "still"},
        "source": {"use": "file", "path": str(root / "prompts.jsonl"), "held_out": str(root / "held.jsonl")},
        "reward": {"use": "lexicon"},
    }  # fmt: skip
    known = catalogue([plugin])
    layers = [Layer(origin="test", sections=sections), Layer(origin="--set", sections=from_assignments(assignments))]
    return assemble(with_defaults(layers, known), known)


def test_each_role_has_its_variables_and_so_have_the_arms(plugin: Path) -> None:
    thinks = "template.variables.enable_thinking=false"
    known = assembled(plugin, thinks, "roles.teacher.template.variables.depth=3")
    result = execute(known, out=plugin.parent / "run")
    drafts = pl.read_parquet(result.run / "chains/drafts/*.parquet")["text"]
    assert all(text.startswith("[('depth', 3), ('enable_thinking', False)] 1") for text in drafts)
    for arm in ("base", "student"):
        said = pl.read_parquet(result.run / f"evaluation/{arm}/samples/*.parquet")["text"]
        assert all(text.startswith("[('enable_thinking', False)] 1") for text in said)
    assert (result.run / "model/variables").read_text() == "{'enable_thinking': False}"
    assert {"the template is given depth", "the template is given enable_thinking"} <= set(result.notes)
    assert RunReader(result.run).manifest.roles["teacher"]["template"] == {"depth": 3, "enable_thinking": False}


def test_variables_make_another_run_and_none_make_the_same(plugin: Path) -> None:
    prints = {
        assembled(plugin, *assignments).fingerprint
        for assignments in (
            (), ("template.variables.enable_thinking=false",), ("template.variables.enable_thinking=true",),
            ("roles.teacher.template.variables.enable_thinking=true",), ("thoughts.part=false",), ("thoughts.train=all",),
            ("roles.teacher.thoughts.part=false",),
        )
    }  # fmt: skip
    assert len(prints) == 7
    assert assembled(plugin, "template.variables={}", "thoughts.part=true").fingerprint == assembled(plugin).fingerprint


def test_variables_that_nobody_would_read_are_refused(plugin: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[template\].*'plain' takes none"):
        assembled(plugin, "template.variables.enable_thinking=false", backend="plain")
    with pytest.raises(ConfigError, match=r"roles.teacher.*template.*'plain' takes none"):
        assembled(plugin, "roles.teacher.template.variables.x=1", backend="plain")
    with pytest.raises(ConfigError, match="unknown key 'enable_thinking'"):
        assembled(plugin, "template.enable_thinking=false")
    mixed = assembled(plugin, "template.variables.x=1", 'roles.teacher.backend={use="plain"}')
    assert (mixed.role("teacher").model.variables, mixed.student.model.variables) == ({}, {"x": 1})


def test_a_template_that_cannot_be_used_ends_the_run_before_anything_is_asked(plugin: Path) -> None:
    with pytest.raises(ConfigError, match="chat template"):
        execute(assembled(plugin, "template.variables.broken=1"), out=plugin.parent / "run")
    assert not list((plugin.parent / "run").glob("chains/*"))


def test_config_shows_the_variables(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["config", "--plugin", "dsc", "--load", str(plugin), "--set", "template.variables.enable_thinking=false"]
    assert main([*line, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sections"]["template"] == {"variables": {"enable_thinking": False}}
