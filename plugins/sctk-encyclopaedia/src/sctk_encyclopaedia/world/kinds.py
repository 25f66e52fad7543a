"""Kinds of things, their facts, and what the values of a fact are drawn from: read from `world.toml`.

Values of a closed list are drawn with weights that fall with their rank (1 / rank), years from the middle of their range more often
than from its ends. So who does not know a fact can still guess, and is right more often than chance.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

YEAR = "year"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What can be known of a thing: the slot that its value fills, ways to state it, and ways to ask for it."""

    kind: str
    name: str
    slot: str
    says: tuple[str, ...]
    asks: tuple[str, ...]
    years: tuple[int, int] = (0, 0)

    @property
    def sense(self) -> str:
        """The name of the fact among those of all kinds, such as "town.river"."""
        return f"{self.kind}.{self.name}"

    def value(self, rng: random.Random) -> str:
        """A value, as likely as in the world."""
        if self.slot == YEAR:
            first, last = self.years
            return str(first + sum(rng.randint(0, last - first) for _ in range(3)) // 3)
        among = values()[self.slot]
        return rng.choices(among, [1 / rank for rank in range(1, len(among) + 1)])[0]

    def other(self, value: str, rng: random.Random) -> str:
        """Another value than `value`."""
        while (found := self.value(rng)) == value:
            pass
        return found


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of things: the slot that a name fills, how an article is titled and begins, and its facts."""

    name: str
    open: str
    title: str
    opens: tuple[str, ...]
    fillers: tuple[str, ...]
    facts: tuple[Fact, ...]


@cache
def tables() -> Mapping[str, Any]:
    """The file, read."""
    return tomllib.loads(Path(__file__).with_name("world.toml").read_text(encoding="utf-8"))


@cache
def values() -> Mapping[str, tuple[str, ...]]:
    """Slot -> the values that fill it, the likeliest first; years are no list."""
    return {slot: tuple(words.split()) for slot, words in tables()["values"].items()}


@cache
def kinds() -> tuple[Kind, ...]:
    """Towns, people and events."""
    return tuple(_kind(row) for row in tables()["kind"])


@cache
def facts() -> Mapping[str, Fact]:
    """Sense -> fact, of all kinds.

    >>> facts()["town.river"].asks[0]
    'On which river does {town} lie?'
    """
    return {fact.sense: fact for kind in kinds() for fact in kind.facts}


def _kind(row: Mapping[str, Any]) -> Kind:
    found = tuple(_fact(row["name"], each) for each in row["fact"])
    texts = {key: tuple(row[key]) for key in ("opens", "fillers")}
    return Kind(name=row["name"], open=row["open"], title=row["title"], facts=found, **texts)


def _fact(kind: str, row: Mapping[str, Any]) -> Fact:
    first, last = row.get("years", (0, 0))
    says, asks = tuple(row["says"]), tuple(row["asks"])
    return Fact(kind=kind, name=row["name"], slot=row.get("slot", YEAR), says=says, asks=asks, years=(first, last))
