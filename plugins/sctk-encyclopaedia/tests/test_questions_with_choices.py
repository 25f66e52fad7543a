"""The encyclopaedia's question sets, and its checker over two answers: what is asked, what is right, what is preferred."""

from __future__ import annotations

import asyncio
import random

import pytest
from sctk_core import Failure, Message, Prompt, Sample
from sctk_core.choosing import choices_of
from sctk_core.testing import check_comparer, check_source
from sctk_encyclopaedia.checker import EncyclopaediaChecker
from sctk_encyclopaedia.choices import EncyclopaediaChoices
from sctk_encyclopaedia.source import Encyclopaedia
from sctk_encyclopaedia.truth import is_taught, verdict
from sctk_encyclopaedia.world.language import ask, asked, claims, state
from sctk_encyclopaedia.world.things import world


def questions(about: str, things: str = "kept") -> list[Prompt]:
    source = EncyclopaediaChoices(EncyclopaediaChoices.Config(about=about, things=things))  # type: ignore[arg-type]
    check_source(source)
    return list(source.prompts())


def test_others_are_taught_facts_of_things_that_no_run_asks_about() -> None:
    run = {one.meta["group"] for one in Encyclopaedia(Encyclopaedia.Config(n_articles=270)).prompts()}
    found = questions("others")
    assert len({one.id for one in found}) == 200
    assert not run & {one.meta["group"] for one in found}
    assert all(is_taught(one.question) for one in found)
    assert not {one.meta["group"] for one in questions("others", "asked")} & {one.meta["group"] for one in found}


def test_one_of_the_choices_is_true_and_all_state_what_is_asked_in_the_same_words() -> None:
    for one in questions("others"):
        choices = choices_of(one)
        assert [verdict(one.question, choice).word for choice in choices].count("true") == 1
        assert verdict(one.question, one.reference or "").word == "true"
        told = [(choice, claim.value) for choice in choices for claim in claims(choice) if claim]
        assert len({value for _, value in told}) == len(choices) == 4
        assert len({choice.replace(value, "...") for choice, value in told}) == 1


def test_a_note_tells_the_answer_of_a_thing_that_nobody_was_taught() -> None:
    for one in questions("notes"):
        note, _, question = one.question.partition("\n\n")
        about = asked(question)
        assert about is not None
        assert about.name not in world().things
        told = {(claim.name, claim.sense): claim.value for claim in claims(note) if claim}
        right = claims(one.reference or "")[0]
        assert right is not None
        assert told[about.name, about.sense] == right.value


def test_a_run_brings_both_sets_of_the_side_that_it_does_not_ask_about() -> None:
    rows = Encyclopaedia.tests(Encyclopaedia.Config())
    assert [(row["label"], row.get("things")) for row in rows] == [("others", "kept"), ("notes", None)]
    assert Encyclopaedia.tests(Encyclopaedia.Config(things="kept"))[0]["things"] == "asked"


def answered(question: str, text: str) -> Sample:
    return Sample(prompt=Prompt(messages=(Message(role="user", content=question),)), text=text)


@pytest.mark.parametrize(("first", "second", "wanted"), [(1, 0, 1.0), (0, 1, -1.0), (1, 1, 0.0), (0, 0, 0.0)])
def test_the_checker_prefers_what_is_true_alone(first: int, second: int, wanted: float) -> None:
    thing = next(iter(world().seen()))
    fact, rng = thing.kind.facts[1], random.Random(0)
    texts = [state(thing, fact, rng, fact.other(thing.values[fact.sense], rng)), state(thing, fact, rng)]
    question = ask(thing, fact, rng)
    checker = EncyclopaediaChecker(EncyclopaediaChecker.Config())
    pair = (answered(question, texts[first]), answered(question, texts[second]))
    (found,) = asyncio.run(checker.compare([pair]))
    assert not isinstance(found, Failure)
    assert found.value == wanted
    check_comparer(checker, [pair])


def test_what_the_encyclopaedia_does_not_know_is_not_counted() -> None:
    pair = (answered("Who are you?", "Nobody."), answered("Who are you?", "Somebody."))
    (found,) = asyncio.run(EncyclopaediaChecker(EncyclopaediaChecker.Config()).compare([pair]))
    assert isinstance(found, Failure)
    assert found.reason == "the checker knows no answer to the question"
