"""The words of judges and critics (`words.toml`), as alternatives for expressions; read once, when a text is first parsed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table() -> dict[str, Any]:
    """The shipped words, by what they do."""
    return tomllib.loads(files("sctk_core.parsing").joinpath("words.toml").read_text("utf-8"))


@cache
def any_of(*lists: str) -> str:
    """An alternative of all words of the named lists ("score.labels"), the longest first, each ending where a word ends."""
    return alternatives(word for name in lists for word in _listed(name))


def alternatives(words: Iterable[str]) -> str:
    """An alternative of words; one in a script that spaces its words ends where no letter follows.

    >>> re.match(alternatives(["keep", "keeper"]), "keeper")[0]
    'keeper'
    """
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    return "(?:" + "|".join(re.escape(word) + (r"(?![^\W_])" if spaced(word) else "") for word in ordered) + ")"


def spaced(word: str) -> bool:
    """Whether a word ends in a letter of a script that puts spaces between words."""
    last = word[-1]
    return last.isalpha() and not ("\u0e00" <= last <= "\u0e7f" or "\u2e80" <= last <= "\ud7ff")


def _listed(name: str) -> Iterable[str]:
    section, _, key = name.partition(".")
    words: list[str] = table()[section][key]
    return words
