"""The source `encyclopaedia`: its articles, each a prompt that holds a document, as the method `knowledge` reads them.

Half of the articles are of things that the embedded model was shown, half of things that it never heard of; kinds are mixed,
and the seed says which they are. The exam is of things that the run does not ask about or, where it is told so, of the run's own
in other words: to see whether what was missing has been learned.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from sctk_core import Message, Prompt, setting

from sctk_encyclopaedia.world.articles import article
from sctk_encyclopaedia.world.things import Thing, world


class Encyclopaedia:
    """Articles on invented towns, people and events."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """How many articles, and what the exam is about."""

        n_articles: int = setting(60, help="articles to ask about", unit="articles", low=1, high=270)
        n_held_out: int = setting(60, help="articles of the exam", unit="articles", low=1, high=270)
        exam: Literal["others", "same"] = setting(
            "others",
            help="others: articles on things that the run does not ask about (at most 90); same: other articles on the same things",
        )
        seed: int = setting(0, help="which things the articles are about", low=0)
        things: Literal["asked", "kept"] = setting(
            "asked",
            help="asked: the articles are on things of runs; kept: on those that runs know from the exam `others` alone (at most "
            "90), to choose settings on, and never the ones that are evaluated",
        )

    evaluators: ClassVar[tuple[str, ...]] = ("encyclopaedia-truth",)

    def __init__(self, config: Config) -> None:
        self.config = config

    @staticmethod
    def tests(config: Config) -> tuple[Mapping[str, str | int], ...]:
        """The question sets of every run: what was taught of things that it does not ask about, and notes to read."""
        other = "asked" if config.things == "kept" else "kept"
        usual: dict[str, str | int] = {"use": "encyclopaedia-choices", "seed": config.seed}
        return (
            usual | {"label": "others", "about": "others", "things": other},
            usual | {"label": "notes", "about": "notes"},
        )

    def prompts(self) -> Iterator[Prompt]:
        """The articles of a run."""
        return (article_prompt(thing) for thing in self._drawn(exam=self._kept)[: self.config.n_articles])

    def held_out(self) -> Iterator[Prompt]:
        """The articles of the exam."""
        if self.config.exam == "same":
            things = self._drawn(exam=self._kept)[: min(self.config.n_articles, self.config.n_held_out)]
            return (article_prompt(thing, number=1) for thing in things)
        return (article_prompt(thing) for thing in self._drawn(exam=not self._kept)[: self.config.n_held_out])

    @property
    def _kept(self) -> bool:
        return self.config.things == "kept"

    def _drawn(self, *, exam: bool) -> list[Thing]:
        """The things of one side, in the seed's order: seen and never seen by turns."""
        rng = random.Random(f"encyclopaedia-source/{exam}/{self.config.seed}")  # noqa: S311 (a draw, not a secret)
        things = world().side(exam=exam)
        rng.shuffle(things)
        seen, unseen = ([thing for thing in things if thing.seen == side] for side in (True, False))
        return [thing for two in zip(seen, unseen, strict=True) for thing in two]


def article_prompt(thing: Thing, number: int = 0) -> Prompt:
    """An article as a document; `meta` says of what it is, and whether the model was shown it."""
    told = article(thing, number)
    meta = {"group": thing.name, "title": thing.title, "kind": thing.kind.name, "seen": str(thing.seen).lower()}
    return Prompt(messages=(Message(role="user", content=thing.title),), document=told, meta=meta)
