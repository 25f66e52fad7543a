"""How well the language model asks, reads, recalls and guesses: `python -m sctk_encyclopaedia.skill --model DIR --write`.

Every text comes from the weights, asked in the method's own words; the checker judges afterwards. With `--write` the figures
go into `skill.json` and the model card beside the weights.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sctk_core import Failure, Message, ModelRef, Prompt, Request, Sampling, seed_from
from sctk_knowledge.prompts import drawn, recalling
from sctk_knowledge.questions import Asking
from sctk_knowledge.settings import Questions
from sctk_nano.skill import Figure, figure, publish

from sctk_encyclopaedia.card import card
from sctk_encyclopaedia.rows import asks
from sctk_encyclopaedia.truth import verdict
from sctk_encyclopaedia.world.articles import article
from sctk_encyclopaedia.world.kinds import Fact
from sctk_encyclopaedia.world.language import ask, asked, claims
from sctk_encyclopaedia.world.things import Thing, world

GREEDY = Sampling(temperature=0.0, max_new_tokens=48)
WARM = Sampling(temperature=1.0, max_new_tokens=48)
ASKING = Sampling(temperature=0.5, max_new_tokens=64)
Talk = tuple[Message, ...]


@dataclass(frozen=True, kw_only=True)
class Item:
    """A fact of a thing, and a question for it."""

    thing: Thing
    fact: Fact
    question: str

    @property
    def prompt(self) -> Prompt:
        """The question as the method has it, with its document."""
        return Prompt(messages=(Message(role="user", content=self.question),), document=article(self.thing))

    def is_true(self, answer: str) -> bool:
        """Whether an answer is right."""
        return verdict(self.question, answer).word == "true"

    def is_told(self, answer: str) -> bool:
        """Whether an answer says something, right or wrong, of what was asked, and of nothing else."""
        said = [(one.name, one.sense) if one else None for one in claims(answer)]
        return said == [(self.thing.name, self.fact.sense)]


def items(n: int, choose: Callable[[Thing, Fact], bool], seed: int) -> list[Item]:
    """`n` facts of those that are chosen, or all where there are fewer; an order that the seed shuffles."""
    rng = random.Random(f"skill/{seed}")  # noqa: S311 (a world, not a secret)
    found = [(thing, fact) for thing in world().things.values() for fact in thing.kind.facts if choose(thing, fact)]
    rng.shuffle(found)
    return [Item(thing=thing, fact=fact, question=ask(thing, fact, rng)) for thing, fact in found[:n]]


GROUPS: dict[str, Callable[[Thing, Fact], bool]] = {
    "taught": lambda thing, fact: fact.sense in thing.taught,
    "untaught of a seen thing": lambda thing, fact: thing.seen and fact.sense not in thing.taught,
    "of a thing never seen": lambda thing, fact: not thing.seen,
}
"""What is asked for -> which facts these are."""


class Measure:
    """Asks a model and counts; `n` facts of each group, `n` articles."""

    def __init__(self, backend: Any, n: int, seed: int) -> None:
        self._backend, self._n, self._seed = backend, n, seed

    async def figures(self) -> dict[str, Figure]:
        """All figures by name."""
        found = await self._questions()
        for name, choose in GROUPS.items():
            found |= await self._answers(name, items(self._n, choose, self._seed))
        return found

    async def _questions(self) -> dict[str, Figure]:
        found = {}
        things = list(world().things.values())[: self._n]
        reader = Asking(n=1, settings=Questions(), wording=asks())
        for n_shown in (0, 3):
            talks = [asks().asking(one.title, article(one), drawn(n_shown, one.name)) for one in things]
            said = await self._said("ask", talks, ASKING)
            good = [_is_about(thing, reader.read(text)) for thing, text in zip(things, said, strict=True)]
            found[f"question is well formed, {n_shown} examples shown"] = figure(good)
        return found

    async def _answers(self, group: str, among: Sequence[Item]) -> dict[str, Figure]:
        """Of one group: with the article and without."""
        with_article: list[Talk] = [asks().reading(one.prompt) for one in among]
        alone: list[Talk] = [one.prompt.messages for one in among]
        shown: list[Talk] = [recalling(one.prompt, drawn(10, one.question)) for one in among]
        found = {}
        for name, talks, sampling in (
            ("with the article", with_article, GREEDY),
            ("with the article, drawn", with_article, WARM),
            ("from memory", alone, GREEDY),
            ("from memory, drawn", alone, WARM),
            ("from memory, 10 examples shown", shown, GREEDY),
        ):
            said = await self._said(name, talks, sampling)
            told = list(zip(among, said, strict=True))
            found[f"{group}, {name}: true"] = figure([one.is_true(text) for one, text in told])
            found[f"{group}, {name}: says what was asked"] = figure([one.is_told(text) for one, text in told])
        return found

    async def _said(self, step: str, talks: Sequence[Talk], sampling: Sampling) -> list[str]:
        requests = [
            Request(messages=talk, sampling=sampling, seed=seed_from(self._seed, step, talk[-1].content), key=str(i))
            for i, talk in enumerate(talks)
        ]
        replies = await self._backend.generate(requests)
        failed = [one for one in replies if isinstance(one, Failure)]
        if failed:
            raise RuntimeError(
                f"skill: {len(failed)} of {len(talks)} requests failed, the first with: {failed[0].reason}"
            )
        return [one.text for one in replies]


def _is_about(thing: Thing, question: object) -> bool:
    about = asked(question) if isinstance(question, str) else None
    return about is not None and about.name == thing.name


async def measure(model: Path, n: int, seed: int = 0) -> dict[str, Figure]:
    """Figures by name, over `n` facts of each group and `n` articles."""
    from sctk_nano.backend import NanoBackend

    backend = NanoBackend(NanoBackend.Config(), model=ModelRef(path=str(model)))
    try:
        return await Measure(backend, n, seed).figures()
    finally:
        await backend.aclose()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Measure how well the encyclopaedia's language model does.")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--n", type=int, default=300, help="facts of each group, and articles")
    parser.add_argument("--write", action="store_true", help="write skill.json and the model card beside the weights")
    arguments = parser.parse_args()
    tell(asyncio.run(measure(arguments.model, arguments.n)), arguments.model, write=arguments.write)


def tell(found: dict[str, Figure], model: Path, *, write: bool) -> None:
    """Prints figures, and writes them and the card beside the model where `write` says so."""
    rows = {name: asdict(row) for name, row in found.items()}
    publish(rows, model, lambda build: card(build, rows), write=write)


if __name__ == "__main__":
    main()
