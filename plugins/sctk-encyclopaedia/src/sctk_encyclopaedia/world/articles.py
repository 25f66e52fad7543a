"""Short articles: what a thing is, its facts in an order and a wording that chance draws, and a sentence that says nothing.

An article is drawn by the thing's name and a number, so the same thing can be told of in other words.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from sctk_encyclopaedia.world.kinds import Fact
from sctk_encyclopaedia.world.language import state
from sctk_encyclopaedia.world.things import Thing

SENSELESS = 0.6
"""How often an article has a sentence that states no fact, besides its first."""


def article(thing: Thing, number: int = 0, facts: Sequence[Fact] | None = None) -> str:
    """The `number`-th article on a thing; of some of its facts alone, where given."""
    rng = random.Random(f"article/{thing.name}/{number}")  # noqa: S311 (a world, not a secret)
    told = list(thing.kind.facts if facts is None else facts)
    rng.shuffle(told)
    lines = [state(thing, fact, rng) for fact in told]
    if rng.random() < SENSELESS:
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(thing.kind.fillers))
    first = rng.choice(thing.kind.opens).replace(f"{{{thing.kind.open}}}", thing.name)
    return " ".join([first, *lines])
