"""What a manifest holds of components, of the models that speak, of trained arms and of what they cost, as it lies in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict


class ComponentFacts(TypedDict):
    """A component of a run: its name, who provided it, and its settings."""

    name: str
    distribution: str
    version: str
    settings: dict[str, Any]


class PartFacts(TypedDict, total=False):
    """What the fingerprint of a part was made of: settings by section, and the fingerprints of what it reads."""

    facts: dict[str, Any]
    reads: dict[str, str]


class RoleFacts(TypedDict):
    """A model that speaks in a run, the backend that has it, and how it is sampled."""

    path: str
    digest: str
    model: str
    backend: ComponentFacts
    sampling: dict[str, Any]


class ArmFacts(TypedDict):
    """A trained arm: its trainer's report, the arm it started from, what it was made of, and the digest of its model."""

    n_rows: int
    n_tokens: int
    n_steps: int
    n_retokenised: int
    losses: list[float]
    declined: dict[str, str]
    metrics: dict[str, float]
    notes: NotRequired[list[str]]
    unchanged: NotRequired[bool]
    digest: str
    fingerprint: str
    inputs: dict[str, str]
    start: str
    labels: list[str]


@dataclass(frozen=True, kw_only=True)
class ArmCost:
    """What an arm cost: tokens read and written for what it learned from, the rows, tokens and steps of its training, and what one
    of its answers reads and writes, on the mean.
    """

    arm: str
    tokens_read: int
    tokens_written: int
    n_rows: int
    n_tokens: int
    n_steps: int
    read_per_answer: float
    written_per_answer: float
