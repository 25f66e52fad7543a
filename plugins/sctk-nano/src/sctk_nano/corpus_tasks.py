"""The text that the model of the tasks is trained on: news, personas, opinions and jailbreaks in turn, of the world split.

Seeded like `corpus`, so that a test can write it again and prove that no thing and no name of the other splits is in it.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator

from sctk_nano import corpus
from sctk_nano.world import jailbreaks, news, opinions, personas
from sctk_nano.world.conversation import Turn, task_text
from sctk_nano.world.words import OPEN_WORDS

ROUND = ("privacy", "role-play", "sycophancy", "jailbreaks", "privacy", "role-play", "sycophancy", "judge")
"""Whose turn it is."""
_WORD = re.compile(r"(?<= )[A-Za-z]+")


def conversations(n: int, seed: int) -> Iterator[tuple[Turn, ...]]:
    """`n` conversations, the tasks in turn; the i-th depends on the seed and i alone."""
    asks = {name: task_text(name) for name in ("privacy", "role-play", "sycophancy", "safety")}
    for i in range(n):
        rng = random.Random(f"tasks/{seed}/{i}")  # noqa: S311 (a world, not a secret)
        match ROUND[i % len(ROUND)]:
            case "privacy":
                yield news.conversation("world", rng, news.Habits()).turns(asks["privacy"])
            case "role-play":
                yield personas.conversation("world", rng, personas.Habits()).turns(asks["role-play"])
            case "sycophancy":
                yield opinions.conversation("world", rng, opinions.Habits()).turns(asks["sycophancy"])
            case "jailbreaks":
                yield jailbreaks.conversation("world", rng, jailbreaks.Habits()).turns(asks["safety"])
            case "judge":
                yield personas.judgement("world", rng, personas.Habits())


def texts(n: int, seed: int) -> Iterator[str]:
    """Every turn of every conversation."""
    for turns in conversations(n, seed):
        yield from (turn.content for turn in turns)


def new_words(n: int, seed: int, least: int) -> list[str]:
    """Words that stand at least `least` times behind a space in `n` conversations, and never in as many of the embedded model's.

    Open words are none, and neither are invented names, which are rare.
    """
    counts = Counter(word for text in texts(n, seed) for word in _WORD.findall(text))
    known = {word for text in corpus.texts(n, seed) for word in _WORD.findall(text)} | set(OPEN_WORDS)
    return sorted(word for word, count in counts.items() if count >= least and word not in known)
