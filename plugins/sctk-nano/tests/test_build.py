"""The builder: the same bytes from the same seed, and a model that others can load."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sctk_nano import corpus, tokenizer, training
from sctk_nano.build import Plan, build
from transformers import AutoModelForCausalLM, AutoTokenizer

TINY = Plan(
    conversations=48,
    spelling_conversations=200,
    vocab_size=500,
    shape=training.Shape(hidden=64, layers=1, heads=2, kv_heads=1, head_dim=32, inner=64),
    schedule=training.Schedule(batch=8),
)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tiny")
    build(TINY, out)
    return out


def test_the_same_plan_gives_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    build(TINY, tmp_path)
    again = contents(tmp_path)
    assert again == contents(tiny)
    assert {"model.safetensors", "tokenizer.json", "config.json", "generation_config.json", "build.json"} <= set(again)


def test_another_seed_gives_other_weights(tiny: Path, tmp_path: Path) -> None:
    build(replace(TINY, seed=1), tmp_path)
    assert contents(tmp_path)["model.safetensors"] != contents(tiny)["model.safetensors"]


def test_sharpness_is_a_temperature(tiny: Path, tmp_path: Path) -> None:
    build(replace(TINY, sharpness=1.5), tmp_path)
    ids = torch.tensor([[1, 3, 40, 41, 5, 4]])
    logits = [AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)(ids).logits for path in (tiny, tmp_path)]
    assert torch.allclose(logits[0] * 1.5, logits[1], rtol=0.02, atol=0.02)


def test_it_learns(tmp_path: Path) -> None:
    short = build(replace(TINY, conversations=8), tmp_path / "short")
    longer = build(replace(TINY, conversations=480), tmp_path / "longer")
    assert longer < short - 1.0


def test_only_the_assistant_is_learned_from(tiny: Path) -> None:
    tok = AutoTokenizer.from_pretrained(tiny)
    turns = next(corpus.conversations(1, 0))
    ids, learned = tokenizer.encode(tok, turns)
    taught = tok.decode([i for i, wanted in zip(ids, learned, strict=True) if wanted])
    assert taught == "".join(turn.content + "<|end|>" for turn in turns if turn.role == "assistant")


def test_training_sees_what_the_chat_template_writes(tiny: Path) -> None:
    tok = AutoTokenizer.from_pretrained(tiny)
    for turns in corpus.conversations(6, 3):
        messages = [{"role": turn.role, "content": turn.content} for turn in turns]
        ids, _ = tokenizer.encode(tok, turns)
        assert tok.apply_chat_template(messages, tokenize=True, return_dict=False) == ids


def test_the_tokenizer_spells_anything(tiny: Path) -> None:
    tok = AutoTokenizer.from_pretrained(tiny)
    for text in ("Zoë's résumé – 映画, 🎬\n\ttwo  spaces", "<|end|> is text here"):
        ids = tok(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        assert tok.decode(ids) == text
        assert not set(ids) & set(tok.all_special_ids)
