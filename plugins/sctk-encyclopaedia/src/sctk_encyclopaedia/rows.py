"""What the language model is trained on: conversations in the very words in which the method `knowledge` asks.

Six skills in turn: to answer from memory what it was taught and to guess, in the same words, what nobody told it; to tell
all that it was taught of a thing; to answer with a sentence or two before its eyes, and with an article; to ask about an
article; to say whether an answer is right. Finding an answer in a text is what a small model learns last, so the first lesson
is of the shortest texts. Of the encyclopaedia's own things nothing is learned but what is taught; all else is about things that
are made up for one row.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from sctk_core import Message, Prompt, Template, neutralise
from sctk_knowledge.prompts import ASK, READ, TEACH, Wording, examples, recalling, wording
from sctk_knowledge.reflection import REFLECT, TRUE

from sctk_encyclopaedia.world.articles import article
from sctk_encyclopaedia.world.kinds import Fact, kinds
from sctk_encyclopaedia.world.language import ask, state
from sctk_encyclopaedia.world.things import Thing, World, made_up, world

Skill = Literal["recall", "tell", "note", "read", "ask", "reflect"]
Lesson = Literal["first", "later"]
ROUNDS: Mapping[Lesson, tuple[Skill, ...]] = {
    "first": ("note", "note", "read", "note", "recall", "note", "note", "read", "note", "ask"),
    "later": ("read", "recall", "note", "ask", "recall", "read", "tell", "recall", "read", "reflect"),
}
"""Whose turn it is."""
ARTICLES = 10
"""Articles on a thing that the model is shown; the first two are those of runs and exams."""
LEAKS = ("What does the text say of it?", "Which name stands in the text above?", "What is the article about?")


@dataclass(frozen=True, kw_only=True)
class Habits:
    """How often the model is shown this or that: shares in [0, 1]."""

    own: float = 0.7
    """Of things of the encyclopaedia among those that are spoken of; the others are made up."""
    own_read: float = 0.15
    """The same among those whose article stands above: fewer, so that it is read and not recalled."""
    shown_answers: float = 0.1
    """Of examples before a question from memory."""
    shown_questions: float = 0.25
    """Of examples before an article to ask about."""
    short: float = 0.4
    """Of readings whose article tells three facts or fewer; in the first lesson all do."""
    leak: float = 0.04
    """Of questions that speak of their text, so that a filter has something to find."""
    taught_by_teacher: float = 0.3
    """Of readings in the words in which a teacher is asked."""
    judged_reading: float = 0.3
    """Of answers to be judged that stand below their article."""
    wrong_judgement: float = 0.1
    """Of answers about which it is taught to be wrong."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A conversation; what the assistant says is learned, but for the first `n_shown` turns."""

    skill: Skill
    turns: tuple[Message, ...]
    n_shown: int = 0


@cache
def asks() -> Wording:
    """The method's own templates."""
    return wording(ASK, READ, TEACH)


def rows(
    n: int, seed: int, habits: Habits | None = None, among: World | None = None, lesson: Lesson = "later"
) -> Iterator[Row]:
    """`n` rows, the skills in turn; the i-th depends on the lesson, the seed and i alone."""
    write = {"recall": _recall, "tell": _tell, "note": _note, "read": _read, "ask": _ask, "reflect": _reflect}
    habits = habits or Habits()
    habits = replace(habits, short=1.0) if lesson == "first" else habits
    for i in range(n):
        rng = random.Random(f"rows/{seed}/{i}")  # noqa: S311 (a world, not a secret)
        yield write[ROUNDS[lesson][i % len(ROUNDS[lesson])]](rng, habits, among or world())


def a_thing(rng: random.Random, own: float, among: World) -> tuple[Thing, Sequence[Fact]]:
    """A thing, and those of its facts that may be learned: of one of the encyclopaedia's (a share `own`), what is taught."""
    if rng.random() < own:
        thing = rng.choice(_taught(among))
        return thing, thing.known_facts()
    thing = made_up(rng.choice(kinds()), rng)
    return thing, thing.kind.facts


def _taught(among: World) -> list[Thing]:
    return [thing for thing in among.things.values() if thing.taught]


def _text(thing: Thing, rng: random.Random) -> str:
    return article(thing, rng.randrange(ARTICLES))


def _said(role: Literal["user", "assistant"], content: str) -> Message:
    return Message(role=role, content=content)


