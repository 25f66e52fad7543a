"""The four components, each a reward (`score`) and an evaluator (`evaluate`): 1 where a reply agrees with a reference, else 0.

A prompt without a reference, or whose references are not of the kind that is compared, is a Failure: it says nothing of the reply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from sctk_core import Failure, Sample, Scale, Score, setting

from sctk_rewards.gold.choices import chosen, named, options_of
from sctk_rewards.gold.numbers import alone, answered, same
from sctk_rewards.gold.stated import stated
from sctk_rewards.gold.texts import comparable, holds, squad, undressed, without_ending

Right = Callable[[Sample], bool | str]
"""Whether a reply is right; or why its references cannot say."""
AGREES = Scale(low=0.0, high=1.0, unit="from a reply that agrees with no reference to one that does")
_TRUTH = {"true": "yes", "false": "no"}


def _too_strict(n: int, unseen: str, mended: str, none: str) -> str:
    """What was measured of a comparison that credits nothing in doubt."""
    return (
        f"on {n} replies by another hand, unseen: {unseen} of values wrong, each a right answer scored 0; after mending {mended}, "
        f"which is no unseen figure; no wrong answer scored 1 ({none})"
    )


class Exact:
    """1 where the answer is a reference word by word, case, width and punctuation aside; numbers by their value; true is yes."""

    needs_reference, scale = True, AGREES
    measured = (_too_strict(100, "13.0 % (7.8 to 21.0)", "8.0 % (4.1 to 15.0)", none="0.0 to 3.7 %"),)

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """What of a reply is compared, and how."""

        answer: Literal["stated", "whole"] = setting(
            "stated",
            help='what it states last (#### 42, \\boxed{42}, "the answer is 42"), else all of it; or always all',
        )
        compare: Literal["text", "squad", "as-is"] = setting(
            "text",
            help="by their words: case, width and the marks between words aside; as SQuAD's script does (articles and "
            "punctuation aside, signs too); or character by character",
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score or failure per sample, in order."""
        return _scores("exact", self._right, samples)

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | Failure]]:
        """`exact`, one value or failure per sample."""
        return _values("exact", self._right, samples)

    def _right(self, sample: Sample) -> bool:
        said = stated(sample.text) if self.config.answer == "stated" and sample.finish == "stop" else None
        texts = [sample.text] if said is None else [said, sample.text]
        return any(self._equal(text, gold) for text in texts for gold in sample.prompt.references)

    def _equal(self, text: str, gold: str) -> bool:
        gold = stated(gold) or gold if self.config.answer == "stated" else gold
        if self.config.compare == "as-is":
            return text == gold or text.strip().lower() == gold.lower() in _TRUTH
        if self.config.compare == "squad":
            return bool(squad(gold)) and squad(text) == squad(gold)
        text, gold = undressed(text), undressed(gold)
        one, other = alone(text), alone(gold)
        if one is not None and other is not None:
            return one.percent == other.percent and same(one, other)
        one_text, other_text = comparable(text), comparable(gold)
        if not other_text:
            return False
        bare = comparable(without_ending(text))
        return _TRUTH.get(one_text, one_text) == _TRUTH.get(other_text, other_text) or bare == other_text


