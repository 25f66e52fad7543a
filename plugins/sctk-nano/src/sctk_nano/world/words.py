"""What the world can name, and which split owns each word (the words themselves are in `words.toml`).

Three splits that share no film, aspect or object: `world` (what the model was trained on), `prompts` (what runs ask
about) and `held-out` (what evaluation asks about). Aspects and objects are held out as words, which the model can only
copy from the prompt; film names are held out as combinations of syllables, by a hash of the name.
"""

import hashlib
import random
import tomllib
from pathlib import Path
from typing import Literal, get_args

Split = Literal["world", "prompts", "held-out"]
SPLITS: tuple[Split, ...] = get_args(Split)

_TABLES = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


def _words(table: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(words.split()) for name, words in _TABLES[table].items()}


def _by_split(table: str) -> dict[Split, tuple[str, ...]]:
    words = _words(table)
    return {split: words[split] for split in SPLITS}


ASPECTS, OBJECTS = _by_split("aspects"), _by_split("objects")
OPEN_WORDS = tuple(word for table in (ASPECTS, OBJECTS) for split in SPLITS for word in table[split])
"""Words that a model can only copy, never learn."""
NAMES, REVIEW_WORDS = _words("names"), _words("reviews")


def split_of(name: str) -> Split:
    """The split that owns a film name: 7 of 10 names are the world's, the rest are shared by the other two.

    >>> split_of("Norfedan") == split_of("Norfedan")
    True
    """
    bucket = hashlib.blake2b(name.encode(), digest_size=4).digest()[0] % 20
    return "world" if bucket < 14 else "prompts" if bucket < 17 else "held-out"


def film_name(split: Split, rng: random.Random) -> str:
    """An invented name of three syllables that belongs to `split`."""
    while True:
        name = "".join(rng.choice(NAMES[part]) for part in ("starts", "middles", "ends"))
        if split_of(name) == split:
            return name


def film(split: Split, rng: random.Random) -> str:
    """A film title: an invented name, alone or with a thing before it."""
    name = film_name(split, rng)
    return name if rng.random() < 0.6 else f"{rng.choice(NAMES['things'])} of {name}"
