"""The model of the later tasks goes on from the embedded one: equal bytes from equal seeds, and nothing unheard-of in its text."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sctk_nano import build_tasks, corpus_tasks, model_path, tokenizer, training
from sctk_nano.build_tasks import Plan, Stage
from sctk_nano.source import SourceConfig
from sctk_nano.source_tasks import NewsSource, OpinionSource, PersonaSource
from sctk_nano.world.words import ASPECTS, OBJECTS, split_of
from transformers import AutoModelForCausalLM, AutoTokenizer

FEW = Stage(conversations=8, schedule=training.Schedule(batch=8))
TINY = Plan(spelling_conversations=80, least=3, stages=(FEW, FEW))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tiny")
    build_tasks.build(TINY, out)
    return out


def test_the_same_plan_gives_the_same_bytes_also_stage_by_stage(tiny: Path, tmp_path: Path) -> None:
    build_tasks.learn(TINY, 0, model_path(), tmp_path / "first")
    build_tasks.learn(TINY, 1, tmp_path / "first", tmp_path / "second")
    assert contents(tmp_path / "second") == contents(tiny)


def test_new_words_begin_as_the_mean_of_what_spelled_them() -> None:
    nano: Any = AutoModelForCausalLM.from_pretrained(model_path(), dtype="float32")
    old: Any = AutoTokenizer.from_pretrained(model_path())
    model, tok = build_tasks.begun(TINY, model_path())
    ids = tok(" assistant", add_special_tokens=False)["input_ids"]
    assert len(ids) == 1
    spelled = nano.get_input_embeddings().weight[old(" assistant", add_special_tokens=False)["input_ids"]].mean(dim=0)
    assert model.get_input_embeddings().weight[ids[0]].equal(spelled)
    known = "First, wipe the lamp with a damp cloth."
    assert tok(known)["input_ids"] == old(known)["input_ids"]


def test_training_sees_what_the_chat_template_writes(tiny: Path) -> None:
    tok: Any = AutoTokenizer.from_pretrained(tiny)
    for turns in corpus_tasks.conversations(len(corpus_tasks.ROUND), 3):
        messages = [{"role": turn.role, "content": turn.content} for turn in turns]
        ids, learned = tokenizer.encode(tok, turns)
        assert tok.apply_chat_template(messages, tokenize=True, return_dict=False) == ids
        taught = tok.decode([i for i, wanted in zip(ids, learned, strict=True) if wanted])
        assert taught == "".join(turn.content + "<|end|>" for turn in turns if turn.role == "assistant")


def test_nothing_of_the_other_splits_was_ever_trained_on() -> None:
    """Rebuilds all text that made the shipped model and looks for what runs and evaluation name."""
    plan = json.loads((model_path("nano-tasks") / "build.json").read_text(encoding="utf-8"))["plan"]
    seen: set[str] = set()
    for number, stage in enumerate(plan["stages"]):
        for text in corpus_tasks.texts(stage["conversations"], plan["seed"] + number):
            seen.update(re.findall(r"[A-Za-z-]+", text))
    assert seen >= set(OBJECTS["world"])
    for words in (ASPECTS, OBJECTS):
        assert not seen & {*words["prompts"], *words["held-out"]}
    config = SourceConfig(n_prompts=900, n_held_out=300)
    asked = [
        prompt.meta
        for source in (NewsSource(config), PersonaSource(config), OpinionSource(config))
        for prompts in (source.prompts(), source.held_out())
        for prompt in prompts
    ]
    names = {meta["group"] if meta["task"] == "role-play" else meta["town"] for meta in asked}
    assert {split_of(name) for name in names} == {"prompts", "held-out"}
    assert not names & seen
