"""The things that the encyclopaedia tells of, and which facts the model was taught: all from one seed.

A third of the names (by a hash) are the encyclopaedia's own; training makes up things with the other names to teach reading, asking
and guessing, so nothing that is learned there touches a thing of the encyclopaedia. Of its things, half are `seen`: the model was
shown their articles and taught most of their facts; of the others, and of the facts left out, it was taught nothing.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sctk_nano.world.words import NAMES

from sctk_encyclopaedia.world.kinds import Fact, Kind, kinds, tables

WORLD_SEED = 20240617
THINGS = 120
"""Of each kind."""
TAUGHT = 5 / 6
"""Share of the facts of a seen thing that the model is taught."""
EXAM = 1 / 4
"""Share of the things that are kept for the exam."""


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A town, person or event: its name, the value of each of its facts by sense, and which of them are taught."""

    kind: Kind
    name: str
    values: Mapping[str, str]
    seen: bool = False
    exam: bool = False
    taught: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        """What its article is called."""
        return self.kind.title.replace(f"{{{self.kind.open}}}", self.name)

    def slots(self, fact: Fact, value: str = "") -> dict[str, str]:
        """What fills the frames of a fact; `value` instead of the true one, where given."""
        return {self.kind.open: self.name, fact.slot: value or self.values[fact.sense]}

    def known_facts(self) -> list[Fact]:
        """The facts that are taught."""
        return [fact for fact in self.kind.facts if fact.sense in self.taught]


def is_own(invented: str) -> bool:
    """Whether an invented name may be one of the encyclopaedia's; the others are training's.

    >>> is_own("Norfedan") == is_own("Norfedan")
    True
    """
    return hashlib.blake2b(invented.encode(), person=b"encyclopaedia", digest_size=4).digest()[0] % 3 == 0


def made_up(kind: Kind, rng: random.Random, *, own: bool = False) -> Thing:
    """A thing of a kind with a name that is the encyclopaedia's own, or is not."""
    while is_own(invented := "".join(rng.choice(NAMES[part]) for part in ("starts", "middles", "ends"))) != own:
        pass
    value = {fact.sense: fact.value(rng) for fact in kind.facts}
    return Thing(kind=kind, name=_named(kind, invented, rng), values=value)


def _named(kind: Kind, invented: str, rng: random.Random) -> str:
    before = {name: words.split() for name, words in tables()["names"].items()}
    match kind.open:
        case "someone":
            return f"{rng.choice(before['first'])} {invented}"
        case "happening":
            return f"{rng.choice(before['happening'])} of {invented}"
    return invented


@dataclass(frozen=True, kw_only=True)
class World:
    """All things of the encyclopaedia, by name, in an order that the seed shuffles."""

    things: Mapping[str, Thing]

    def knows(self, name: str, sense: str) -> bool:
        """Whether the model was taught this fact of this thing."""
        return name in self.things and sense in self.things[name].taught

    def side(self, *, exam: bool) -> list[Thing]:
        """The things of the exam, or those of the run."""
        return [thing for thing in self.things.values() if thing.exam == exam]

    def seen(self) -> list[Thing]:
        """The things that the model was shown."""
        return [thing for thing in self.things.values() if thing.seen]


@cache
def world(seed: int = WORLD_SEED, n: int = THINGS) -> World:
    """The encyclopaedia of a seed, `n` things of each kind: no invented name occurs twice."""
    rng = random.Random(f"encyclopaedia/{seed}")  # noqa: S311 (a world, not a secret)
    found: list[Thing] = []
    taken: set[str] = set()
    for kind in kinds():
        for number in range(n):
            while (thing := made_up(kind, rng, own=True)).name.split()[-1] in taken:
                pass
            taken.add(thing.name.split()[-1])
            found.append(_placed(thing, number, rng))
    rng.shuffle(found)
    return World(things={thing.name: thing for thing in found})


def _placed(thing: Thing, number: int, rng: random.Random) -> Thing:
    """The number decides whether a thing is seen, and whose it is: both sides have as many of each."""
    seen = number % 2 == 0
    taught = frozenset(fact.sense for fact in thing.kind.facts if seen and rng.random() < TAUGHT)
    exam = (number // 2) % round(1 / EXAM) == 0
    return Thing(kind=thing.kind, name=thing.name, values=thing.values, seen=seen, exam=exam, taught=taught)
