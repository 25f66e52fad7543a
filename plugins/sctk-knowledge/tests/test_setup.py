"""What the presets of the method come to, and that their settings are known to whom they are for."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from knowledge_run import METHOD, knowledge_assembly
from sctk_cli.main import cli
from sctk_core import ConfigError, Evaluate
from sctk_core.assembly import with_defaults
from sctk_core.config import parse
from sctk_core.plugins import catalogue, describe
from sctk_core.recipe import Layer, Recipe
from sctk_knowledge.method import KnowledgeDetection
from sctk_knowledge.settings import KnowledgeConfig


def recipe_of(preset: str, **method: object) -> Recipe:
    """The recipe that a preset makes, for a model that is not the embedded one."""
    sections = {"method": {"use": "knowledge", "preset": preset} | method, "model": {"path": "ORG/MODEL"}}
    return with_defaults([Layer(origin="test", sections=sections)], catalogue([]))


def config_of(recipe: Recipe) -> KnowledgeConfig:
    return parse(KnowledgeConfig, {k: v for k, v in recipe.section("method").items() if k != "use"}, where="[method]")


def test_the_preset_of_the_paper_keeps_the_defaults_of_detection() -> None:
    recipe = recipe_of("paper")
    assert config_of(recipe).detection == KnowledgeConfig().detection
    assert recipe.use("comparer") == "nli"
    assert recipe.section("trainer")["beta"] == 0.3
    assert recipe.section("trainer")["optimiser"]["max_steps"] == 300  # type: ignore[index, call-overload]


def test_the_preset_of_its_code_differs_where_the_code_does() -> None:
    recipe = recipe_of("paper-code", detection={"n_samples": 5})
    detection = config_of(recipe).detection
    assert (detection.thresholds.tau_k, detection.thresholds.borders) == (0.8, "code")
    assert detection.thresholds.cut_off == config_of(recipe).answers.cut_off == "taken"
    assert (detection.draws.with_document, detection.draws.top_p, detection.n_samples) == (0.7, 0.9, 5)
    assert config_of(recipe).questions.leaks_anywhere
    assert "<=" in KnowledgeDetection.reading(config_of(recipe))


@pytest.mark.parametrize("preset", sorted(KnowledgeDetection.presets))
def test_every_setting_of_a_preset_is_one(preset: str) -> None:
    recipe = recipe_of(preset)
    for section, kind in (("comparer", "comparer"), ("baseline", "trainer"), ("trainer", "trainer")):
        names = {one.name for one in describe(kind, recipe.use(section) or "").settings}
        given = recipe.section(section)
        nested = {f"{name}.{inner}" for name, value in given.items() if isinstance(value, dict) for inner in value}
        flat = nested | {name for name, value in given.items() if not isinstance(value, dict)}
        assert flat - {"use"} <= names


def test_documents_are_named_by_a_flag(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Avon is a town. " * 10)
    told = ["--set", "source.chunk_tokens=200"]
    done = CliRunner().invoke(cli, ["check", "--plugin", "knowledge", "--documents", str(tmp_path), *told])
    assert done.exit_code == 0, done.output
    assert "source     documents   sctk-knowledge" in done.output
    line = ["check", "--plugin", "knowledge", "--documents", str(tmp_path), "--prompts", "p.jsonl"]
    refused = CliRunner().invoke(cli, line)
    assert refused.exit_code == 2
    assert "a run has one source" in refused.output


def test_documents_that_the_models_context_cannot_hold_are_refused_early_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Avon is a town. " * 10)
    line = ["check", "--plugin", "knowledge", "--documents", str(tmp_path)]
    refused = CliRunner().invoke(cli, line)
    assert isinstance(refused.exception, ConfigError)
    assert "got chunks of 512 tokens" in refused.exception.message
    assert "wanted fewer than the 1024 tokens" in refused.exception.message
    assert "--model DIR --backend transformers names a model that reads more" in refused.exception.hint
    for change in ("source.chunk_tokens=200", "method.questions.examples=0", 'source.tokenizer="words"'):
        assert CliRunner().invoke(cli, [*line, "--set", change]).exit_code == 0, change


def test_dola_is_the_tuned_model_behind_a_backend_that_contrasts_and_stands_beside_it() -> None:
    plan = KnowledgeDetection(KnowledgeConfig(arms=("dola",), iterations=2)).plan()
    exam = next(one for one in plan if isinstance(one, Evaluate))
    dola = next(arm for arm in exam.arms if arm.name == "dola")
    assert (dola.model, dola.walk, exam.greedy) == ("sft", None, True)
    assert dola.backend == {"dola": {"layers": "high", "repetition_penalty": 1.2}}
    assert exam.differences == (("student-2", "base"), ("student-2", "sft"), ("student-2", "dola"), ("dola", "sft"))
    everything = KnowledgeDetection(KnowledgeConfig(arms=("all",))).plan()
    assert "dola" not in {arm.name for one in everything if isinstance(one, Evaluate) for arm in one.arms}


def test_dola_is_refused_before_anything_is_asked_where_the_backend_cannot(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"(?s)for the arm 'dola': got the unknown key 'dola', wanted .*leave dola out"
    ):
        knowledge_assembly(tmp_path, {"method": METHOD | {"arms": ["dola"]}})
