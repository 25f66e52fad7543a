"""Toy models whose every probability is written down, and the shipped chain walked over them: for tests of exactness.

`Speller` spells answers token by token, so that answers can be drawn anew from any token on. `Reviser` drafts, criticises and
revises among three texts, and its revisions lean on the draft, as a language model's do: the critique alone does not decide them.
Both draw with the seed that core stamps on each request, and both are tables: the distribution that a chain should have is a sum.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sctk_core import (
    Critique,
    Decision,
    Failure,
    Generate,
    Message,
    Prompt,
    Reply,
    Request,
    Round,
    Sample,
    Sampling,
    Score,
)
from sctk_core.identity import seed_from
from sctk_core.pipeline.asking import Desk
from sctk_core.pipeline.batching import MicroBatcher
from sctk_core.pipeline.item import Walked, walked
from sctk_core.pipeline.members import AskedCritic, AskedReward, AskedRule, Member
from sctk_core.pipeline.patience import Patience
from sctk_core.pipeline.recording import RecordingBackend, Spent
from sctk_core.pipeline.speaker import Speaker
from sctk_core.testing import FunctionCritic
from sctk_dsc.method import DistilledSelfCritique
from sctk_dsc.proposals import DscCrew
from sctk_dsc.rules import Metropolis

Ids = tuple[int, ...]
END = 0


def pick(weights: Sequence[float], seed: int) -> int:
    """An index by weight (they sum to 1); the coin is the seed itself."""
    coin = (seed >> 10) / 2**53
    return next((i for i in range(len(weights)) if coin < math.fsum(weights[: i + 1])), len(weights) - 1)


class Toy:
    """A backend out of tables; replies are not spread over batches, and nothing is remembered."""

    continues = True

    def answer(self, request: Request) -> Ids:
        """The whole answer's ids."""
        raise NotImplementedError

    def text(self, ids: Ids) -> str:
        """What ids spell."""
        raise NotImplementedError

    async def generate(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        return [self._reply(request, self.answer(request)) for request in requests]

    def _reply(self, request: Request, ids: Ids) -> Reply:
        finish = "stop" if ids[-1] == END else "length"
        return Reply(key=request.key, text=self.text(ids), token_ids=ids, tokenizer="toy", finish=finish)  # type: ignore[arg-type]


class Speller(Toy):
    """Tokens END, a, b, at most four: nothing, or a run of one letter, which is cut off where it would be longer."""

    LONGEST = 4
    FIRST = (0.3, 0.4, 0.3)
    ENDS: Mapping[Ids, float] = {
        (1,): 0.3, (1, 1): 0.3, (1, 1, 1): 0.4, (2,): 0.4, (2, 2): 0.3, (2, 2, 2): 0.5,
    }  # fmt: skip
    LIKELIHOOD: Mapping[Ids, float] = {
        (0,): 1.0,
        (1, 0): 0.5, (1, 1, 0): 0.25, (1, 1, 1, 0): 1.0, (1, 1, 1, 1): 0.25,
        (2, 0): 0.25, (2, 2, 0): 1.5, (2, 2, 2, 0): 0.5, (2, 2, 2, 2): 1.0,
    }  # fmt: skip

    def following(self, ids: Ids) -> tuple[float, float, float]:
        """How likely each token is behind these."""
        if not ids:
            return self.FIRST
        ends = self.ENDS[ids]
        return (ends, 1 - ends, 0.0) if ids[0] == 1 else (ends, 0.0, 1 - ends)

    def answer(self, request: Request) -> Ids:
        ids = request.prefix_ids
        while not ids or (ids[-1] != END and len(ids) < self.LONGEST):
            ids = (*ids, pick(self.following(ids), seed_from(request.seed, len(ids))))
        return ids

    def text(self, ids: Ids) -> str:
        return "".join("?ab"[number] for number in ids if number != END)

    def p(self, ids: Ids) -> float:
        """The probability of an answer, or of the answers that begin so."""
        return math.prod(self.following(ids[:place])[number] for place, number in enumerate(ids))


class Reviser(Toy):
    """Three texts, two critiques; a revision leans on its draft, and on the best text whatever the critique says."""

    PRIOR = (0.5, 0.35, 0.15)
    CRITIQUE = ((0.7, 0.3), (0.5, 0.5), (0.2, 0.8))
    REVISION = (  # by critique, then by draft
        ((0.1, 0.1, 0.8), (0.2, 0.3, 0.5), (0.1, 0.3, 0.6)),
        ((0.3, 0.2, 0.5), (0.05, 0.15, 0.8), (0.25, 0.05, 0.7)),
    )
    LIKELIHOOD = (1.0, 0.3, 4.0)

    def weights(self, messages: Sequence[Message]) -> Sequence[float]:
        """How likely each next text is."""
        said = [int(turn.content) for turn in messages if turn.role == "assistant"]
        if not said:
            return self.PRIOR
        return self.CRITIQUE[said[0]] if len(said) == 1 else self.REVISION[said[1]][said[0]]

    def answer(self, request: Request) -> Ids:
        return (pick(self.weights(request.messages), request.seed) + 1, END)

    def text(self, ids: Ids) -> str:
        return str(ids[0] - 1)

    async def logprobs(self, conversations: Sequence[tuple[tuple[Message, ...], Ids]]) -> list[float]:
        return [math.log(self.weights(messages)[ids[0] - 1]) for messages, ids in conversations]


class ToyCritic(FunctionCritic):
    """A critic that asks the toy for its critiques and revisions, as `constitution` does."""

    def __init__(self, backend: Any) -> None:
        super().__init__(lambda sample: "", lambda critique: "")
        self.backend = backend

    async def critique(self, samples: Sequence[Sample]) -> Sequence[Critique | Failure]:
        replies = await self.backend.generate([Request(messages=self.asking(one), of=one.id) for one in samples])
        return [
            Critique(sample=one, text=reply.text, verdict="revise", token_ids=reply.token_ids)
            for one, reply in zip(samples, replies, strict=True)
        ]

    async def revise(self, critiques: Sequence[Critique]) -> Sequence[Sample | Failure]:
        replies = await self.backend.generate([Request(messages=self.revising(one), of=one.id) for one in critiques])
        return [
            Sample.of(reply, prompt=one.sample.prompt, critique=one.id)
            for one, reply in zip(critiques, replies, strict=True)
        ]


class NoReplies:
    """A reply store that remembers nothing."""

    def get(self, keys: Sequence[str]) -> list[Reply | None]:
        return [None] * len(keys)

    async def put(self, answered: Iterable[tuple[Request, Reply]], about: dict[str, Any]) -> None:
        pass


@dataclass(frozen=True, kw_only=True)
class World:
    """A toy with the likelihood of each of its answers, by the text."""

    toy: Toy
    likelihood: Mapping[str, float]

    async def score(self, samples: Sequence[Sample]) -> list[tuple[Score | Failure, Spent]]:
        return [(Score(sample=one, name="toy", value=self.likelihood[one.text]), Spent()) for one in samples]


def crew_of(world: World, rule: Any) -> DscCrew:
    """The shipped members behind whom the world stands."""
    proxy = RecordingBackend(lambda: world.toy, NoReplies(), about={}, run_seed=0, name="toy")
    desk = Desk(run_seed=0, timeout_s=600.0, patience=Patience(0.0), notify=lambda event: None)
    return DscCrew(
        teacher=Speaker("teacher", proxy, Sampling(), desk, "toy"),
        critic=AskedCritic(Member(instance=ToyCritic(proxy), component="toy", desk=desk)),
        reward=AskedReward(Member(instance=None, component="toy", desk=desk), MicroBatcher(world.score)),
        rule=AskedRule(Member(instance=rule, component="toy", desk=desk)),
    )


def walk(world: World, method: DistilledSelfCritique, n_chains: int, rule: Any = None) -> list[Walked]:
    """Chains of the shipped method, one a prompt, with scores as likelihoods."""
    crew = crew_of(world, rule or Metropolis(Metropolis.Config(likelihood="score")))
    chains = next(one for one in method.plan() if isinstance(one, Generate) and one.name == "chains")

    async def all_chains() -> list[Walked]:
        prompts = [Prompt(messages=(Message(role="user", content=f"prompt {i}"),)) for i in range(n_chains)]
        return list(await asyncio.gather(*(walked(chains, prompt, 0, crew) for prompt in prompts)))

    return asyncio.run(all_chains())


def decisions_of(chain: Walked) -> list[Decision]:
    """The decisions of a chain, by sweep."""
    found = [record for record in chain.page.records.values() if isinstance(record, Decision)]
    return sorted(found, key=lambda one: one.sweep)


def share(texts: Iterable[str]) -> dict[str, float]:
    """How often each text stands among others."""
    counts = Counter(texts)
    return {text: count / counts.total() for text, count in counts.items()}


def normalised(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights as a distribution."""
    total = math.fsum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def distance(p: Mapping[str, float], q: Mapping[str, float]) -> float:
    """The total variation between two distributions."""
    return 0.5 * math.fsum(abs(p.get(name, 0.0) - q.get(name, 0.0)) for name in {*p, *q})


def noise(p: Mapping[str, float], n: int) -> float:
    """What the total variation of n independent draws from p exceeds once in a thousand times, by drawing so."""
    weights = np.array(list(p.values()))
    found = np.random.default_rng(0).multinomial(n, weights / weights.sum(), size=20_000) / n
    return float(np.quantile(0.5 * abs(found - weights).sum(axis=1), 0.999))


class Other:
    """A rule that decides a changed round by the shipped rule: for kernels that are wrong on purpose."""

    def __init__(self, change: Any) -> None:
        self.rule, self.change = Metropolis(Metropolis.Config(likelihood="score")), change

    def decide(self, rounds: Sequence[Round]) -> Sequence[Decision]:
        return self.rule.decide([self.change(one) for one in rounds])


def spelled() -> World:
    """The speller's world."""
    toy = Speller()
    return World(toy=toy, likelihood={toy.text(ids): value for ids, value in toy.LIKELIHOOD.items()})


def revising() -> World:
    """The reviser's world."""
    return World(toy=Reviser(), likelihood={str(place): value for place, value in enumerate(Reviser.LIKELIHOOD)})


def posterior(world: World) -> dict[str, float]:
    """p(x) L(x), normalised."""
    return normalised({text: p * world.likelihood[text] for text, p in priors(world)})


def priors(world: World) -> Iterator[tuple[str, float]]:
    """Each text with its probability as a draft."""
    if isinstance(world.toy, Speller):
        yield from ((world.toy.text(ids), world.toy.p(ids)) for ids in Speller.LIKELIHOOD)
    else:
        yield from ((str(place), p) for place, p in enumerate(Reviser.PRIOR))
