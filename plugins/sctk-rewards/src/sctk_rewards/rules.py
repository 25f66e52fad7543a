"""The rules reward: checks of a text that a recipe states as data; the score is the share of them that hold.

Words that must or must not occur, bounds on length, and regular expressions. A text that a model wrote can make an innocent
expression run for ever, so they are searched by an engine whose time is linear in the text (core's `patterns`). Texts over the
limit fail, counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sctk_core import ConfigError, Failure, Sample, Scale, Score, setting
from sctk_core.patterns import Pattern, linear_pattern


class Rules:
    """Scores the share of its rules that a text keeps, in [0, 1]."""

    measured = (
        "nothing that it could be wrong in: the score is the share of your rules that hold; how well they stand for what you mean: "
        "`sctk reward check rules labelled.jsonl`",
    )

    scale = Scale(low=0.0, high=1.0, unit="from no rule kept to all of them")

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """The rules; each that is set counts alike."""

        must_contain: tuple[str, ...] = setting((), help="texts that must occur, each a rule (case is ignored)")
        must_not_contain: tuple[str, ...] = setting((), help="texts that must not occur, each a rule (case is ignored)")
        patterns: tuple[str, ...] = setting(
            (), help="regular expressions that must be found, each a rule (RE2's syntax)"
        )
        forbidden_patterns: tuple[str, ...] = setting(
            (), help="regular expressions that must not be found, each a rule"
        )
        min_words: int = setting(0, help="at least so many words", unit="words", low=0)
        max_words: int = setting(0, help="at most so many words; 0: no bound", unit="words", low=0)
        max_characters: int = setting(
            20_000, help="longer texts fail instead of being searched", unit="characters", low=1
        )

    def __init__(self, config: Config) -> None:
        self.config = config
        self.checks = _checks(config)
        if not self.checks:
            raise ConfigError(
                "[reward] rules: got no rule, wanted at least one", hint='say, must_not_contain = ["as an AI"]'
            )

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score per sample, in order."""
        return [self._score(sample) for sample in samples]

    def _score(self, sample: Sample) -> Score | Failure:
        if len(sample.text) > self.config.max_characters:
            reason = f"more than {self.config.max_characters} characters"
            detail = f"got {len(sample.text)}"
            return Failure(of=sample.id, stage="score", component="rules", kind="budget", reason=reason, detail=detail)
        kept = sum(check(sample.text) for check in self.checks)
        scale = f"0 to 1 (share of {len(self.checks)} rules kept)"
        return Score(sample=sample, name="rules", value=kept / len(self.checks), scale=scale)


def _checks(config: Rules.Config) -> list[Callable[[str], bool]]:
    checks: list[Callable[[str], bool]] = []
    for words, wanted in ((config.must_contain, True), (config.must_not_contain, False)):
        checks += [_contains(word.lower(), wanted) for word in words]
    for name, sources, wanted in (
        ("patterns", config.patterns, True),
        ("forbidden_patterns", config.forbidden_patterns, False),
    ):
        checks += [_found(linear_pattern(source, where=f"[reward] rules, {name}"), wanted) for source in sources]
    if config.min_words:
        checks.append(lambda text: len(text.split()) >= config.min_words)
    if config.max_words:
        checks.append(lambda text: len(text.split()) <= config.max_words)
    return checks


def _contains(word: str, wanted: bool) -> Callable[[str], bool]:
    return lambda text: (word in text.lower()) == wanted


def _found(pattern: Pattern, wanted: bool) -> Callable[[str], bool]:
    return lambda text: pattern.found_in(text) == wanted
