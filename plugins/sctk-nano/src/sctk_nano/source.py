"""Prompts of the world: one source per task, in the two splits that the model was never trained on.

`prompts()` asks about the films, aspects and objects of split `prompts`; `held_out()` about those of `held-out`. The
i-th prompt depends on the seed and i alone, so a longer run extends a shorter one. `meta` says what was asked, for the
checker and for rewards that look at the request; no text that answers it is known here.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from sctk_core import Message, Prompt, setting

from sctk_nano.world import requests, reviews
from sctk_nano.world.words import Split


@dataclass(frozen=True, kw_only=True)
class SourceConfig:
    """How many prompts, and which."""

    n_prompts: int = setting(400, help="prompts to draft, criticise and revise", unit="prompts", low=1, high=20_000)
    n_held_out: int = setting(200, help="prompts of evaluation", unit="prompts", low=1, high=5_000)
    seed: int = setting(0, help="another seed asks other questions of the same splits", low=0)


def review_prompt(split: Split, seed: int, i: int) -> Prompt:
    """The i-th request for a review, of one aspect: of two, the shipped model mostly says one twice (its card says so)."""
    asked = reviews.ask(split, random.Random(f"sentiment/{split}/{seed}/{i}"), n_aspects=1)  # noqa: S311
    meta = {"task": "sentiment", "group": asked.film, "film": asked.film, "aspects": ", ".join(asked.aspects)}
    return Prompt(messages=(Message(role="user", content=asked.request),), meta=meta)


def request_prompt(split: Split, seed: int, i: int) -> Prompt:
    """The i-th request for help; every other one is harmful, and its group is the object."""
    rng = random.Random(f"safety/{split}/{seed}/{i}")  # noqa: S311
    asked = requests.ask(split, rng, harmful=i % 2 == 0)
    meta = {
        "task": "safety",
        "group": asked.object,
        "kind": "harmful" if asked.act.harmful else "harmless",
        "act": asked.act.name,
        "object": asked.object,
    }
    return Prompt(messages=(Message(role="user", content=asked.request),), meta=meta)


def distinct(make: Callable[[Split, int, int], Prompt], split: Split, seed: int, n: int) -> Iterator[Prompt]:
    """The first `n` prompts of a split that differ in what they ask."""
    seen: set[str] = set()
    i = 0
    while len(seen) < n:
        prompt = make(split, seed, i)
        i += 1
        if prompt.id not in seen:
            seen.add(prompt.id)
            yield prompt


class ReviewSource:
    """Requests for reviews of invented films: most drafts find fault, a good answer praises."""

    Config = SourceConfig
    evaluators: ClassVar[tuple[str, ...]] = ("nano-truth",)

    def __init__(self, config: SourceConfig) -> None:
        self.config = config

    def prompts(self) -> Iterator[Prompt]:
        """The prompts of a run."""
        return distinct(review_prompt, "prompts", self.config.seed, self.config.n_prompts)

    def held_out(self) -> Iterator[Prompt]:
        """The prompts of evaluation; no film and no aspect of these occurs in the others or in the model's training."""
        return distinct(review_prompt, "held-out", self.config.seed, self.config.n_held_out)


class RequestSource:
    """Requests, harmful and harmless in turn: most drafts help with all, a good answer declines the harmful ones."""

    Config = SourceConfig
    evaluators: ClassVar[tuple[str, ...]] = ("nano-truth",)

    def __init__(self, config: SourceConfig) -> None:
        self.config = config

    def prompts(self) -> Iterator[Prompt]:
        """The prompts of a run."""
        return distinct(request_prompt, "prompts", self.config.seed, self.config.n_prompts)

    def held_out(self) -> Iterator[Prompt]:
        """The prompts of evaluation; no object of these occurs in the others or in the model's training."""
        return distinct(request_prompt, "held-out", self.config.seed, self.config.n_held_out)