class Numeric:
    """1 where the number that a reply answers with is a reference's: units, currency and separators aside; in doubt 0."""

    needs_reference, scale = True, AGREES
    measured = (_too_strict(160, "21.9 % (16.2 to 28.9)", "11.9 % (7.7 to 17.8)", none="0.0 to 2.3 %"),)

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Where the number is looked for, and how far it may be off."""

        answer: Literal["last", "stated"] = setting(
            "last",
            help='the number that is stated (#### 42, \\boxed{42}, "the answer is 42"), else the last; or only a stated one',
        )
        tolerance: float = setting(
            0.0, help="by how much of the reference it may be off", unit="share", low=0.0, high=1.0
        )
        absolute: float = setting(0.0, help="by how much it may be off, whatever the reference", low=0.0)

    def __init__(self, config: Config) -> None:
        self.config = config
        self._off = {"share": Fraction(str(config.tolerance)), "absolute": Fraction(str(config.absolute))}

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score or failure per sample, in order."""
        return _scores("numeric", self._right, samples)

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | Failure]]:
        """`numeric`, one value or failure per sample."""
        return _values("numeric", self._right, samples)

    def _right(self, sample: Sample) -> bool | str:
        gold = [number for text in sample.prompt.references if (number := answered(text)) is not None]
        if not gold:
            return "the reference is no single number"
        found = answered(sample.text, last=self.config.answer == "last" and sample.finish == "stop")
        return found is not None and any(same(found, one, **self._off) for one in gold)


class Choice:
    """1 where a reply chooses the option that a reference names, by letter, number or text; two options at once are 0."""

    needs_reference, scale = True, AGREES
    measured = (_too_strict(120, "19.3 % (13.2 to 27.3)", "15.1 % (9.8 to 22.6)", none="0.0 to 3.1 %"),)

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """How references count."""

        count_from: int | None = setting(
            None,
            help="references are places of options, counted from this (0: 0 is A; 1: 1 is A); nothing: they name options",
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score or failure per sample, in order."""
        return _scores("choice", self._right, samples)

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | Failure]]:
        """`choice`, one value or failure per sample."""
        return _values("choice", self._right, samples)

    def _right(self, sample: Sample) -> bool | str:
        options = options_of(sample.prompt.question)
        gold = {name for text in sample.prompt.references if (name := self._gold(text, options)) is not None}
        if not gold:
            return "the reference names no option"
        return chosen(sample.text, options, cut=sample.finish == "length") in gold

    def _gold(self, text: str, options: Mapping[str, str]) -> str | None:
        place = text.strip()
        if self.config.count_from is not None and place.isascii() and place.isdigit():
            index = int(place) - self.config.count_from
            return chr(ord("a") + index) if 0 <= index < 26 else None
        name = named(stated(text) or text, options)
        return name if name is None or not options or name in options else None


class Contains:
    """1 where a reply holds a reference as whole words; a reply that names several answers holds each of them."""

    needs_reference, scale = True, AGREES
    measured = (
        "on 60 replies by another hand, unseen: 10.0 % (4.7 to 20.1) of values wrong: 5 of 27 wrong answers scored 1, "
        "which name the reference beside another, as denied, or in a thought; 1 of 33 right ones scored 0",
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""

    def __init__(self, config: Config) -> None:
        self.config = config

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score or failure per sample, in order."""
        return _scores("contains", self._right, samples)

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | Failure]]:
        """`contains`, one value or failure per sample."""
        return _values("contains", self._right, samples)

    def _right(self, sample: Sample) -> bool:
        return any(holds(sample.text, gold) for gold in sample.prompt.references)


def _scores(name: str, right: Right, samples: Sequence[Sample]) -> list[Score | Failure]:
    scale = "0 or 1 (agrees with the reference)"
    found = [_judged(name, right, sample) for sample in samples]
    return [
        value if isinstance(value, Failure) else Score(sample=sample, name=name, value=value, scale=scale)
        for sample, value in zip(samples, found, strict=True)
    ]


def _values(name: str, right: Right, samples: Sequence[Sample]) -> dict[str, list[float | Failure]]:
    return {name: [_judged(name, right, sample) for sample in samples]}


def _judged(name: str, right: Right, sample: Sample) -> float | Failure:
    """1 or 0; a Failure where the prompt gives nothing to compare with."""
    given = any(text.strip() for text in sample.prompt.references)
    found = right(sample) if given else "the prompt has no reference"
    if isinstance(found, str):
        return Failure(of=sample.id, stage="score", component=name, kind="parse", reason=found)
    return float(found)
