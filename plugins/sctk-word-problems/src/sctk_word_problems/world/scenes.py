"""What the world's file says: scenes, the questions that are asked about them, idle sentences and words."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sctk_word_problems.world.expressions import Expression, commuted, template


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked about a scene: `gold` answers it, `right` are all expressions that do, the gold one first.

    `new` is the letter of the number that the question brings, "" where it brings none; `why` are sentences that restate what
    matters.
    """

    name: str
    asks: tuple[str, ...]
    gold: Expression
    right: tuple[Expression, ...]
    why: tuple[str, ...]
    new: str


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What happened, in several tellings of a few sentences each. `less` are pairs of letters, the first the smaller number."""

    name: str
    told: tuple[tuple[str, ...], ...]
    less: tuple[tuple[str, str], ...]
    small: frozenset[str]
    questions: tuple[Question, ...]


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that problems are made of."""

    words: Mapping[str, tuple[str, ...]]
    idle: tuple[str, ...]
    scenes: tuple[Scene, ...]


def text_path() -> Path:
    """The directory of the world's text."""
    return Path(__file__).parent / "text"


@cache
def world() -> World:
    """The world of the shipped file."""
    raw = tomllib.loads((text_path() / "world.toml").read_text(encoding="utf-8"))
    return World(
        words={slot: tuple(words) for slot, words in raw["words"].items()},
        idle=tuple(text for each in raw["idle"] for text in each["says"]),
        scenes=tuple(_scene(each) for each in raw["scene"]),
    )


def _scene(raw: Mapping[str, Any]) -> Scene:
    return Scene(
        name=raw["name"],
        told=tuple(tuple(sentences) for sentences in raw["told"]),
        less=tuple((pair.split()[0], pair.split()[1]) for pair in raw["less"]),
        small=frozenset(raw.get("small", ())),
        questions=tuple(_question(raw["name"], number, each) for number, each in enumerate(raw["question"])),
    )


def _question(scene: str, number: int, raw: Mapping[str, Any]) -> Question:
    gold = template(raw["gold"])
    return Question(
        name=f"{scene} {number + 1}",
        asks=tuple(raw["asks"]),
        gold=gold,
        right=_all([gold, *map(template, raw.get("also", ()))]),
        why=tuple(raw["why"]),
        new=raw.get("new", ""),
    )


def _all(right: Sequence[Expression]) -> tuple[Expression, ...]:
    return tuple(dict.fromkeys(other for each in right for other in commuted(each)))
