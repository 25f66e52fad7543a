"""The source `encyclopaedia-choices`: questions with choices that no training is about, to see what the model has forgotten.

`others`: facts that it was taught, of things that runs do not ask about. `notes`: facts of things that were made up for one
question and stand in a note above it, so that it must read. The choices state the fact in one sentence with four values, in an
order that chance draws; which is likeliest is asked of the model, and nothing is written.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sctk_core import Message, Prompt, setting
from sctk_core.choosing import with_choices

from sctk_encyclopaedia.world.kinds import Fact, kinds
from sctk_encyclopaedia.world.language import ask, state
from sctk_encyclopaedia.world.things import Thing, made_up, world

N_CHOICES = 4


class EncyclopaediaChoices:
    """Questions of which the likeliest of four answers is taken."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What they are about, and how many there are."""

        about: Literal["others", "notes"] = setting(
            "others",
            help="others: taught facts of things that runs do not ask about; notes: what stands in a note above",
        )
        n: int = setting(200, help="questions, or as many as there are", unit="questions", low=1)
        seed: int = setting(0, help="which facts, and in which words", low=0)
        things: Literal["asked", "kept"] = setting(
            "kept",
            help="kept: others are the things that runs know from the exam alone; asked: those that runs ask about usually",
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def prompts(self) -> Iterator[Prompt]:
        """The questions."""
        rng = random.Random(f"encyclopaedia-choices/{self.config.about}/{self.config.seed}")  # noqa: S311 (a draw, not a secret)
        return (choice(thing, fact, rng, note=note) for thing, fact, note in self._facts(rng))

    def held_out(self) -> Iterator[Prompt]:
        """None: all of them are of evaluation."""
        return iter(())

    def _facts(self, rng: random.Random) -> list[tuple[Thing, Fact, str]]:
        """Things, what is asked of them, and the notes that stand above."""
        n = self.config.n
        if self.config.about == "notes":
            made = [made_up(kinds()[number % len(kinds())], rng) for number in range(n)]
            return [
                (thing, told[0], _note(thing, told, rng))
                for thing in made
                for told in [rng.sample(thing.kind.facts, 2)]
            ]
        side = world().side(exam=self.config.things == "kept")
        found = [(thing, fact, "") for thing in side for fact in thing.known_facts()]
        rng.shuffle(found)
        return found[:n]


def _note(thing: Thing, told: list[Fact], rng: random.Random) -> str:
    """Two facts of a thing in a sentence each, in either order."""
    lines = [state(thing, fact, rng) for fact in told]
    rng.shuffle(lines)
    return " ".join(lines)


def choice(thing: Thing, fact: Fact, rng: random.Random, *, note: str = "") -> Prompt:
    """A question for a fact, its true value among four in the same sentence."""
    values = [thing.values[fact.sense]]
    while len(values) < N_CHOICES:
        other = fact.value(rng)
        if other not in values:
            values.append(other)
    words = rng.randrange(1 << 32)
    texts = [state(thing, fact, random.Random(words), value) for value in values]  # noqa: S311 (a draw, not a secret)
    right = texts[0]
    rng.shuffle(texts)
    question = ask(thing, fact, rng)
    asked = f"{note}\n\n{question}" if note else question
    meta = {"group": thing.name, "kind": thing.kind.name} | with_choices(texts, "choice")
    return Prompt(messages=(Message(role="user", content=asked),), reference=right, meta=meta)
