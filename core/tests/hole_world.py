"""A world that writes down what is asked of it, as one plugin file: who was built, asked and closed, and in which loop.

All notes go to `log.jsonl` in the folder that the variable HOLE_DIR names; a file of a given name there is a fault that lasts
as long as the file: `down-MODEL` (the backend loses every connection), `lonely` (the reward without a backend loses its own).
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sctk_core import (
    Component,
    Critique,
    Failure,
    Message,
    ModelRef,
    Reply,
    Request,
    Sample,
    Sampling,
    Score,
    TrainingData,
    TrainReport,
    Usage,
    hookimpl,
    setting,
)


def folder() -> Path:
    return Path(os.environ["HOLE_DIR"])


def note(event: str, **facts: Any) -> None:
    with (folder() / "log.jsonl").open("a") as file:
        file.write(json.dumps({"event": event} | facts) + "\n")


def fault(name: str) -> bool:
    return (folder() / name).exists()


@dataclass(frozen=True, kw_only=True)
class BackendConfig:
    tag: str = setting("", help="said in each reply")
    lose: str = setting("", help="a connection is lost where the last turn has this word", identity=False)


class NotedBackend:
    Config = BackendConfig

    def __init__(self, config: BackendConfig, *, model: ModelRef) -> None:
        self._config, self._name = config, Path(model.path).name
        note("built", model=self._name, tag=config.tag)

    async def generate(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        return [await self._one(request) for request in requests]

    async def _one(self, request: Request) -> Reply | Failure:
        said = request.messages[-1].content
        note("asked", model=self._name, said=said, temperature=request.sampling.temperature, key=request.key)
        await asyncio.sleep(0.002)
        if fault(f"down-{self._name}"):
            raise ConnectionError("connection refused")
        if self._config.lose and self._config.lose in said:
            return Failure(of=request.of, stage="", component="", kind="backend", reason="connection lost")
        usage = Usage(n_prompt_tokens=len(said), n_completion_tokens=3)
        text = f"{self._name}{self._config.tag} {request.seed % 1000}"
        return Reply(key=request.key, text=text, token_ids=(1, 2, 3), usage=usage, backend="noted")

    async def aclose(self) -> None:
        note("closed", model=self._name)


class Talker:
    def __init__(self, backend: NotedBackend, sampling: Sampling) -> None:
        self._backend, self._sampling = backend, sampling

    async def say(self, word: str, items: Sequence[Any]) -> list[Any]:
        return await self._backend.generate(
            [
                Request(
                    messages=(Message(role="user", content=f"{word} {one.text}"),), of=one.id, sampling=self._sampling
                )
                for one in items
            ]
        )


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """No settings."""


class NotedCritic(Talker):
    Config = Nothing

    def __init__(self, config: Nothing, *, backend: NotedBackend, sampling: Sampling) -> None:
        super().__init__(backend, sampling)

    async def critique(self, samples: Sequence[Sample]) -> list[Critique | Failure]:
        replies = await self.say("critique", samples)
        return [
            r if isinstance(r, Failure) else Critique(sample=s, text=r.text, verdict="revise", reply=r.key)
            for s, r in zip(samples, replies, strict=True)
        ]

    async def revise(self, critiques: Sequence[Critique]) -> list[Sample | Failure]:
        replies = await self.say("revise", critiques)
        return [
            r if isinstance(r, Failure) else Sample.of(r, prompt=c.sample.prompt, sweep=c.sweep, critique=c.id)
            for c, r in zip(critiques, replies, strict=True)
        ]


@dataclass(frozen=True, kw_only=True)
class JudgeConfig:
    unreadable: bool = setting(False, help="no number is found in any reply")


class NotedJudge(Talker):
    """A reward in a model's words."""

    Config = JudgeConfig

    def __init__(self, config: JudgeConfig, *, backend: NotedBackend, sampling: Sampling) -> None:
        super().__init__(backend, sampling)
        self._unreadable = config.unreadable

    async def score(self, samples: Sequence[Sample]) -> list[Score | Failure]:
        replies = await self.say("judge", samples)
        return [self._one(sample, reply) for sample, reply in zip(samples, replies, strict=True)]

    def _one(self, sample: Sample, reply: Reply | Failure) -> Score | Failure:
        if isinstance(reply, Failure):
            return reply
        if self._unreadable:
            reason = "no number in the reply"
            return Failure(of=sample.id, stage="", component="", kind="parse", reason=reason, detail=reply.text)
        return Score(sample=sample, name="judge", value=float(reply.text.split()[-1]), reply=reply.key)


