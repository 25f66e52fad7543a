"""The lexicon reward: praise minus blame, counted in words, with negation.

A small opinion lexicon of general English, written for sctk (`opinion_words.toml`, over 200 words a side) and open to more
words by settings. A negator ("not", "never", "hardly") turns the next few opinion words round until the clause ends: "not a
good film, but a kind one" is one word of blame and one of praise. It is transparent, fast, and easily fooled; that is its use.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from sctk_core import ConfigError, Failure, Sample, Scale, Score, setting

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[.,;:!?()\n]")
_CLAUSE_ENDS = frozenset(".,;:!?()\n") | {"but", "yet", "however", "although", "though", "while"}
_ENDINGS = ("ly", "s", "es", "ed", "d", "ing", "fully", "ness")


class Lexicon:
    """Scores a text by its opinion words: (praise - blame) / (praise + blame + prior_words), in (-1, 1)."""

    measured = (
        "on 235 clear ones of 236 real film reviews, rated by a classifier, a good one scores above a bad one in 99.4 % of pairs "
        "(98.1 to 99.8); the two kinds differ a great deal there",
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Which way to lean, and how words are counted."""

        favour: Literal["positive", "negative", "neutral"] = setting(
            "positive", help="what scores high: praise, blame, or neither (0 is then the best score)"
        )
        positive: tuple[str, ...] = setting((), help="more words of praise, for your domain")
        negative: tuple[str, ...] = setting((), help="more words of blame, for your domain")
        ignore: tuple[str, ...] = setting((), help="words of the shipped lexicon that say nothing in your domain")
        negation_reach: int = setting(
            3, help="how many words a negator reaches; 0: negation is not read", unit="words", low=0
        )
        prior_words: float = setting(
            1.0, help="neutral words added to the count, so that one word is no certainty", unit="words", low=0.0
        )
        when_silent: Literal["neutral", "failure"] = setting(
            "neutral", help="a text without opinion words is neutral (0), or a failure that is counted"
        )

    @staticmethod
    def scale(config: Config) -> Scale:
        """The balance lies between its ends and reaches neither while `prior_words` are counted."""
        high = 0.0 if config.favour == "neutral" else 1.0
        return Scale(low=-1.0, high=high, unit="from a balance of opinion words to all of them as favoured")

    def __init__(self, config: Config) -> None:
        self.config = config
        praise, blame, self.negators = shipped_words()
        ignored = _words(config.ignore)
        self.positive = (praise | _words(config.positive)) - ignored
        self.negative = (blame | _words(config.negative)) - ignored
        both = sorted(self.positive & self.negative)
        if both:
            raise ConfigError(
                f"[reward] lexicon: got {both[0]!r} as praise and as blame, wanted it on one side",
                hint=f'name it in `ignore = ["{both[0]}"]`, or take it out of one list',
            )

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score per sample, in order."""
        return [self._score(sample) for sample in samples]

    def _score(self, sample: Sample) -> Score | Failure:
        praise, blame = self.count(sample.text)
        if praise + blame == 0 and self.config.when_silent == "failure":
            return Failure(
                of=sample.id, stage="score", component="lexicon", kind="parse", reason="no opinion word in the text"
            )
        total = praise + blame + self.config.prior_words
        balance = (praise - blame) / total if total else 0.0
        value = {"positive": balance, "negative": 0.0 - balance, "neutral": 0.0 - abs(balance)}[self.config.favour]
        scale = (
            "-1 (strong opinion) to 0 (none)"
            if self.config.favour == "neutral"
            else "-1 to 1 (all opinion words as favoured)"
        )
        return Score(sample=sample, name="lexicon", value=value, scale=scale)

    def count(self, text: str) -> tuple[int, int]:
        """How many words of praise and of blame the text has, negation read."""
        praise = blame = reach = 0
        for token in _TOKEN.findall(text.lower().replace("’", "'")):
            if token in _CLAUSE_ENDS:
                reach = 0
                continue
            if token in self.negators:
                reach = self.config.negation_reach
                continue
            side = -self._side(token) if reach else self._side(token)
            praise, blame = praise + (side > 0), blame + (side < 0)
            reach = max(0, reach - 1)
        return praise, blame

    def _side(self, token: str) -> int:
        """1 praise, -1 blame, 0 neither; a word with an ending ("beautifully", "disappoints") counts as its base form."""
        bases = [token] + [
            token[: -len(ending)] for ending in _ENDINGS if token.endswith(ending) and len(token) > len(ending) + 2
        ]
        for base in bases:
            if base in self.positive:
                return 1
            if base in self.negative:
                return -1
        return 0


@cache
def shipped_words() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Praise, blame and negators of the shipped lexicon, in lower case."""
    lists = tomllib.loads(files("sctk_rewards").joinpath("opinion_words.toml").read_text("utf-8"))
    praise, blame, negators = (frozenset(lists[name].split()) for name in ("positive", "negative", "negators"))
    return praise, blame, negators


def _words(words: Sequence[str]) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in words)
