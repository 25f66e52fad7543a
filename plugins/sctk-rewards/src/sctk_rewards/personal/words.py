"""The word lists of the rules, as data."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files


@cache
def listed(name: str) -> frozenset[str]:
    """The words of one list."""
    lists = tomllib.loads(files("sctk_rewards.personal").joinpath("words.toml").read_text("utf-8"))
    return frozenset(lists[name].split(";" if ";" in lists[name] else None))


def any_of(name: str) -> str:
    """An expression for any of a list's phrases, the longest first (`;` between phrases)."""
    phrases = sorted((phrase.strip() for phrase in listed(name)), key=lambda phrase: (-len(phrase), phrase))
    return "|".join(re.escape(phrase) for phrase in phrases if phrase)
