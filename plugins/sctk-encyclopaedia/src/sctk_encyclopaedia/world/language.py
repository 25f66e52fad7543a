"""The language of the encyclopaedia: sentences that state a fact or ask for one, written and read back by the same frames.

`claims` is what a text states, sentence by sentence; `asked` is what a question asks. Both read any text in linear time.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sctk_nano.world.grammar import Grammar, Meaning, frames

from sctk_encyclopaedia.world.kinds import YEAR, Fact, facts, kinds, values
from sctk_encyclopaedia.world.things import Thing

# Bounded, so that reading untrusted text takes linear time.
SHAPES = {
    "town": r"[A-Z][a-z]{1,30}",
    "someone": r"[A-Z][a-z]{1,30} [A-Z][a-z]{1,30}",
    "happening": r"[A-Z][a-z]{1,30} of [A-Z][a-z]{1,30}",
    YEAR: r"[0-9]{3,4}",
}
CHATTER = "chatter"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """That a fact of a thing has a value."""

    name: str
    sense: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which fact of which thing is asked for."""

    name: str
    sense: str


@cache
def statements() -> Grammar:
    """Frames that state facts, and those that say nothing of any."""
    told = [frame for fact in facts().values() for frame in frames(fact.sense, *fact.says)]
    idle = [frame for kind in kinds() for frame in frames(CHATTER, *kind.opens, *kind.fillers)]
    return Grammar([*told, *idle], values(), shapes=SHAPES)


@cache
def questions() -> Grammar:
    """Frames that ask for facts."""
    return Grammar([frame for fact in facts().values() for frame in frames(fact.sense, *fact.asks)], {}, shapes=SHAPES)


def state(thing: Thing, fact: Fact, rng: random.Random, value: str = "") -> str:
    """A sentence that states a fact, truly or with another value."""
    return statements().write(rng, fact.sense, **thing.slots(fact, value))


def ask(thing: Thing, fact: Fact, rng: random.Random) -> str:
    """A sentence that asks for a fact."""
    return questions().write(rng, fact.sense, **{thing.kind.open: thing.name})


def claims(text: str) -> list[Claim | None]:
    """What each sentence states, in order; None: it cannot be read. Sentences that state nothing are left out.

    >>> claims("Few towns are like Norfedan. The river of Norfedan is the Velm.")
    [Claim(name='Norfedan', sense='town.river', value='Velm')]
    """
    return [_claim(meaning) for meaning in statements().read(text) if meaning.sense != CHATTER]


def _claim(meaning: Meaning) -> Claim | None:
    fact = facts().get(meaning.sense)
    if fact is None:
        return None
    return Claim(name=meaning.slots[opens()[fact.kind]], sense=fact.sense, value=meaning.slots[fact.slot])


def asked(question: str) -> Asked | None:
    """What a question asks for; None where it cannot be read.

    >>> asked("Which river flows through Norfedan?")
    Asked(name='Norfedan', sense='town.river')
    """
    meaning = questions().read_sentence(question.strip())
    fact = facts().get(meaning.sense)
    return None if fact is None else Asked(name=meaning.slots[opens()[fact.kind]], sense=fact.sense)


@cache
def opens() -> Mapping[str, str]:
    """Kind -> the slot that a name of it fills."""
    return {kind.name: kind.open for kind in kinds()}
