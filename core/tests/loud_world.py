"""Beside the toy world: a backend that says its answer as often as it is set to, and a method that sets it otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sctk_core import (
    Arm,
    Component,
    ConfigError,
    Evaluate,
    Generate,
    Made,
    ModelRef,
    Plan,
    Prompt,
    Reply,
    Request,
    Sample,
    Speaker,
    Train,
    hookimpl,
    setting,
    spoken,
)


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """No settings."""


@dataclass(frozen=True, kw_only=True)
class How:
    """How often and how loudly."""

    times: int = setting(1, help="so often", low=1)
    mark: str = setting("!", help="behind each")
    whisper: bool = setting(False, help="in brackets", came_later=True)


class LoudBackend:
    Config = How

    def __init__(self, config: How, *, model: ModelRef) -> None:
        self._how, self._skill = config, (Path(model.path) / "skill").read_text()

    @staticmethod
    def model_notes(config: How, model: ModelRef) -> list[str]:
        if config.times > 9:
            raise ConfigError(f"backend.times: got {config.times}, wanted 9 at most")
        return [f"said {config.times} times"] if config.times > 1 else []

    async def generate(self, requests: Sequence[Request]) -> list[Reply]:
        said = (self._skill + "a" + self._how.mark) * self._how.times
        said = f"({said})" if self._how.whisper else said
        return [Reply(key=request.key, text=said, backend="loud") for request in requests]


@dataclass(frozen=True, kw_only=True)
class Speakers:
    student: Speaker


@dataclass(frozen=True, kw_only=True)
class Settings:
    times: int = setting(3, help="of the louder arm", low=1)


class Loud:
    """Base drafts twice as loudly as it is asked; the student is examined as it is, and louder."""

    Config, Crew = Settings, Speakers
    recipe: ClassVar[str] = ""

    def __init__(self, config: Settings) -> None:
        self._times = config.times

    def plan(self) -> Plan:
        louder = Arm("louder", model="student", backend={"times": self._times})
        return (
            Generate("drafts", self.walk, steps=("draft",), makes={"rows": Sample}, backend={"times": 2}, settings=()),
            Train("student", on="drafts.rows"),
            Evaluate(Arm("base"), louder, Arm("student")),
        )

    async def walk(self, prompt: Prompt, crew: Speakers) -> Made:
        return {"rows": spoken(await crew.student.draft(prompt))}


@hookimpl
def sctk_backends() -> list[Component]:
    return [Component(name="loud", target="loud_world:LoudBackend", summary="says it often")]


@hookimpl
def sctk_methods() -> list[Component]:
    return [Component(name="loud", target="loud_world:Loud", summary="asks a backend that is set otherwise")]
