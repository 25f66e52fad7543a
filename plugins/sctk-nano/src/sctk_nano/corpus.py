"""The text that the model is trained on: a stream of conversations of the world split, alternating between tasks.

Seeded, so that a test can write it again and prove that no film, aspect or object of the other splits is in it.
"""

import random
from collections.abc import Iterator

from sctk_nano.world import requests, reviews
from sctk_nano.world.conversation import Turn, task_text
from sctk_nano.world.words import film_name

N_NAMES = 3000


def conversations(n: int, seed: int) -> Iterator[tuple[Turn, ...]]:
    """`n` conversations, reviews and requests in turn; the i-th depends on the seed and i alone."""
    tasks = {name: task_text(name) for name in ("sentiment", "safety")}
    for i in range(n):
        rng = random.Random(f"{seed}/{i}")  # noqa: S311 (a world, not a secret)
        if i % 2 == 0:
            yield reviews.conversation("world", rng, reviews.Habits()).turns(tasks["sentiment"])
        else:
            yield requests.conversation("world", rng, requests.Habits()).turns(tasks["safety"])


def spelling_text(n: int, seed: int) -> Iterator[str]:
    """What the tokenizer learns to spell from: conversations, and many invented names."""
    yield from texts(n, seed)
    rng = random.Random(f"{seed}/names")  # noqa: S311
    yield from (f'"{film_name("world", rng)}"' for _ in range(N_NAMES))


def texts(n: int, seed: int) -> Iterator[str]:
    """All that the model is shown: every turn of every conversation (for tests and the curious)."""
    for turns in conversations(n, seed):
        yield from (turn.content for turn in turns)
