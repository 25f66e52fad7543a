"""What the NLI model is trained on: two texts of the encyclopaedia's language, and how the second follows from the first.

Entailment: all that the second states, the first states too, in whatever words. Contradiction: it gives another value to a
fact that the first states. Neutral: anything else, another fact or another thing, some of whose names are alike. All pairs
are about things that are made up; those of the encyclopaedia itself are what the model is measured on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from sctk_encyclopaedia.world.articles import article
from sctk_encyclopaedia.world.kinds import Fact, kinds
from sctk_encyclopaedia.world.language import Claim, claims, state
from sctk_encyclopaedia.world.things import Thing, made_up, world

Label = Literal["entailment", "neutral", "contradiction"]
LABELS: tuple[Label, ...] = ("entailment", "neutral", "contradiction")
"""In the order of the model's classes."""
READ, IDLE, MORE = 0.15, 0.15, 0.1
"""Shares of pairs whose first text is an article, whose second has a sentence that says nothing, or one that says more."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two texts, and what the second is to the first."""

    premise: str
    hypothesis: str
    label: Label


def pairs(n: int, seed: int, *, own: bool = False) -> Iterator[Pair]:
    """`n` pairs, the labels in turn; `own`: about things of the encyclopaedia. The i-th depends on the seed and i alone."""
    among = list(world().things.values())
    for i in range(n):
        rng = random.Random(f"pairs/{own}/{seed}/{i}")  # noqa: S311 (a world, not a secret)
        thing = rng.choice(among) if own else made_up(rng.choice(kinds()), rng)
        yield _pair(thing, LABELS[i % len(LABELS)], rng, own=own)


def _pair(thing: Thing, label: Label, rng: random.Random, *, own: bool) -> Pair:
    fact = rng.choice(thing.kind.facts)
    premise = article(thing, rng.randrange(100)) if (read := rng.random() < READ) else state(thing, fact, rng)
    match label:
        case "entailment":
            said = state(thing, fact, rng)
        case "contradiction":
            said = state(thing, fact, rng, fact.other(thing.values[fact.sense], rng))
        case "neutral":
            said = _aside(thing, fact, rng, own=own, read=read)
    return Pair(premise=premise, hypothesis=_longer(said, thing, fact, label, rng, read=read), label=label)


def _aside(thing: Thing, fact: Fact, rng: random.Random, *, own: bool, read: bool) -> str:
    """A sentence that the first text says nothing about: of another thing, or another fact."""
    other = [one for one in thing.kind.facts if one is not fact]
    if not read and rng.random() < 0.4:
        return state(thing, rng.choice(other), rng)
    stranger = made_up(thing.kind, rng, own=own)
    while stranger.name == thing.name:
        stranger = made_up(thing.kind, rng, own=own)
    if rng.random() < 0.3 and " " in thing.name:
        shared = f"{thing.name.rsplit(' ', 1)[0]} {stranger.name.rsplit(' ', 1)[1]}"
        stranger = replace(stranger, name=shared)
    same_value = rng.random() < 0.5
    return state(stranger, fact, rng, thing.values[fact.sense] if same_value else "")


def _longer(said: str, thing: Thing, fact: Fact, label: Label, rng: random.Random, *, read: bool) -> str:
    """The same with a sentence more at times, which changes nothing of the label."""
    if rng.random() < IDLE:
        return f"{said} {rng.choice(thing.kind.fillers)}"
    if rng.random() < MORE and (label != "entailment" or read):
        more = rng.choice([one for one in thing.kind.facts if one is not fact])
        return f"{said} {state(thing, more, rng)}"
    return said


def label_of(premise: str, hypothesis: str) -> Label | None:
    """What the second of two texts is to the first, by reading both; None where one cannot be read."""
    first, second = claims(premise), claims(hypothesis)
    if None in first or None in second:
        return None
    told = {(one.name, one.sense): one.value for one in first if one is not None}
    found = [_of(one, told) for one in second if one is not None]
    if "contradiction" in found:
        return "contradiction"
    return "neutral" if "neutral" in found or not found else "entailment"


def _of(claim: Claim, told: dict[tuple[str, str], str]) -> Label:
    value = told.get((claim.name, claim.sense))
    if value is None:
        return "neutral"
    return "entailment" if value == claim.value else "contradiction"
