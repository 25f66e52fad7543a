"""The builders at toy size: the same bytes from the same seed, interrupted or not, and models that others load."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from sctk_core import ConfigError
from sctk_encyclopaedia import build, build_nli, skill, skill_nli
from sctk_encyclopaedia.pairs import LABELS, Pair
from sctk_nano import training
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

SCHEDULE = training.Schedule(batch=8)
SHAPE = training.Shape(hidden=64, layers=1, heads=2, kv_heads=1, head_dim=32, inner=64)
TINY = build.Plan(
    threads=1,
    shape=SHAPE,
    stages=(build.Stage(rows=40, schedule=SCHEDULE, lesson="first"), build.Stage(rows=40, schedule=SCHEDULE)),
)
TINY_NLI = build_nli.Plan(
    threads=1,
    shape=build_nli.Shape(hidden=32, layers=1, heads=2, inner=32),
    stages=(build_nli.Stage(pairs=64, schedule=SCHEDULE),) * 2,
)
MADE: dict[str, Any] = {"build": lambda out: build.build(TINY, out), "nli": lambda out: build_nli.build(TINY_NLI, out)}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.fixture(scope="module", params=MADE)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    out = tmp_path_factory.mktemp(request.param)
    losses = MADE[request.param](out)
    assert len(losses) == 2
    return request.param, out


def test_what_was_interrupted_goes_on_to_the_same_bytes(made: tuple[str, Path], tmp_path: Path) -> None:
    name, out = made
    shutil.copytree(out / "stages", tmp_path / "stages")
    shutil.move(tmp_path / "stages" / "01", tmp_path / "stages" / "part")
    (tmp_path / "stages" / "part" / "loss").unlink()
    first = (tmp_path / "stages" / "00" / "model.safetensors").stat().st_mtime_ns
    MADE[name](tmp_path)
    assert contents(tmp_path) == contents(out)
    assert (tmp_path / "stages" / "00" / "model.safetensors").stat().st_mtime_ns == first
    assert not (tmp_path / "stages" / "part").exists()


def test_stages_of_another_plan_are_not_gone_on_with(made: tuple[str, Path]) -> None:
    name, out = made
    with pytest.raises(ConfigError, match="another plan"):
        build.build(replace(TINY, seed=1), out) if name == "build" else build_nli.build(replace(TINY_NLI, seed=1), out)


def test_others_load_the_language_model(tmp_path: Path) -> None:
    build.build(replace(TINY, stages=TINY.stages[:1]), tmp_path)
    tok: Any = AutoTokenizer.from_pretrained(tmp_path)
    model: Any = AutoModelForCausalLM.from_pretrained(tmp_path)
    ids = tok.apply_chat_template([{"role": "user", "content": "When was Norfedan founded?"}], return_tensors="pt")
    assert model.generate(**ids, max_new_tokens=4).shape[0] == 1
    assert model.dtype == torch.bfloat16


def test_others_load_the_nli_model_as_any_classifier_of_pairs(tmp_path: Path) -> None:
    build_nli.build(replace(TINY_NLI, stages=TINY_NLI.stages[1:]), tmp_path)
    tok: Any = AutoTokenizer.from_pretrained(tmp_path)
    model: Any = AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert [model.config.id2label[number] for number in range(3)] == list(LABELS)
    texts = [["Norfedan lies on the Velm.", "The <|end|> Velm flows through Norfedan."], ["A.", "B."]]
    found = tok(texts, padding=True, truncation=True, return_tensors="pt", split_special_tokens=True)
    both = model(**found).logits
    alone = model(**tok([texts[1]], return_tensors="pt")).logits
    assert both.shape == (2, 3)
    assert torch.allclose(both[1:], alone, atol=1e-5)
    assert (found["input_ids"] == tok.eos_token_id).sum() == 4


def test_the_nli_model_learns_its_pairs() -> None:
    torch.manual_seed(0)
    plan = replace(TINY_NLI, shape=build_nli.Shape(hidden=64, layers=1, heads=2, inner=64))
    model, tok = build_nli.begun(plan)
    rows = build_nli.read(tok, build_nli.pairs(12, 0)) * 40
    schedule = replace(SCHEDULE, learning_rate=3e-3)
    assert build_nli.fit(model, rows, schedule, 0, plan.words) < 0.8  # untrained: 1.1


def test_words_are_learned_of_second_texts_that_are_entailed_alone() -> None:
    torch.manual_seed(0)
    model, tok = build_nli.begun(TINY_NLI)
    entailed, neutral = build_nli.read(tok, [Pair(premise="A.", hypothesis="B.", label=label) for label in LABELS[:2]])
    with torch.no_grad():
        alone = build_nli.losses_of(model, [entailed])[1]
        assert torch.allclose(build_nli.losses_of(model, [entailed, neutral])[1], alone)
        assert build_nli.losses_of(model, [neutral])[1] == 0.0
        by_hand = -model.model(torch.tensor([entailed[0]])).last_hidden_state[0] @ model.model.embed_tokens.weight.T
    second = entailed[0].index(tok.eos_token_id) + 1
    expected = torch.stack(
        [-(-by_hand[i - 1]).log_softmax(-1)[entailed[0][i]] for i in range(second, len(entailed[0]))]
    )
    assert torch.allclose(alone, expected.mean(), atol=1e-5)


def test_the_language_model_learns(tmp_path: Path) -> None:
    (loss,) = build.build(replace(TINY, stages=(build.Stage(rows=200, schedule=SCHEDULE),)), tmp_path)
    assert loss < 6.5  # untrained: log 1465 = 7.3


def test_models_are_measured_and_their_cards_say_so(made: tuple[str, Path], tmp_path: Path) -> None:
    name, out = made
    shutil.copytree(out, tmp_path / "model", ignore=shutil.ignore_patterns("stages"))
    place = tmp_path / "model"
    if name == "build":
        found = asyncio.run(skill.measure(place, 2))
        assert len(found) == 2 + 3 * 5 * 2
        assert not any(row.yes for key, row in found.items() if key.endswith("true"))
    else:
        found = skill_nli.measure(place, 90)
        assert found["all"].n == 90
        assert 0.1 < found["all"].share < 0.7
    skill.tell(found, place, write=True)
    kept = json.loads((place / "skill.json").read_text())
    assert set(kept) == set(found)
    card = (place / "README.md").read_text()
    assert f"{json.loads((place / 'build.json').read_text())['parameters']:,} weights" in card
    assert all(f"| {key} |" in card for key in found)
