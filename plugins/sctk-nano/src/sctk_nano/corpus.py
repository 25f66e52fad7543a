"""The text that the model is trained on: a stream of conversations of the world split, alternating between tasks.

Seeded, so that a test can write it again and prove that no film, aspect or object of the other splits is in it.
"""

import random
from collections.abc import Iterator

from sctk_nano.world import requests, reviews
from sctk_nano.world.conversation import Turn, task_text
from sctk_nano.world.words import ASPECTS, OBJECTS, film_name

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


def texts(n: int, seed: int) -> Iterator[str]:
    """Every turn of every conversation."""
    for turns in conversations(n, seed):
        yield from (turn.content for turn in turns)


def spelling_text(n: int, seed: int) -> Iterator[str]:
    """What the tokenizer learns to spell from: conversations, each open word once, and many invented names.

    Aspects and objects are blanked out of the conversations: a word that is one token in training and four in
    evaluation would teach the model to recognise where it must copy.
    """
    blanks = {*ASPECTS["world"], *OBJECTS["world"]}
    for text in texts(n, seed):
        yield " ".join(word for word in text.split(" ") if word.strip(",.?!\n") not in blanks)
    rng = random.Random(f"{seed}/names")  # noqa: S311
    yield from (f'"{film_name("world", rng)}"' for _ in range(N_NAMES))
    yield from (f"the {word}" for word in sorted(blanks))
