"""The world: what is written is read back, what is taught is told apart, and the checker knows what is true."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sctk_core import Message, Prompt, Sample
from sctk_core.testing import check_evaluator, check_source
from sctk_encyclopaedia.source import Encyclopaedia
from sctk_encyclopaedia.truth import EncyclopaediaTruth, is_taught, verdict
from sctk_encyclopaedia.world.articles import article
from sctk_encyclopaedia.world.kinds import Fact, facts, kinds
from sctk_encyclopaedia.world.language import Asked, Claim, ask, asked, claims, questions, state, statements
from sctk_encyclopaedia.world.things import THINGS, Thing, is_own, made_up, world
from sctk_knowledge.leaks import leak

THING = st.builds(
    lambda kind, seed: made_up(kind, random.Random(seed), own=True), st.sampled_from(kinds()), st.integers()
)
NAMES = {"town": "Norfedan", "someone": "Ada Norfedan", "happening": "Battle of Norfedan"}


@pytest.mark.parametrize("sense", facts())
def test_every_frame_is_read_back_as_its_own_fact(sense: str) -> None:
    fact = facts()[sense]
    value = fact.value(random.Random(0))
    for text in fact.says:
        sentence = text.format(**NAMES, **{fact.slot: value})
        assert statements().read_sentence(sentence).sense == sense, sentence
    for text in fact.asks:
        assert questions().read_sentence(text.format(**NAMES)).sense == sense, text
        assert not leak(text.format(**NAMES))


@given(THING, st.integers(0, 5), st.integers())
def test_what_is_stated_and_asked_is_what_is_read(thing: Thing, place: int, seed: int) -> None:
    fact, rng = thing.kind.facts[place], random.Random(seed)
    wrong = fact.other(thing.values[fact.sense], rng)
    told = [Claim(name=thing.name, sense=fact.sense, value=value) for value in (thing.values[fact.sense], wrong)]
    assert claims(f"{state(thing, fact, rng)} {state(thing, fact, rng, wrong)}") == told
    assert asked(ask(thing, fact, rng)) == Asked(name=thing.name, sense=fact.sense)


@given(THING, st.integers(0, 9))
def test_an_article_states_each_fact_once_and_nothing_else(thing: Thing, number: int) -> None:
    text = article(thing, number)
    assert text == article(thing, number)
    said = claims(text)
    assert None not in said
    assert {one.sense: one.value for one in said if one} == dict(thing.values)
    assert len(said) == len(thing.values)
    assert 20 < len(text.split()) < 90


def every_fact() -> Iterator[tuple[Thing, Fact]]:
    for thing in world().things.values():
        for fact in thing.kind.facts:
            yield thing, fact


def test_the_encyclopaedia_is_the_same_every_time_and_another_by_another_seed() -> None:
    world.cache_clear()
    first = world()
    world.cache_clear()
    assert world() == first
    assert list(world().things) == list(first.things)
    assert len(first.things) == 3 * THINGS
    assert len({name.split()[-1] for name in first.things}) == 3 * THINGS
    assert {*world(1).things} != {*first.things}


def test_names_of_training_are_never_the_encyclopaedias() -> None:
    rng = random.Random(0)
    made = [made_up(kind, rng) for kind in kinds() for _ in range(300)]
    assert not any(is_own(thing.name.split()[-1]) for thing in made)
    assert all(is_own(name.split()[-1]) for name in world().things)


def test_splits_are_even_in_kinds_and_in_what_was_seen() -> None:
    counts = Counter((thing.kind.name, thing.seen, thing.exam) for thing in world().things.values())
    assert set(counts.values()) == {THINGS * 3 // 8, THINGS // 8}
    taught = [fact.sense in thing.taught for thing, fact in every_fact() if thing.seen]
    assert 0.80 < sum(taught) / len(taught) < 0.87
    assert not any(thing.taught for thing in world().things.values() if not thing.seen)


def test_a_guess_at_the_likeliest_value_is_better_than_chance_and_far_from_sure() -> None:
    for fact in facts().values():
        drawn = Counter(fact.value(random.Random(seed)) for seed in range(800))
        top = drawn.most_common(1)[0][1] / 800
        assert 1.3 / len(drawn) < top < 0.6, fact.sense


@pytest.mark.parametrize("word", ["true", "false"])
def test_the_checker_tells_true_from_false_for_every_fact(word: str) -> None:
    rng = random.Random(word)
    for thing, fact in every_fact():
        value = thing.values[fact.sense] if word == "true" else fact.other(thing.values[fact.sense], rng)
        assert verdict(ask(thing, fact, rng), state(thing, fact, rng, value)).word == word


def a_town() -> Thing:
    return next(thing for thing in world().things.values() if thing.kind.name == "town")


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("The river of {name} is the {river}. Its streets are narrow.", "true"),
        ("{name} lies on the {river}. {name} is known for its {goods}.", "true"),
        ("{name} lies on the {river}. {name} was founded in 999.", "false"),
        ("{name} lies on the {other}.", "false"),
        ("{name} lies on the {river}. It is a pretty one.", "unknown"),
        ("{name} is known for its {goods}.", "unknown"),
        ("Zanzozar lies on the {river}.", "unknown"),
        ("{name} lies on the Thames.", "unknown"),
        ("The {river}.", "unknown"),
        ("I do not know.", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_checker_on_answers_of_all_sorts(answer: str, word: str) -> None:
    thing = a_town()
    river, goods = thing.values["town.river"], thing.values["town.goods"]
    other = next(name for name in ("Velm", "Tiss") if name != river)
    text = answer.format(name=thing.name, river=river, goods=goods, other=other)
    assert verdict(f"On which river does {thing.name} lie?", text).word == word


@pytest.mark.parametrize("question", ["On which river does Zanzozar lie?", "What does the text say?", "", "?"])
def test_a_question_of_nothing_in_the_encyclopaedia_has_no_truth(question: str) -> None:
    assert verdict(question, "Zanzozar lies on the Velm.").word == "unknown"
    assert is_taught(question) is None


def test_taught_is_told_by_question() -> None:
    thing = next(thing for thing in world().seen() if 0 < len(thing.taught) < 6)
    told = {fact.sense: is_taught(ask(thing, fact, random.Random(0))) for fact in thing.kind.facts}
    assert told == {fact.sense: fact.sense in thing.taught for fact in thing.kind.facts}
    assert {*told.values()} == {True, False}


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert verdict(f"When was {a_town().name} founded?", text).word == "unknown"
    assert asked(text) is None


def seconds(text: str) -> float:
    """CPU time of judging a text twice over, the better of two tries: other processes do not count."""

    def once() -> float:
        began = time.process_time()
        verdict(f"When was {a_town().name} founded?", text)
        asked(text)
        return time.process_time() - began

    return min(once() for _ in range(2))


@pytest.mark.parametrize("piece", ["A", "Aa ", "The Battle of A. ", " \n", "?!. ", "It was in 1", "The "])
def test_reading_takes_linear_time(piece: str) -> None:
    text = piece * 2_000
    seconds(text)
    assert seconds(text * 8) < 24 * seconds(text) + 0.1  # quadratic: 64 times


def sample(question: str, text: str) -> Sample:
    prompt = Prompt(messages=(Message(role="user", content=question),))
    return Sample(prompt=prompt, text=text, chain=0, sweep=0, rank=0, backend="test")


def test_the_evaluator_tells_known_from_unknown() -> None:
    thing = next(thing for thing in world().seen() if 0 < len(thing.taught) < 6)
    rng = random.Random(0)
    rows = [sample(ask(thing, fact, rng), state(thing, fact, rng)) for fact in thing.kind.facts]
    rows += [sample("Who are you?", "Nobody.")]
    told = asyncio.run(EncyclopaediaTruth(EncyclopaediaTruth.Config()).evaluate(rows))
    taught = [fact.sense in thing.taught for fact in thing.kind.facts]
    assert told["truth"] == [1.0] * 6 + [None]
    assert told["truth_taught"] == [1.0 if one else None for one in taught] + [None]
    assert told["truth_untaught"] == [None if one else 1.0 for one in taught] + [None]
    check_evaluator(EncyclopaediaTruth(EncyclopaediaTruth.Config()), rows)


def test_the_exam_is_of_other_things_unless_told() -> None:
    source = Encyclopaedia(Encyclopaedia.Config())
    check_source(source)
    run, exam = list(source.prompts()), list(source.held_out())
    assert (len(run), len(exam)) == (60, 60)
    assert not {one.meta["group"] for one in run} & {one.meta["group"] for one in exam}
    assert sum(one.meta["seen"] == "true" for one in run) == 30
    few = Encyclopaedia(Encyclopaedia.Config(n_articles=7, exam="same"))
    assert [one.id for one in few.prompts()] == [one.id for one in run[:7]]
    assert len(list(few.held_out())) == 7
    same = list(Encyclopaedia(Encyclopaedia.Config(exam="same")).held_out())
    assert [one.meta["group"] for one in same] == [one.meta["group"] for one in run]
    assert not {one.document for one in same} & {one.document for one in run}


def test_what_is_kept_to_choose_settings_on_is_in_no_run() -> None:
    asked = {one.meta["group"] for one in Encyclopaedia(Encyclopaedia.Config(n_articles=270)).prompts()}
    kept = Encyclopaedia(Encyclopaedia.Config(things="kept", n_articles=90, exam="same"))
    check_source(Encyclopaedia(Encyclopaedia.Config(things="kept")))
    run, exam = ([one.meta["group"] for one in side] for side in (kept.prompts(), kept.held_out()))
    assert (len(set(run)), run[:60]) == (90, exam)
    assert not asked & set(run)
    others = Encyclopaedia(Encyclopaedia.Config(things="kept")).held_out()
    assert {one.meta["group"] for one in others} <= asked


def test_another_seed_is_about_other_things() -> None:
    first, second = (
        [one.meta["group"] for one in Encyclopaedia(Encyclopaedia.Config(seed=n)).prompts()] for n in (0, 1)
    )
    assert 0 < len(set(first) & set(second)) < 40
