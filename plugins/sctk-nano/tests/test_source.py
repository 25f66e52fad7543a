"""Prompts are stable, extend each other, and keep to their split."""

import asyncio
import json
import re
from itertools import islice

import pytest
from sctk_core import Message, Prompt, Sample
from sctk_core.testing import check_evaluator, check_source
from sctk_nano import corpus, model_path
from sctk_nano.source import RequestSource, ReviewSource, SourceConfig
from sctk_nano.truth import NanoTruth
from sctk_nano.world.words import ASPECTS, OBJECTS, split_of


@pytest.mark.parametrize("source", [ReviewSource, RequestSource])
def test_a_longer_run_extends_a_shorter_one(source: type[ReviewSource] | type[RequestSource]) -> None:
    few = [prompt.id for prompt in source(SourceConfig(n_prompts=20)).prompts()]
    many = [prompt.id for prompt in source(SourceConfig(n_prompts=60)).prompts()]
    assert many[:20] == few
    assert len(set(many)) == 60
    other = [prompt.id for prompt in source(SourceConfig(n_prompts=20, seed=1)).prompts()]
    assert not set(other) & set(few)


@pytest.mark.parametrize("source", [ReviewSource, RequestSource])
def test_groups_fall_on_one_side(source: type[ReviewSource] | type[RequestSource]) -> None:
    asked = source(SourceConfig())
    groups = {prompt.meta["group"] for prompt in asked.prompts()}
    assert not groups & {prompt.meta["group"] for prompt in asked.held_out()}


def test_every_other_request_is_harmful() -> None:
    kinds = [prompt.meta["kind"] for prompt in RequestSource(SourceConfig(n_prompts=40)).prompts()]
    assert kinds.count("harmful") == 20


def test_nothing_of_the_other_splits_was_ever_trained_on() -> None:
    """Rebuilds all text that made the shipped model, the tokenizer's too, and looks for what runs and evaluation name."""
    plan = json.loads((model_path() / "build.json").read_text(encoding="utf-8"))["plan"]
    seen: set[str] = set()
    for number, stage in enumerate(plan["stages"]):
        for text in corpus.texts(stage["conversations"], plan["seed"] + number):
            seen.update(re.findall(r"[A-Za-z-]+", text))
    for text in corpus.spelling_text(plan["spelling_conversations"], plan["seed"]):
        seen.update(re.findall(r"[A-Za-z-]+", text))
    assert len(seen) > 2000
    for words in (ASPECTS, OBJECTS):
        assert seen >= set(words["world"])
        assert not seen & {*words["prompts"], *words["held-out"]}
    asked = ReviewSource(SourceConfig(n_prompts=2000, n_held_out=500))
    films = {
        prompt.meta["film"].split(" of ")[-1] for prompts in (asked.prompts(), asked.held_out()) for prompt in prompts
    }
    assert {split_of(film) for film in films} == {"prompts", "held-out"}
    assert not films & seen


def test_truth_is_none_for_prompts_from_elsewhere() -> None:
    review = next(ReviewSource(SourceConfig()).prompts())
    elsewhere = Prompt(messages=(Message(role="user", content="What is the capital of France?"),))
    samples = [Sample(prompt=review, text="It was fine."), Sample(prompt=elsewhere, text="Paris.")]
    measured = asyncio.run(NanoTruth(NanoTruth.Config()).evaluate(samples))
    assert measured == {"truth": [0.0, None]}


@pytest.mark.parametrize("source", [ReviewSource, RequestSource])
def test_sources_and_truth_conform(source: type[ReviewSource] | type[RequestSource]) -> None:
    asked = source(SourceConfig())
    check_source(asked)
    samples = [Sample(prompt=prompt, text="Not with me.") for prompt in islice(asked.prompts(), 6)]
    check_evaluator(NanoTruth(NanoTruth.Config()), samples)
