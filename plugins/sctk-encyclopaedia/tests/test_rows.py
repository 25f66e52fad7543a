"""What the models are trained on teaches what it should, and nothing that it must not."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from sctk_core import Failure, Prompt
from sctk_encyclopaedia import spelling
from sctk_encyclopaedia.build import encoded
from sctk_encyclopaedia.pairs import LABELS, label_of, pairs
from sctk_encyclopaedia.rows import ROUNDS, Habits, Row, asks, rows
from sctk_encyclopaedia.truth import holds
from sctk_encyclopaedia.world.language import asked, claims
from sctk_encyclopaedia.world.things import world
from sctk_knowledge.prompts import examples, recalling
from sctk_knowledge.questions import Asking
from sctk_knowledge.reflection import reflection
from sctk_knowledge.settings import Questions

ROWS = list(rows(1_000, 7))
PAIRS = list(pairs(1_200, 7))


def learned(row: Row) -> list[str]:
    return [turn.content for turn in row.turns[row.n_shown :] if turn.role == "assistant"]


def of(skill: str) -> list[Row]:
    return [row for row in ROWS if row.skill == skill]


def test_the_same_seed_gives_the_same_rows_and_more_rows_begin_with_fewer() -> None:
    assert list(rows(50, 7)) == ROWS[:50]
    assert list(rows(50, 8)) != ROWS[:50]
    assert Counter(row.skill for row in ROWS) == {
        skill: 100 * count for skill, count in Counter(ROUNDS["later"]).items()
    }


def test_the_first_lesson_is_of_the_shortest_texts() -> None:
    first = list(rows(300, 7, lesson="first"))
    assert Counter(row.skill for row in first) == {
        skill: 30 * count for skill, count in Counter(ROUNDS["first"]).items()
    }
    told = [claims(row.turns[0].content.partition("\n\n")[0]) for row in first if row.skill == "read"]
    assert {len([one for one in each if one]) for each in told} == {1, 2, 3}
    whole = [claims(row.turns[0].content.partition("\n\n")[0]) for row in of("read")]
    assert 0.4 < sum(len([one for one in each if one]) == 6 for each in whole) / len(whole) < 0.8


def test_nothing_that_is_not_taught_is_ever_learned() -> None:
    """Not one thing that was never seen is named, and no untaught fact of a seen one stands in what the assistant says."""
    unseen = {thing.name for thing in world().things.values() if not thing.seen}
    alone = {name.split()[-1] for name in unseen}
    for row in ROWS:
        for turn in row.turns:
            assert not alone & {*turn.content.replace(".", " ").replace("?", " ").replace("\n", " ").split()}
        if row.skill in ("recall", "tell", "note", "read"):
            said = [one for text in learned(row) for one in claims(text)]
            assert said
            for one in said:
                assert one is not None
                if one.name in world().things:
                    assert one.sense in world().things[one.name].taught
                    assert holds(one, world())


def test_every_taught_fact_is_asked_for_before_long() -> None:
    wanted = {(thing.name, sense) for thing in world().seen() for sense in thing.taught}
    told = {
        (one.name, one.sense) for row in rows(3_000, 0) for text in learned(row) for one in claims(text)
        if row.skill == "recall" and one is not None
    }  # fmt: skip
    assert len(wanted - told) < 0.25 * len(wanted)


def test_answers_say_what_was_asked() -> None:
    for row in (*of("recall"), *of("read")):
        own = row.turns[row.n_shown :]
        for question, answer in list(pairwise(own))[::2]:
            about = asked(question.content.rpartition(": ")[2].partition("\n")[0])
            assert about is not None
            said = claims(answer.content)
            assert [(one.name, one.sense) for one in said if one] == [(about.name, about.sense)]


def test_readings_agree_with_their_article() -> None:
    for row in of("read"):
        above = row.turns[0].content.partition("\n\n")[0]
        assert {label_of(above, answer) for answer in learned(row)} == {"entailment"}


def test_notes_hold_their_answers_and_each_is_about_another_thing() -> None:
    for row in of("note"):
        for said, answer in list(pairwise(row.turns))[::2]:
            above, _, question = said.content.partition("\n\n")
            (claim,) = claims(answer.content)
            about = asked(question)
            assert claim is not None
            assert about is not None
            assert (claim.name, claim.sense) == (about.name, about.sense)
            assert label_of(above, answer.content) == "entailment"
            assert 1 <= len(claims(above)) <= 2


def test_questions_are_about_their_article_and_most_pass_the_methods_own_reader() -> None:
    reader = Asking(n=1, settings=Questions(), wording=asks())
    told = [(row, reader.read(learned(row)[0])) for row in of("ask")]
    good = [(row, one) for row, one in told if isinstance(one, str)]
    assert not any(isinstance(one, Failure) for _, one in told)
    assert 0.9 < len(good) / len(told) < 0.995
    for row, question in good:
        about, title = asked(question), row.turns[-2].content.partition("\n")[0]
        assert about is not None
        assert about.name in title


def test_words_are_those_of_the_method() -> None:
    shown = [row for row in of("ask") if row.n_shown]
    assert 0.2 < len(shown) / len(of("ask")) < 0.4
    known = {one.question for one in examples()}
    assert all(turn.content in known for row in shown for turn in row.turns[1 : row.n_shown : 2])
    begun = [row for row in of("recall") if row.n_shown]
    pool = {turn.content for turn in recalling(Prompt(messages=()), examples())}
    assert begun
    assert all(turn.content in pool for row in begun for turn in row.turns[: row.n_shown])


def test_judgements_are_choices_and_mostly_right() -> None:
    told = [(row, learned(row)[0]) for row in of("reflect")]
    assert all(not isinstance(reflection(text), Failure) for _, text in told)
    sure = []
    for row, text in told:
        answer = row.turns[0].content.partition("Proposed answer: ")[2].partition("\n")[0]
        (claim,) = claims(answer)
        assert claim is not None
        if claim.name in world().things and text != "(C)":
            sure.append((text == "(A)") == holds(claim, world()))
    assert 0.85 < sum(sure) / len(sure) < 0.99


def test_unknown_values_are_guessed_as_they_fall() -> None:
    """What is said of things that were made up is drawn as the world draws: the likeliest river first."""
    told = Counter(
        one.value for row in of("recall") for text in learned(row) for one in claims(text)
        if one is not None and one.sense == "town.river" and one.name not in world().things
    )  # fmt: skip
    rivers = [value for value, _ in told.most_common()]
    assert sum(told.values()) > 15
    assert rivers[0] in ("Ostra", "Velm")
    assert len(rivers) > 4


def test_habits_can_be_changed() -> None:
    never = Habits(leak=0.0, shown_questions=0.0, shown_answers=0.0)
    assert not any(row.n_shown for row in rows(300, 0, never))


@pytest.mark.parametrize("label", LABELS)
def test_labels_are_what_reading_both_texts_says(label: str) -> None:
    told = [one for one in PAIRS if one.label == label]
    assert len(told) == 400
    for one in told:
        assert label_of(one.premise, one.hypothesis) == label, one


@pytest.mark.parametrize("own", [False, True])
def test_pairs_of_training_and_of_measuring_share_no_name(own: bool) -> None:
    for one in pairs(300, 3, own=own):
        said = claims(f"{one.premise} {one.hypothesis}")
        named = {claim.name.split()[-1] for claim in said if claim}
        ours = {name.split()[-1] for name in world().things}
        assert bool(named & ours) == own


@pytest.mark.parametrize(
    ("hypothesis", "label"),
    [
        ("Norfedan lies on the Velm.", "entailment"),
        ("Norfedan lies on the Velm. Its streets are narrow.", "entailment"),
        ("Norfedan lies on the Tiss.", "contradiction"),
        ("Norfedan lies on the Velm. Norfedan lies on the Tiss.", "contradiction"),
        ("Norfedor lies on the Velm.", "neutral"),
        ("Norfedan is known for its salt.", "neutral"),
        ("Norfedan lies on the Velm. Norfedan is known for its salt.", "neutral"),
        ("Its streets are narrow.", "neutral"),
        ("Norfedan is a river.", None),
    ],
)
def test_label_of_a_pair(hypothesis: str, label: str | None) -> None:
    assert label_of("The Velm flows through Norfedan.", hypothesis) == label


@pytest.fixture(scope="module")
def tok() -> Any:
    return spelling.learn(0)


def test_words_and_years_are_whole_and_names_are_short(tok: Any) -> None:
    for word in spelling.lexicon():
        assert len(tok(f" {word}", add_special_tokens=False)["input_ids"]) == 1, word
    names = [name.split()[-1] for name in world().things]
    lengths = [len(tok(f" {name}", add_special_tokens=False)["input_ids"]) for name in names]
    assert sum(lengths) / len(lengths) < 3.6
    assert "1150" in spelling.lexicon()
    assert "1499" in spelling.lexicon()


def test_rows_fit_the_model_and_only_the_own_answers_are_learned(tok: Any) -> None:
    for row in ROWS[:80]:
        ids, wanted = encoded(tok, row)
        assert len(ids) < 1024
        taught = tok.decode([i for i, one in zip(ids, wanted, strict=True) if one])
        assert taught == "".join(f"{text}<|end|>" for text in learned(row))


def test_some_first_texts_are_articles() -> None:
    assert 0.1 < sum(len(claims(one.premise)) > 1 for one in PAIRS) / len(PAIRS) < 0.2
