"""The start model: what it is trained on solves nothing, the builder goes on when interrupted, the shipped one is as stated."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import Counter
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from sctk_core import ConfigError, Failure
from sctk_mirror.tasks.svamp import conclude, equal
from sctk_nano.skill import figure
from sctk_word_problems import build, corpus, model_path, skill, tokenizer, training
from sctk_word_problems.source import WordProblems
from sctk_word_problems.world.problems import distinct, read
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

SCHEDULE = training.Schedule(batch=8)
TINY = build.Plan(
    spelled=60,
    shape=training.Shape(hidden=32, encoder_layers=1, decoder_layers=1, heads=4, head_dim=8, inner=32),
    stages=(
        build.Stage(pairs=64, mix={"numbers": 1.0, "stated": 1.0}, schedule=SCHEDULE),
        build.Stage(pairs=64, mix=dict.fromkeys(corpus.KINDS, 1.0), schedule=SCHEDULE),
    ),
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("start")
    assert len(build.build(TINY, out)) == 2
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def test_what_was_interrupted_goes_on_to_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny / "stages", tmp_path / "stages")
    shutil.move(tmp_path / "stages" / "01", tmp_path / "stages" / "part")
    first = (tmp_path / "stages" / "00" / "model.safetensors").stat().st_mtime_ns
    build.build(TINY, tmp_path)
    assert contents(tmp_path) == contents(tiny)
    assert (tmp_path / "stages" / "00" / "model.safetensors").stat().st_mtime_ns == first
    with pytest.raises(ConfigError, match="another plan"):
        build.build(replace(TINY, seed=1), tmp_path)


def test_answers_that_it_is_trained_on_are_right_no_more_often_than_chance_and_verdicts_by_a_third() -> None:
    right, readable, verdicts = [], 0, Counter[str]()
    for pair in corpus.pairs(3000, 3, {"answer": 1.0}):
        problem = read(pair.source.removeprefix("predict: "))
        assert problem is not None
        said = conclude(pair.target)
        assert not isinstance(said, Failure)
        readable += 1
        right.append(equal(said, str(problem.gold)))
    assert readable == 3000
    assert figure(right).share < 0.10, figure(right)
    for pair in corpus.pairs(1500, 3, {"verdict": 1.0}):
        verdicts[pair.target] += 1
    assert set(verdicts) == {"correct", "wrong", "uncertain"}
    assert max(verdicts.values()) < 0.38 * 1500


def test_no_problem_of_a_run_and_no_combination_that_is_held_out_is_trained_on() -> None:
    source = WordProblems(WordProblems.Config(n_prompts=1000, n_held_out=500))
    asked = {prompt.messages[-1].content for side in (source.prompts(), source.held_out()) for prompt in side}
    trained = [problem.text for problem in islice(distinct("prompts", corpus.SPLIT_SEED + build.Plan().seed), 5000)]
    assert not asked & set(trained)


def test_what_is_read_off_is_in_the_problem_and_no_operation_is_named() -> None:
    for pair in corpus.pairs(500, 3, {"read off": 1.0}):
        missing = [piece.strip() for piece in tokenizer.parted(pair.target)[2::2]]
        assert missing
        assert set(missing) <= set(re.findall(r"\d+", pair.source))
        assert not set("+*/=") & set(pair.source + pair.target)


def test_gaps_hold_what_was_taken_out_of_a_text() -> None:
    for problem in islice(distinct("prompts", 2), 300):
        pair = corpus.gaps(problem.text, random.Random(problem.text))
        taken = dict(zip(*[iter(tokenizer.parted(pair.target)[1:])] * 2, strict=True))
        whole = "".join(taken.get(piece, piece) for piece in tokenizer.parted(pair.source.removeprefix("fill: ")))
        assert whole == problem.text


@pytest.fixture(scope="module", params=["tiny", "shipped"])
def place(request: pytest.FixtureRequest, tiny: Path) -> Path:
    return tiny if request.param == "tiny" else model_path()


def test_others_load_it_as_any_encoder_decoder(place: Path) -> None:
    tok: Any = AutoTokenizer.from_pretrained(place)
    model: Any = AutoModelForSeq2SeqLM.from_pretrained(place)
    assert model.config.model_type == "t5"
    assert model.dtype == torch.bfloat16
    assert model.get_input_embeddings().weight is model.get_output_embeddings().weight
    ids = tok("predict: Ada had 12 red apples.", return_tensors="pt")
    assert ids["input_ids"][0, -1] == tok.eos_token_id
    assert model.generate(**ids, max_new_tokens=4).shape[0] == 1
    assert sum(path.stat().st_size for path in place.iterdir() if path.is_file()) < 10_000_000


def test_any_text_is_spelled_and_comes_back(place: Path) -> None:
    tok: Any = AutoTokenizer.from_pretrained(place)
    texts = [problem.text for problem in islice(distinct("held-out", 4), 100)]
    texts += ["( ( 12 - 345 ) * 7 )", "1234 = 0.5\n\n déjà vu 漢字 </s> <extra_id_0>!", "  two  spaces ", "x-1"]
    for text in texts:
        ids = tok(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        assert tok.decode(ids, clean_up_tokenization_spaces=False) == text
        assert not set(ids) & set(tok.all_special_ids)
    assert tok.tokenize("( 12 - 345 ) = 6789")[:2] == ["(", "Ġ12"]


def test_words_and_numbers_of_the_held_out_problems_are_single_tokens() -> None:
    tok: Any = AutoTokenizer.from_pretrained(model_path())
    for problem in islice(distinct("held-out", 5), 300):
        pieces = tok.tokenize(problem.text)
        spaces = sum(piece == "Ġ" for piece in pieces)
        assert len(pieces) - spaces <= len(problem.text.split()) + sum(problem.text.count(mark) for mark in ",.?-'") + 2


def test_the_shipped_model_is_what_its_builder_and_its_card_say() -> None:
    facts = json.loads((model_path() / "build.json").read_text())
    assert facts["plan"] == json.loads(json.dumps(asdict(build.Plan())))
    card = (model_path() / "README.md").read_text()
    assert f"{facts['parameters']:,} weights" in card
    assert all(f"| {name} | {row.share:.3f} |" in card for name, row in skill.stated(model_path()).items())


def test_the_shipped_model_can_do_what_it_can_and_no_more() -> None:
    student, tok = build.loaded(model_path())
    problems = list(islice(distinct("held-out", 77), 150))
    stated = skill.stated(model_path())
    for name, row in skill.as_it_came(student, tok, problems).items():
        assert row.overlaps(stated[f"as it came: {name}"]), name
    assert stated["as it came: it is right"].share < 0.10
    assert stated["as it came: its numbers are the problem's"].share > 0.8
    after = stated[f"{skill.TAUGHT:,} gold problems: it is right"]
    assert 0.25 < after.share < 0.9
