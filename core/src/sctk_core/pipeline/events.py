"""What happens in a run, as frozen events that observers see one by one; none of them can alter a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStarted:
    """A run begins or goes on in the directory `run`; `resumed`: it was begun before."""

    run: str
    method: str
    resumed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StageStarted:
    """A part of the plan begins: a pass, a training, an evaluation; `n_items` None: not known beforehand.

    `n_asks` is how many steps an item has, where that is known beforehand.
    """

    stage: str
    n_items: int | None
    n_asks: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StepFinished:
    """One ask of an item has its answer, failure or refusal; `outcome` is answered, failed or declined."""

    stage: str
    outcome: str
    n_tokens: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemFinished:
    """One item of a pass has been walked to its end, or ended early: so many of so many."""

    n_done: int
    n_items: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingStep:
    """One step of a training is done: the n-th of so many, and its numbers by name (loss; margin, of pairs)."""

    stage: str
    step: int
    n_steps: int
    numbers: Mapping[str, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class StageFinished:
    """A part of the plan is done."""

    stage: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFinished:
    """The run has ended; `state` as in the manifest."""

    run: str
    state: str


Event = RunStarted | StageStarted | StepFinished | ItemFinished | TrainingStep | StageFinished | RunFinished
