"""The shipped models: small, plain, loadable, and as skilled as their cards say; the run that needs nothing else."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from sctk_core import Message, ModelRef, Prompt, Reply, Request, Sample, Sampling, Score
from sctk_core.assembly import assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer, Recipe
from sctk_encyclopaedia import model_path, skill, skill_nli
from sctk_encyclopaedia.backend import EncyclopaediaBackend
from sctk_encyclopaedia.build import Plan
from sctk_encyclopaedia.build_nli import Plan as NliPlan
from sctk_encyclopaedia.nli import EncyclopaediaNli
from sctk_nano.skill import Figure
from transformers import AutoModelForCausalLM, AutoTokenizer

MODELS: tuple[Literal["language", "nli"], ...] = ("language", "nli")


def stated(name: Literal["language", "nli"]) -> dict[str, Figure]:
    """The figures of a card."""
    return {key: Figure(**row) for key, row in json.loads((model_path(name) / "skill.json").read_text()).items()}


@pytest.mark.parametrize("name", MODELS)
def test_it_is_at_most_ten_megabytes_and_of_the_builders_own_plan(name: Literal["language", "nli"]) -> None:
    assert sum(path.stat().st_size for path in model_path(name).iterdir()) <= 10_000_000
    plan = json.loads((model_path(name) / "build.json").read_text())["plan"]
    own = Plan() if name == "language" else NliPlan()
    assert plan["seed"] == own.seed
    assert [stage["schedule"]["learning_rate"] for stage in plan["stages"]] == [
        stage.schedule.learning_rate for stage in own.stages
    ]


def test_transformers_loads_the_language_model_without_code_of_ours() -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(model_path(), dtype=torch.float32)
    tok: Any = AutoTokenizer.from_pretrained(model_path())
    said = [{"role": "user", "content": "Corsalis lies on the Velm.\n\nOn which river does Corsalis lie?"}]
    prompt = tok.apply_chat_template(said, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    reply = model.generate(**prompt, do_sample=False, max_new_tokens=32)[0, prompt["input_ids"].shape[1] :]
    assert reply[-1] == tok.eos_token_id
    assert "Velm" in tok.decode(reply, skip_special_tokens=True)


def test_it_knows_what_it_was_taught_reads_and_guesses_the_rest() -> None:
    found = stated("language")
    memory = {group: found[f"{group}, from memory: true"] for group in skill.GROUPS}
    reading = {group: found[f"{group}, with the article: true"] for group in skill.GROUPS}
    untaught = [group for group in skill.GROUPS if group != "taught"]
    assert memory["taught"].low > 0.8
    assert all(memory[group].high < 0.5 for group in untaught)
    assert all(reading[group].low > memory[group].high for group in untaught)
    assert all(found[f"{group}, from memory: says what was asked"].low > 0.8 for group in skill.GROUPS)
    assert found["question is well formed, 3 examples shown"].low > 0.8


def test_the_nli_model_is_good_and_imperfect() -> None:
    assert 0.85 < stated("nli")["all"].low < stated("nli")["all"].high < 0.97


@pytest.mark.slow
def test_the_shipped_models_have_the_stated_skill() -> None:
    """Measured again on fewer items with another seed: every interval meets the stated one."""
    again = asyncio.run(skill.measure(model_path(), 60, seed=1)) | skill_nli.measure(model_path("nli"), 600, seed=1)
    card = stated("language") | stated("nli")
    assert set(again) == set(card)
    assert [name for name, row in again.items() if not row.overlaps(card[name])] == []


def sample(text: str) -> Sample:
    prompt = Prompt(messages=(Message(role="user", content="On which river does Corsalis lie?"),))
    return Sample(prompt=prompt, text=text, backend="test")


def test_the_comparer_tells_contradiction() -> None:
    nli = EncyclopaediaNli(EncyclopaediaNli.Config())
    first = sample("Corsalis lies on the Velm.")
    others = [sample("The Velm flows through Corsalis."), sample("The Ostra flows through Corsalis.")]
    same, other = asyncio.run(nli.compare([(first, one) for one in others]))
    assert same.value < 0.2 < 0.8 < other.value


def test_a_judge_and_a_backend_may_load_at_once() -> None:
    """Two threads in from_pretrained at once left weights without data; one waits for the other."""
    prompt = Request(
        messages=(Message(role="user", content="Corsalis lies on the Velm.\n\nOn which river does Corsalis lie?"),),
        sampling=Sampling(temperature=0.0, max_new_tokens=24), seed=0, key="0",
    )  # fmt: skip
    first, other = sample("Corsalis lies on the Velm."), sample("The Ostra flows through Corsalis.")

    async def both() -> None:
        backend = EncyclopaediaBackend(EncyclopaediaBackend.Config(), model=ModelRef(path=str(model_path())))
        asked = asyncio.ensure_future(backend.generate([prompt]))
        await asyncio.sleep(0)
        (score,) = await EncyclopaediaNli(EncyclopaediaNli.Config()).compare([(first, other)])
        (reply,) = await asked
        await backend.aclose()
        assert isinstance(score, Score)
        assert score.value > 0.8
        assert isinstance(reply, Reply)
        assert "Velm" in reply.text

    for _ in range(8):
        asyncio.run(both())


def recipe_of(**sections: dict[str, object]) -> Recipe:
    return with_defaults([Layer(origin="test", sections={"method": {"use": "knowledge"}} | sections)], catalogue([]))


def test_knowledge_runs_on_the_embedded_world_where_no_documents_are_named(tmp_path: Path) -> None:
    own = recipe_of()
    assert [own.use(name) for name in ("backend", "source", "comparer")] == [
        "encyclopaedia", "encyclopaedia", "encyclopaedia-nli",
    ]  # fmt: skip
    assert assemble(own, catalogue([])).student.model.path == str(model_path())
    (tmp_path / "a.txt").write_text("Avon is a town. " * 10)
    brought = recipe_of(source={"use": "documents", "path": str(tmp_path)})
    assert [brought.use(name) for name in ("backend", "source", "comparer")] == ["nano", "documents", "lexical"]
    limits = brought.section("method")["questions"]["limits"]
    assert (limits["document_words"], brought.section("method")["questions"]["n"]) == (512, 8)
