"""Fakes for the method `mirror`, one file for `--load`: a model adds two numbers, judges a sum, and errs where a question says so.

A model is a directory with a file `skill`: of how many questions in a hundred it states the right sum, and judges rightly. What a
teacher does wrong with a question stands in its first word, whatever the seed is, so counts are worked out by hand.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from sctk_core import (
    Component,
    Failure,
    Message,
    ModelRef,
    Prompt,
    Reply,
    Request,
    Sample,
    TrainReport,
    Usage,
    Weighted,
    hookimpl,
    setting,
)

HABITS = (*["plain"] * 14, "silent", "mute", "vague", "hasty", "alarmed", "split")


@dataclass(frozen=True, kw_only=True)
class Kill:
    """When the process is killed: at the call of this name, after so many went well, unless the file `flag` exists."""

    at: str = setting(
        "",
        help="MODEL.rationale, MODEL.evaluation, MODEL.explain, or the arm that is trained",
        identity=False,
    )
    after: int = setting(0, help="so many calls go well first", identity=False)
    flag: str = setting("", help="a file that is made before the kill", identity=False)


@dataclass(frozen=True, kw_only=True)
class BackendConfig(Kill):
    """The backend's settings."""

    tells: bool = setting(True, help="whether it tells log-probabilities")


class Killer:
    """Kills the process when its time has come; calls are counted over all engines of the process."""

    calls: ClassVar[Counter[str]] = Counter()

    def __init__(self, kill: Kill) -> None:
        self._kill = kill

    def pass_by(self, name: str) -> None:
        """One call of this name."""
        kill = self._kill
        if name != kill.at or Path(kill.flag).exists():
            return
        self.calls[name] += 1
        if self.calls[name] > kill.after:
            Path(kill.flag).touch()
            os.kill(os.getpid(), 9)


class Silent:
    """A model that answers, and tells no log-probabilities."""

    Config = BackendConfig

    def __init__(self, config: BackendConfig, *, model: ModelRef) -> None:
        self._skill: Mapping[str, int] = json.loads((Path(model.path) / "skill").read_text())
        self._name, self._killer = Path(model.path).name, Killer(config)

    async def generate(self, requests: Sequence[Request]) -> list[Reply | Failure]:
        return [self._one(request) for request in requests]

    def _one(self, request: Request) -> Reply | Failure:
        asked = request.messages[-1].content
        kind = kind_of(asked)
        self._killer.pass_by(f"{self._name}.{kind}")
        habit = asked.removeprefix("predict: ").removeprefix("explain: ").partition(":")[0]
        text = self._said(kind, habit, request, asked)
        if text is None:
            return Failure(of=request.of, kind="blocked", reason="refused")
        usage = Usage(n_prompt_tokens=len(asked.split()), n_completion_tokens=len(text.split()))
        return Reply(key=request.key, text=text, backend="mirror-fake", usage=usage)

    def _said(self, kind: str, habit: str, request: Request, asked: str) -> str | None:
        rank, lucky = request.rank, request.seed % 100
        if kind == "rationale":
            if habit == "silent" and rank >= 2:
                return None
            if habit == "mute":
                return "I do not know."
            wrong = (habit, rank) == ("hasty", 1)
            return f"One after the other. The answer is ({sum_text(asked, 1 if wrong else 0)})."
        if kind == "evaluation":
            if (habit, rank) == ("vague", 0):
                return "The sum looks odd.\nI would rather not say."
            right = judged(asked)
            if habit == "alarmed" or (habit == "split" and rank < 2):
                right = not right
            return f"I add again.\nEvaluation result: the given answer is {'correct' if right else 'wrong'}."
        if kind == "judging":
            fits = lucky < self._skill["judge"]
            return "correct" if judged(asked) == fits else "wrong"
        right = lucky < self._skill["solve"]
        stated = f"({sum_text(asked, 0 if right else 1)})"
        return stated if kind == "predict" else f"I count. The answer is {stated}."


class Telling(Silent):
    """The same, and it tells how likely a verdict is."""

    async def logprobs(self, conversations: Sequence[tuple[tuple[Message, ...], str]]) -> list[float]:
        found = []
        for messages, text in conversations:
            likely = 0.9 if judged(messages[-1].content) == (text == "correct") else 0.1
            found.append(math.log(likely if self._skill["judge"] > 50 else 0.5))
        return found


