"""What happens in a run, as frozen events that observers see one by one; none of them can alter a record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStarted:
    """A run begins or goes on in the directory `run`; `resumed`: it was begun before."""

    run: str
    method: str
    resumed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StageStarted:
    """A stage after the chains begins; `n_items` None: not known beforehand."""

    stage: str
    n_items: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemFinished:
    """One item of a stage has its answer, failure or refusal; `outcome` is answered, failed or declined."""

    stage: str
    outcome: str
    n_tokens: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainFinished:
    """One chain has walked all its steps, or ended early: so many of so many chains of this leg."""

    n_done: int
    n_chains: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StageFinished:
    """A stage is done."""

    stage: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFinished:
    """The run has ended; `state` as in the manifest."""

    run: str
    state: str


Event = RunStarted | StageStarted | ItemFinished | ChainFinished | StageFinished | RunFinished
