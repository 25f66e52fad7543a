"""The rules reward: checks of a text that a recipe states as data; the score is the share of them that hold.

Words that must or must not occur, bounds on length, and regular expressions. A text that a model wrote can make an innocent
expression run for ever, so what could take more than quadratic time is refused when it is read: more than one open
repetition, bounded ones that multiply past a hundred, a repeated group that itself repeats or chooses. Texts over the limit
fail, counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sctk_core import ConfigError, Failure, Sample, Score, setting

_PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P?[=!<:>a-zA-Z-]*|[*+?](?:[+?])?|\{\d*,?\d*\}[+?]?|.", re.DOTALL
)
_MAX_PATTERN, _MAX_WAYS = 500, 100


class Rules:
    """Scores the share of its rules that a text keeps, in [0, 1]."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """The rules; each that is set counts alike."""

        must_contain: tuple[str, ...] = setting((), help="texts that must occur, each a rule (case is ignored)")
        must_not_contain: tuple[str, ...] = setting((), help="texts that must not occur, each a rule (case is ignored)")
        patterns: tuple[str, ...] = setting(
            (), help="regular expressions that must be found, each a rule (Python's, safe ones)"
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
        checks += [_found(safe_pattern(source, where=f"[reward] rules, {name}"), wanted) for source in sources]
    if config.min_words:
        checks.append(lambda text: len(text.split()) >= config.min_words)
    if config.max_words:
        checks.append(lambda text: len(text.split()) <= config.max_words)
    return checks


def _contains(word: str, wanted: bool) -> Callable[[str], bool]:
    return lambda text: (word in text.lower()) == wanted


def _found(pattern: re.Pattern[str], wanted: bool) -> Callable[[str], bool]:
    return lambda text: (pattern.search(text) is not None) == wanted


def safe_pattern(source: str, *, where: str) -> re.Pattern[str]:
    """`source` compiled, if no text makes its search worse than quadratic; else a ConfigError that says why."""
    hint = "use one of *, + or {n,}, bound the others ({1,9}), and repeat no group that repeats or chooses inside"
    if len(source) > _MAX_PATTERN:
        raise ConfigError(f"{where}: got {len(source)} characters, wanted at most {_MAX_PATTERN}", hint=hint)
    try:
        pattern = re.compile(source)
    except (re.error, OverflowError, RecursionError) as error:
        raise ConfigError(
            f"{where}: got {source!r}, wanted a regular expression: {error}", hint="test it in Python"
        ) from error
    if reason := _unsafe(source):
        raise ConfigError(f"{where}: got {source!r}, wanted one that no text makes slow: {reason}", hint=hint)
    return pattern


def _unsafe(source: str) -> str:
    """Why an expression could be slow, or nothing. Reads it piece by piece, with a stack of open groups."""
    groups: list[bool] = []  # per open group: does it hold a repetition or a choice?
    n_open, ways, closed = 0, 1, False
    for piece in _PIECE.findall(source):
        least, most = _bounds(piece)
        repeats = (least, most) != (1, 1)
        if closed and (most is None or most > 1):
            return "it repeats a group that repeats or chooses inside"
        n_open, ways = n_open + (most is None), ways * (1 if most is None else most - least + 1)
        if repeats or piece == "|":
            groups = [True] * len(groups)
        if re.fullmatch(r"\\[1-9]", piece) or piece.startswith("(?P="):
            return "it refers back to a group"
        if piece[0] == "(":
            groups.append(False)
        closed = bool(groups.pop()) if piece == ")" and groups else False
    if n_open > 1:
        return f"it has {n_open} open repetitions"
    return f"its bounded repetitions multiply to {ways} ways" if ways > _MAX_WAYS else ""


def _bounds(piece: str) -> tuple[int, int | None]:
    """How often a piece's quantifier repeats at least and at most (None: without bound); (1, 1): it is no quantifier."""
    if piece[0] in "*+?":
        return (1 if piece[0] == "+" else 0), (1 if piece[0] == "?" else None)
    if not re.fullmatch(r"\{(?:\d+(?:,\d*)?|,\d+)\}[+?]?", piece):
        return 1, 1
    low, comma, high = piece.rstrip("+?").strip("{}").partition(",")
    return int(low or 0), (int(high) if high else None) if comma else int(low)
