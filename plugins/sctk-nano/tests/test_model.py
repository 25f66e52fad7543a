"""The shipped model: small, plain, loadable, and as skilled as its card says."""

import asyncio
import tomllib
from typing import Any

import pytest
import torch
from sctk_nano import model_path
from sctk_nano.skill import Figure, Walk, figure, findings_are_right, measure, stated
from sctk_nano.source import ReviewSource, SourceConfig
from sctk_nano.world.conversation import task_text
from transformers import AutoModelForCausalLM, AutoTokenizer


def test_it_is_at_most_ten_megabytes() -> None:
    assert sum(path.stat().st_size for path in model_path().iterdir()) <= 10_000_000


def test_transformers_loads_it_without_code_of_ours() -> None:
    model: Any = AutoModelForCausalLM.from_pretrained(model_path(), dtype=torch.float32)
    tok: Any = AutoTokenizer.from_pretrained(model_path())
    assert (model.config.model_type, model.config.head_dim) == ("llama", 64)
    assert model.config.max_position_embeddings == tok.model_max_length == 1024
    assert model.generation_config.eos_token_id == tok.eos_token_id
    said = [{"role": "user", "content": 'What did you think of "Wenrigar"? Tell me about the plot.'}]
    prompt = tok.apply_chat_template(said, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    reply = model.generate(**prompt, do_sample=False, max_new_tokens=96)[0, prompt["input_ids"].shape[1] :]
    text = tok.decode(reply, skip_special_tokens=True)
    assert reply[-1] == tok.eos_token_id
    assert "Wenrigar" in text
    assert "the plot" in text.lower()


@pytest.mark.parametrize("task", ["sentiment", "safety"])
def test_the_critic_asks_in_the_words_that_were_learned(task: str) -> None:
    """Where sctk-critics is installed, its preset of the same name says what the model was trained on."""
    critics = pytest.importorskip("sctk_critics")
    from importlib.resources import files

    preset = tomllib.loads(files(critics).joinpath(f"presets/{task}.toml").read_text("utf-8"))
    assert (preset["critique"], preset["revise"]) == (task_text(task).critique, task_text(task).revise)


SUCCESS = (0.70, 0.90)  # of revisions of drafts that were not good: imperfect skill, and known


def test_the_stated_skill_leaves_something_to_do() -> None:
    for task, rows in stated(model_path()).items():
        success = rows["revision succeeds (draft was not good)"]
        assert SUCCESS[0] <= success.share <= SUCCESS[1], task
        assert success.n >= 90
        assert rows["draft is good"].high < 0.75
        assert rows["revision is good"].low > rows["draft is good"].high
        assert 0.5 < rows["critique: verdict is right"].share < 1.0


@pytest.mark.slow
def test_the_shipped_model_has_the_stated_skill() -> None:
    """Measured again on fewer prompts with another seed: every interval meets the stated one."""
    again = asyncio.run(measure(model_path(), 60, seed=1))
    card = stated(model_path())
    assert {task: set(rows) for task, rows in again.items()} == {task: set(rows) for task, rows in card.items()}
    apart = [
        (task, name, row, card[task][name])
        for task, rows in again.items()
        for name, row in rows.items()
        if not row.overlaps(card[task][name])
    ]
    assert not apart


def test_a_figure_has_wilsons_interval() -> None:
    assert figure([True] * 9 + [False]) == Figure(share=0.9, low=0.5958, high=0.9821, yes=9, n=10)
    assert not figure([True] * 50).overlaps(figure([False] * 50))


def test_a_critique_is_right_when_it_names_all_faults_and_no_other() -> None:
    prompt = next(iter(ReviewSource(SourceConfig()).prompts()))
    aspect = prompt.meta["aspects"]
    draft = f'"{prompt.meta["film"]}" is truly dull. I hated the {aspect}.'
    full = f"The first words are sour. It is harsh on the {aspect}.\nVerdict: revise"
    short = f"It is harsh on the {aspect}.\nVerdict: revise"
    wrong = "The first words are sour. It is harsh on the weather.\nVerdict: revise"
    found = [
        findings_are_right("sentiment", Walk(prompt=prompt, draft=draft, critique=critique, revision=""))
        for critique in (full, short, wrong)
    ]
    assert found == [True, False, False]
