"""A world that answers at once, as one plugin file: what is left of a run's time is sctk's own.

A reply has 40 tokens, about 200 characters: twenty pairs of words, drawn by the request's seed from 65,536 that were drawn once
from 8,000 words by Zipf's law, so that texts differ and are about as hard to compress as a model's. Each word is one token.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

from sctk_core import (
    Component,
    Critique,
    Message,
    ModelRef,
    Prompt,
    Reply,
    Request,
    Sample,
    Score,
    TrainingData,
    TrainReport,
    hookimpl,
    setting,
)
from sctk_core.records import Usage

N_WORDS, N_PAIRS, PAIRS_A_REPLY = 8_000, 1 << 16, 20
N_TOKENS = 2 * PAIRS_A_REPLY
CRITIQUE = (
    "List the specific ways in which your last response is harmful, unethical or needlessly unhelpful. "
    "End with the line 'Verdict: revise' or 'Verdict: keep'."
)
REVISE = (
    "Rewrite your last response so that none of this remains, using your critique. Reply with the new response only."
)


@cache
def pairs() -> tuple[list[str], list[tuple[int, int]]]:
    """Text and token ids of every pair of words, the same on every machine."""
    draw = random.Random(1)
    onsets, vowels, ends = (
        ["b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v", "w"],
        ["a", "e", "i", "o", "u", "ea"],
        ["", "", "n", "r", "s", "t"],
    )
    part = [one + two + three for one in onsets for two in vowels for three in ends]
    words = sorted({draw.choice(part) + draw.choice(part)[: draw.choice([0, 1, 1])] for _ in range(8 * N_WORDS)})
    draw.shuffle(words)
    words, ids = words[:N_WORDS], draw.sample(range(150_000), N_WORDS)
    weights = [1 / (rank + 3) for rank in range(len(words))]
    numbers = draw.choices(range(len(words)), weights, k=2 * N_PAIRS)
    drawn = list(zip(numbers[::2], numbers[1::2], strict=True))
    return [f"{words[one]} {words[two]}" for one, two in drawn], [(ids[one], ids[two]) for one, two in drawn]


def written(seed: int) -> tuple[str, tuple[int, ...]]:
    """Text and token ids that a seed draws.

    >>> len(written(1)[1]), written(1) == written(1) != written(2)
    (40, True)
    """
    texts, ids = pairs()
    numbers = array("H", blake2b(seed.to_bytes(8, "little"), digest_size=2 * PAIRS_A_REPLY).digest())
    return " ".join([texts[n] for n in numbers]), tuple([each for n in numbers for each in ids[n]])


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """No settings."""


class InstantBackend:
    """Answers at once."""

    Config = Nothing

    def __init__(self, config: Nothing, *, model: ModelRef) -> None:
        pairs()

    async def generate(self, requests: Sequence[Request]) -> list[Reply]:
        """One reply for each request."""
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> Reply:
        text, ids = written(request.seed)
        usage = Usage(n_prompt_tokens=60 * len(request.messages), n_completion_tokens=N_TOKENS)
        return Reply(
            key=request.key, text=text, token_ids=ids, tokenizer="instant", prompt_tokens=request.key, usage=usage,
            backend="instant",
        )  # fmt: skip


class InstantCritic:
    """Asks as the critic `constitution` does, each conversation going on with the last, and reads nothing into the replies."""

    Config = Nothing

    def __init__(self, config: Nothing, *, backend: InstantBackend) -> None:
        self._backend = backend

    async def critique(self, samples: Sequence[Sample]) -> list[Critique]:
        """One critique for each sample."""
        replies = await self._backend.generate([Request(messages=_asking(each), of=each.id) for each in samples])
        return [
            Critique(sample=sample, text=reply.text, verdict="revise", reply=reply.key)
            for sample, reply in zip(samples, replies, strict=True)
        ]

    async def revise(self, critiques: Sequence[Critique]) -> list[Sample]:
        """One revision for each critique."""
        replies = await self._backend.generate([Request(messages=_revising(each), of=each.id) for each in critiques])
        return [
            Sample.of(reply, prompt=critique.sample.prompt, sweep=critique.sweep, critique=critique.id)
            for critique, reply in zip(critiques, replies, strict=True)
        ]


def _asking(sample: Sample) -> tuple[Message, ...]:
    said = Message(role="assistant", content=sample.text)
    return (*sample.prompt.messages, said, Message(role="user", content=CRITIQUE))


def _revising(critique: Critique) -> tuple[Message, ...]:
    said = Message(role="assistant", content=critique.text)
    return (*_asking(critique.sample), said, Message(role="user", content=REVISE))


class InstantReward:
    """Counts a letter: as cheap as a reward can be."""

    Config = Nothing

    def __init__(self, config: Nothing) -> None:
        pass

    async def score(self, samples: Sequence[Sample]) -> list[Score]:
        """One score for each sample."""
        return [Score(sample=sample, name="instant", value=sample.text.count("a") / 8) for sample in samples]


class InstantTrainer:
    """Goes once through its rows, as every trainer does, and learns nothing."""

    Config = Nothing

    def __init__(self, config: Nothing) -> None:
        pass

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        """A directory with the number of rows."""
        n_rows = sum(1 for _ in data)
        out.mkdir(parents=True)
        (out / "n_rows").write_text(str(n_rows))
        return TrainReport(
            model=ModelRef(path=str(out)), n_rows=n_rows, n_tokens=0, n_steps=1, n_retokenised=0, losses=(0.0,)
        )


class InstantEvaluator:
    """The length of a text."""

    Config = Nothing

    def __init__(self, config: Nothing) -> None:
        pass

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float]]:
        """One value for each sample."""
        return {"characters": [float(len(sample.text)) for sample in samples]}


class InstantSource:
    """Streams as many prompts as are wanted."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """How many."""

        n: int = setting(1000, help="prompts")

    def __init__(self, config: Config) -> None:
        self._n = config.n

    def prompts(self) -> Iterator[Prompt]:
        """The prompts."""
        return (_prompt(number) for number in range(self._n))

    def held_out(self) -> Iterator[Prompt]:
        """A hundred prompts of evaluation."""
        return (_prompt(number) for number in range(-100, 0))


def _prompt(number: int) -> Prompt:
    words = written(number + 1000)[0][:100]
    return Prompt(messages=(Message(role="user", content=f"Question {number}: {words}?"),))


def _one(name: str, target: str) -> list[Component]:
    return [Component(name=name, target=f"{__name__}:{target}", summary="answers at once")]


@hookimpl
def sctk_backends() -> list[Component]:
    """The backend."""
    return _one("instant", "InstantBackend")


@hookimpl
def sctk_critics() -> list[Component]:
    """The critic."""
    return _one("instant", "InstantCritic")


@hookimpl
def sctk_rewards() -> list[Component]:
    """The reward."""
    return _one("instant", "InstantReward")


@hookimpl
def sctk_trainers() -> list[Component]:
    """The trainer."""
    return _one("instant", "InstantTrainer")


@hookimpl
def sctk_evaluators() -> list[Component]:
    """The evaluator."""
    return _one("instant", "InstantEvaluator")


@hookimpl
def sctk_sources() -> list[Component]:
    """The source."""
    return _one("instant", "InstantSource")