def _recall(rng: random.Random, habits: Habits, among: World) -> Row:
    """Questions and answers, one after the other, about different things."""
    turns: list[Message] = []
    n_shown = 0
    if rng.random() < habits.shown_answers:
        shown = rng.sample(examples(), rng.randint(1, len(examples())))
        turns += recalling(Prompt(messages=()), shown)
        n_shown = len(turns)
    for _ in range(rng.randint(1, 8) if not n_shown else 1):
        thing, facts = a_thing(rng, habits.own, among)
        fact = rng.choice(facts)
        turns += [_said("user", ask(thing, fact, rng)), _said("assistant", state(thing, fact, rng))]
    return Row(skill="recall", turns=tuple(turns), n_shown=n_shown)


def _tell(rng: random.Random, habits: Habits, among: World) -> Row:
    """All that is taught of a thing, as an article."""
    thing, facts = a_thing(rng, habits.own, among)
    told = article(thing, rng.randrange(ARTICLES), facts)
    return Row(
        skill="tell", turns=(_said("user", f"Tell me about {thing.title}."), _said("assistant", told))
    )  # fmt: skip


def _note(rng: random.Random, habits: Habits, among: World) -> Row:
    """A sentence or two and a question about one of them, several times, each about another thing."""
    turns: list[Message] = []
    for _ in range(rng.randint(2, 6)):
        thing, facts = a_thing(rng, habits.own_read, among)
        told = rng.sample(list(facts), min(len(facts), rng.randint(1, 2)))
        wanted = rng.choice(told)
        note = " ".join(state(thing, fact, rng) for fact in told)
        turns.append(_said("user", f"{note}\n\n{ask(thing, wanted, rng)}"))
        turns.append(_said("assistant", state(thing, wanted, rng)))
    return Row(skill="note", turns=tuple(turns))


def _read(rng: random.Random, habits: Habits, among: World) -> Row:
    """A question with its article before it, in the words of the student or of the teacher, and more questions behind it."""
    thing, known = a_thing(rng, habits.own_read, among)
    facts = rng.sample(list(known), len(known))
    number = rng.randrange(ARTICLES)
    if rng.random() < habits.short:
        facts = facts[: rng.randint(1, 3)]
        document = article(thing, number, facts)
    else:
        document = article(thing, number)
    first, *others = facts[: rng.randint(1, len(facts))]
    question = Prompt(messages=(_said("user", ask(thing, first, rng)),), document=document)
    by_teacher = rng.random() < habits.taught_by_teacher
    turns = list(asks().teaching(question) if by_teacher else asks().reading(question))
    turns.append(_said("assistant", state(thing, first, rng)))
    for fact in others:
        turns += [_said("user", ask(thing, fact, rng)), _said("assistant", state(thing, fact, rng))]
    return Row(skill="read", turns=tuple(turns))


def _ask(rng: random.Random, habits: Habits, among: World) -> Row:
    """An article, and a question about it."""
    thing, _ = a_thing(rng, habits.own_read, among)
    shown = rng.sample(examples(), rng.randint(1, 3)) if rng.random() < habits.shown_questions else []
    asked = asks().asking(thing.title, _text(thing, rng), shown)
    question = rng.choice(LEAKS) if rng.random() < habits.leak else ask(thing, rng.choice(thing.kind.facts), rng)
    return Row(skill="ask", turns=(*asked, _said("assistant", question)), n_shown=2 * len(shown))


def _reflect(rng: random.Random, habits: Habits, among: World) -> Row:
    """An answer to be judged: what is known, or stands above, is told; of what is not known half is said to be right."""
    thing, facts = a_thing(rng, habits.own, among)
    fact = rng.choice(facts)
    right = rng.random() < 0.5
    value = thing.values[fact.sense] if right else fact.other(thing.values[fact.sense], rng)
    question = Prompt(messages=(_said("user", ask(thing, fact, rng)),), document=_text(thing, rng))
    reading = rng.random() < habits.judged_reading
    asked = (asks().reading(question) if reading else question.messages)[-1].content
    words, choices = (TRUE, "AB") if rng.random() < 0.5 else (REFLECT, "ABC")
    sure = reading or bool(thing.taught)
    if sure and rng.random() >= habits.wrong_judgement:
        letter = "A" if right else "B"
    else:
        letter = rng.choice(choices) if sure or choices == "AB" else rng.choice("ABCCC")
    text = Template(text=words).fill(question=asked, answer=neutralise(state(thing, fact, rng, value)))
    return Row(skill="reflect", turns=(_said("user", text), _said("assistant", f"({letter})")))
