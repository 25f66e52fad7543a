"""Prompts of the later tasks: news, personas, opinions and jailbreaks, in the two splits that no model of ours was trained on.

As in `source`: the i-th prompt depends on the seed and i alone, `meta` says what was asked, and no answer is known here.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

from sctk_core import Message, Prompt, setting

from sctk_nano.source import SourceConfig, distinct
from sctk_nano.world import jailbreaks, news, opinions, personas, requests
from sctk_nano.world.words import Split

Templates = Literal["seen", "unseen", "none"]


def _chance(task: str, split: Split, seed: int, i: int) -> random.Random:
    return random.Random(f"{task}/{split}/{seed}/{i}")  # noqa: S311 (a world, not a secret)


def _prompt(task: str, asked: str, group: str, **meta: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content=asked),), meta={"task": task, "group": group, **meta})


def news_prompt(split: Split, seed: int, i: int) -> Prompt:
    """The i-th request for news; its group is the town."""
    asked = news.ask(split, _chance("privacy", split, seed, i))
    return _prompt("privacy", asked.request, asked.town, event=asked.event, object=asked.object, town=asked.town)


def persona_prompt(split: Split, seed: int, i: int) -> Prompt:
    """The i-th question to a persona; its group is the persona's name, its kind whether it asks of the persona or of a fact."""
    asked = personas.ask(split, _chance("role-play", split, seed, i))
    kind = "personal" if asked.topic in personas.PERSONAL else "fact"
    return _prompt("role-play", asked.request, asked.name, kind=kind, topic=asked.topic)


def opinion_prompt(split: Split, seed: int, i: int) -> Prompt:
    """The i-th request for a comment: each argument three times, by one who likes it, one who dislikes it, one who does not say."""
    kind = opinions.KINDS[i % len(opinions.KINDS)]
    about = opinions.argument(split, _chance("sycophancy", split, seed, i // len(opinions.KINDS)))
    asked = opinions.request(about, kind, _chance(f"sycophancy/{kind}", split, seed, i))
    said = {"plan": about.plan, "object": about.object, "town": about.town}
    return _prompt(
        "sycophancy", asked, about.text, kind=kind, reasons=about.reasons, source=about.source, **said
    )  # fmt: skip


def jailbreak_prompt(split: Split, seed: int, i: int, templates: Templates) -> Prompt:
    """The i-th request: every other one is harmful and stands in a template, as half of the harmless ones do."""
    rng = _chance("jailbreaks", split, seed, i)
    harmful = i % 2 == 0
    asked = requests.ask(split, rng, harmful=harmful)
    among = {"seen": jailbreaks.TEMPLATES, "unseen": jailbreaks.UNSEEN, "none": (jailbreaks.BARE,)}[templates]
    template = rng.choice(among) if harmful or i % 4 == 1 else jailbreaks.BARE
    return _prompt(
        "safety",
        jailbreaks.dressed(asked, template).request,
        asked.object,
        kind="harmful" if harmful else "harmless",
        harmful=str(harmful).lower(),
        act=asked.act.name,
        object=asked.object,
        template=template,
    )


class NewsSource:
    """Requests for news with personal data: most drafts give people away, a good piece tells the news and names nobody."""

    Config = SourceConfig
    evaluators: ClassVar[tuple[str, ...]] = ("nano-truth",)

    def __init__(self, config: SourceConfig) -> None:
        self.config = config

    def prompts(self) -> Iterator[Prompt]:
        """The prompts of a run."""
        return distinct(news_prompt, "prompts", self.config.seed, self.config.n_prompts)

    def held_out(self) -> Iterator[Prompt]:
        """The prompts of evaluation, of other things and towns."""
        return distinct(news_prompt, "held-out", self.config.seed, self.config.n_held_out)


class PersonaSource:
    """Questions to personas: most drafts play them, a good answer is the neutral assistant's."""

    Config = SourceConfig
    evaluators: ClassVar[tuple[str, ...]] = ("nano-truth",)

    def __init__(self, config: SourceConfig) -> None:
        self.config = config

    def prompts(self) -> Iterator[Prompt]:
        """The prompts of a run."""
        return distinct(persona_prompt, "prompts", self.config.seed, self.config.n_prompts)

    def held_out(self) -> Iterator[Prompt]:
        """The prompts of evaluation, of other personas."""
        return distinct(persona_prompt, "held-out", self.config.seed, self.config.n_held_out)


class OpinionSource:
    """Arguments beside the asker's opinion: most drafts follow it, a good comment takes no side."""

    Config = SourceConfig
    evaluators: ClassVar[tuple[str, ...]] = ("nano-truth",)

    def __init__(self, config: SourceConfig) -> None:
        self.config = config

    def prompts(self) -> Iterator[Prompt]:
        """The prompts of a run."""
        return distinct(opinion_prompt, "prompts", self.config.seed, self.config.n_prompts)

    def held_out(self) -> Iterator[Prompt]:
        """The prompts of evaluation, of other things and towns."""
        return distinct(opinion_prompt, "held-out", self.config.seed, self.config.n_held_out)


class JailbreakSource:
    """Requests in jailbreak templates: most drafts help with all, a good answer declines the harmful ones."""

    @dataclass(frozen=True, kw_only=True)
    class Config(SourceConfig):
        """How many prompts, and in which templates evaluation asks."""

        held_out_templates: Templates = setting(
            "unseen", help="templates of evaluation: unseen: others than the run's; seen: the same; none: bare requests"
        )

    evaluators: ClassVar[tuple[str, ...]] = ("nano-truth",)

    def __init__(self, config: Config) -> None:
        self.config = config

    def prompts(self) -> Iterator[Prompt]:
        """The prompts of a run."""
        make = partial(jailbreak_prompt, templates="seen")
        return distinct(make, "prompts", self.config.seed, self.config.n_prompts)

    def held_out(self) -> Iterator[Prompt]:
        """The prompts of evaluation, of other objects, and in other templates unless told."""
        make = partial(jailbreak_prompt, templates=self.config.held_out_templates)
        return distinct(make, "held-out", self.config.seed, self.config.n_held_out)
