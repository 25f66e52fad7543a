"""Components whose numbers are numpy's, torch's or the standard library's: a reward, an evaluator and a trainer in one class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy
import torch
from sctk_core import Component, ModelRef, Sample, Score, TrainingData, TrainReport, hookimpl, setting

FORMS: Mapping[str, Callable[[float], Any]] = {
    "float": float,
    "numpy": numpy.float32,
    "torch": torch.tensor,
    "fraction": lambda value: Fraction(value).limit_denominator(8),
    "array": lambda value: numpy.array([value, value]),
    "text": lambda value: f"{value} points",
    "nan": lambda value: numpy.float32("nan"),
}


@dataclass(frozen=True, kw_only=True)
class Form:
    form: str = setting("float", help="whose numbers")


class Counting:
    """A quarter for each "e"."""

    Config = Form

    def __init__(self, config: Form) -> None:
        self.made = FORMS[config.form]

    async def score(self, samples: Sequence[Sample]) -> list[Score]:
        return [Score(sample=one, name="counting", value=self.made(one.text.count("e") / 4)) for one in samples]

    async def evaluate(self, samples: Sequence[Sample]) -> Mapping[str, Sequence[Any]]:
        return {"counted": [self.made(one.text.count("e") / 4) for one in samples]}

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        out.mkdir(parents=True)
        (out / "skill").write_text("better ")
        losses: Any = (self.made(0.5), self.made(0.25))
        count: Any = numpy.int64(len(data))
        return TrainReport(
            model=ModelRef(path=str(out)), n_rows=count, n_tokens=7, n_steps=2, n_retokenised=0, losses=losses,
            metrics={"margin": self.made(0.75)},
        )  # fmt: skip


def _offer() -> list[Component]:
    return [Component(name="counting", target="number_world:Counting", summary="a quarter for each e")]


@hookimpl
def sctk_rewards() -> list[Component]:
    return _offer()


@hookimpl
def sctk_evaluators() -> list[Component]:
    return _offer()


@hookimpl
def sctk_trainers() -> list[Component]:
    return _offer()
