"""The builder: the same bytes from the same seed, and a model that others can load."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sctk_nano import corpus, tokenizer, training
from sctk_nano.build import Plan, Stage, build, go_on
from sctk_nano.world.words import ASPECTS, OBJECTS
from transformers import AutoModelForCausalLM, AutoTokenizer

FEW = Stage(conversations=24, whole_words=False, schedule=training.Schedule(batch=8))
WHOLE = replace(FEW, whole_words=True)
TINY = Plan(
    spelling_conversations=200,
    vocab_size=500,
    shape=training.Shape(hidden=64, layers=1, heads=2, kv_heads=1, head_dim=32, inner=64),
    stages=(FEW, WHOLE),
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


def test_a_stage_goes_on_from_what_the_last_one_stored(tiny: Path, tmp_path: Path) -> None:
    build(replace(TINY, stages=(FEW,), sharpness=1.0), tmp_path / "first")
    go_on(TINY, 1, tmp_path / "first", tmp_path / "second")
    assert contents(tmp_path / "second") == contents(tiny)


def test_words_of_every_split_are_whole_and_random(tiny: Path) -> None:
    tok: Any = AutoTokenizer.from_pretrained(tiny)
    model: Any = AutoModelForCausalLM.from_pretrained(tiny)
    ids = [tok(f" {word}", add_special_tokens=False)["input_ids"] for word in (*ASPECTS["world"], *OBJECTS["held-out"])]
    assert {len(each) for each in ids} == {1}
    assert len({each[0] for each in ids}) == len(ids)
    rows = model.get_input_embeddings().weight[[each[0] for each in ids]].float()
    known, unheard = rows[: len(ASPECTS["world"])].norm(dim=1).mean(), rows[len(ASPECTS["world"]) :].norm(dim=1).mean()
    assert abs(known / unheard - 1) < 0.1


def test_it_learns(tmp_path: Path) -> None:
    longer = Stage(conversations=320, whole_words=False, schedule=training.Schedule(batch=8))
    assert build(replace(TINY, stages=(longer,)), tmp_path) < 5.0  # untrained: log 500 = 6.2


def test_only_the_assistant_is_learned_from(tiny: Path) -> None:
    tok: Any = AutoTokenizer.from_pretrained(tiny)
    turns = next(corpus.conversations(1, 0))
    ids, learned = tokenizer.encode(tok, turns)
    taught = tok.decode([i for i, wanted in zip(ids, learned, strict=True) if wanted])
    assert taught == "".join(turn.content + "<|end|>" for turn in turns if turn.role == "assistant")


def test_training_sees_what_the_chat_template_writes(tiny: Path) -> None:
    tok: Any = AutoTokenizer.from_pretrained(tiny)
    for turns in corpus.conversations(6, 3):
        messages = [{"role": turn.role, "content": turn.content} for turn in turns]
        ids, _ = tokenizer.encode(tok, turns)
        assert tok.apply_chat_template(messages, tokenize=True, return_dict=False) == ids


def test_the_tokenizer_spells_anything(tiny: Path) -> None:
    tok: Any = AutoTokenizer.from_pretrained(tiny)
    for text in ("Zoë's résumé – 映画, 🎬\n\ttwo  spaces", "<|end|> is text here"):
        ids = tok(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        assert tok.decode(ids) == text
        assert not set(ids) & set(tok.all_special_ids)