@dataclass(frozen=True, kw_only=True)
class LonelyConfig:
    hang_at: int = setting(0, help="the call that hangs, from 1; 0: none", identity=False)
    block: bool = setting(False, help="it blocks its loop, and not only waits", identity=False)


class Lonely:
    """A reward that asks no model of ours, and writes down the loop it is asked in."""

    Config = LonelyConfig

    def __init__(self, config: LonelyConfig) -> None:
        self._config, self._calls = config, 0

    async def score(self, samples: Sequence[Sample]) -> list[Score]:
        self._calls += 1
        note("scored", loop=id(asyncio.get_running_loop()), n=len(samples), ids=[one.id for one in samples])
        if self._calls == self._config.hang_at:
            if self._config.block:
                time.sleep(3)  # noqa: ASYNC251 - that is the trouble
            await asyncio.sleep(3600)
        if fault("lonely"):
            raise ConnectionError("the scoring server is away")
        return [Score(sample=one, name="lonely", value=float(len(one.text) % 7)) for one in samples]


@dataclass(frozen=True, kw_only=True)
class TrainerConfig:
    beta: float = setting(0.1, help="a setting")


class NotedTrainer:
    Config = TrainerConfig

    def __init__(self, config: TrainerConfig) -> None:
        self._config = config

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        note("trained", arm=out.name, n=len(data), start=Path(model.path).name)
        out.mkdir(parents=True)
        (out / "skill").write_text(f"{out.name} {self._config.beta}")
        return TrainReport(
            model=ModelRef(path=str(out)), n_rows=len(data), n_tokens=0, n_steps=1, n_retokenised=0, losses=(1.0,)
        )


@dataclass(frozen=True, kw_only=True)
class EvaluatorConfig:
    metric: str = setting("measured", help="the name of its metric")
    knows: str = setting("", help="it answers for the texts that have this word, and measures nothing elsewhere")


class NotedEvaluator:
    Config = EvaluatorConfig

    def __init__(self, config: EvaluatorConfig) -> None:
        self._config = config

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[float | None]]:
        note("evaluated", n=len(samples), metric=self._config.metric)
        knows = all(self._config.knows in one.text for one in samples)
        return {self._config.metric: [float(len(one.text)) for one in samples]} if knows else {}


class AskingEvaluator(Talker):
    Config = Nothing

    def __init__(self, config: Nothing, *, backend: NotedBackend, sampling: Sampling) -> None:
        super().__init__(backend, sampling)

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[Any]]:
        replies = await self.say("examine", samples)
        return {"examined": [r if isinstance(r, Failure) else float(r.text.split()[-1]) for r in replies]}


def _one(name: str, target: str) -> Component:
    return Component(name=name, target=f"{__name__}:{target}", summary="it takes notes")


@hookimpl
def sctk_backends() -> list[Component]:
    return [_one("noted", "NotedBackend")]


@hookimpl
def sctk_critics() -> list[Component]:
    return [_one("noted-critic", "NotedCritic")]


@hookimpl
def sctk_rewards() -> list[Component]:
    return [_one("noted-judge", "NotedJudge"), _one("lonely", "Lonely")]


@hookimpl
def sctk_trainers() -> list[Component]:
    return [_one("noted-trainer", "NotedTrainer")]


@hookimpl
def sctk_evaluators() -> list[Component]:
    return [_one("noted-evaluator", "NotedEvaluator"), _one("asking", "AskingEvaluator")]