def kind_of(asked: str) -> str:
    """What is asked for."""
    if "Evaluation result" in asked:
        return "evaluation"
    if "Reason step by step" in asked:
        return "rationale"
    if asked.startswith("explain: "):
        return "explain"
    return "judging" if "answer is" in asked else "predict"


def sum_text(asked: str, more: int) -> str:
    """The sum that a question asks for, or one that is off."""
    one, two = re.findall(r"has (\d+) and (\d+)", asked)[0]
    return f"{one} + {int(two) + more}"


def judged(asked: str) -> bool:
    """Whether the sum that stands behind the question is right."""
    return sum_text(asked, 0) in asked.rpartition("answer is (")[2] or f"({sum_text(asked, 0)})" in asked


class Questions:
    """Twenty questions that say what their teacher does wrong, and twenty held-out ones that say nothing."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """None."""

    def __init__(self, config: Config) -> None:
        pass

    def prompts(self) -> Iterator[Prompt]:
        return (question(habit, number, number + 1) for number, habit in enumerate(HABITS))

    def held_out(self) -> Iterator[Prompt]:
        return (question("plain", 100 + number, number) for number in range(20))


def question(habit: str, one: int, two: int) -> Prompt:
    """A question with its gold equation."""
    text = f"{habit}: Tom has {one} and {two} marbles. How many are there?"
    return Prompt(messages=(Message(role="user", content=text),), reference=f"{one} + {two}")


@dataclass(frozen=True, kw_only=True)
class Passes:
    """The optimiser's settings."""

    epochs: float = setting(1.0, help="passes over the rows", low=0.0)


@dataclass(frozen=True, kw_only=True)
class TrainerConfig(Kill):
    """The trainer's settings."""

    alpha: float = setting(0.5, help="weight of predict", low=0.0, high=1.0)
    optimiser: Passes = setting(Passes(), help="how long")


class Trainer:
    """Writes down its lessons and how long it had; whoever learns from verdicts can judge then, and from answers solve."""

    Config = TrainerConfig

    def __init__(self, config: TrainerConfig) -> None:
        self._config, self._killer = config, Killer(config)

    def train(self, data: Any, model: ModelRef, out: Path) -> TrainReport:
        assert isinstance(data, Mapping)
        out.mkdir(parents=True)
        rows = {name: [lesson(row) for row in table] for name, table in data.items()}
        assert len(rows["predict"]) == len(rows.get("explain", rows["predict"]))
        facts = {"epochs": self._config.optimiser.epochs, "alpha": self._config.alpha}
        (out / "lessons").write_text(json.dumps(rows, indent=1))
        (out / "facts").write_text(json.dumps(facts))
        self._killer.pass_by(out.name)
        skill = json.loads((Path(model.path) / "skill").read_text())
        said = {row[1] for row in rows["predict"]}
        learnt = ({"judge": 90} if said & {"correct", "wrong"} else {}) | (
            {"solve": 70} if said - {"correct", "wrong"} else {}
        )
        (out / "skill").write_text(json.dumps(skill | learnt))
        n_rows = sum(len(table) for table in data.values())
        model_out = ModelRef(path=str(out))
        return TrainReport(model=model_out, n_rows=n_rows, n_tokens=0, n_steps=1, n_retokenised=0, losses=(1.0, 0.5))


def lesson(row: Sample | Weighted) -> list[Any]:
    """(what is shown, what is to be said, its weight) of a row."""
    sample, weight = (row.sample, row.weight) if isinstance(row, Weighted) else (row, 1.0)
    return [sample.prompt.messages[-1].content, sample.text, weight]


def _one(name: str, target: str) -> list[Component]:
    return [Component(name=name, target=f"{__name__}:{target}", summary="Mind's Mirror with fakes")]


@hookimpl
def sctk_backends() -> list[Component]:
    return [*_one("telling", "Telling"), *_one("silent", "Silent")]


@hookimpl
def sctk_sources() -> list[Component]:
    return _one("sums", "Questions")


@hookimpl
def sctk_trainers() -> list[Component]:
    return _one("lessons", "Trainer")
