"""What a recipe came to, for a method that looks at it before anything is asked (`Method.check`, which is optional).

A method whose walk needs more of the others than their kinds promise (a reward that is never below 0, a backend that tells
log-probabilities, a role that is sampled as its model is) refuses in `check` what cannot come right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sctk_core.records import Sampling
from sctk_core.scales import Scale


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """The component of a section: its name, class and settings, whose words it uses ("": nobody's), and a reward's scale."""

    name: str
    target: Any
    config: Any
    role: str = ""
    scale: Scale | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """Who plays a role: the name and class of its backend, the model's digest, and how it is sampled.

    `path` is where the model is; `context` how many tokens a prompt and its reply may have at most (None: nobody says).
    """

    backend: str
    target: Any
    model: str
    sampling: Sampling
    path: str = ""
    context: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """The components by section ("reward", "rule"), and who plays each role that somebody speaks in."""

    chosen: Mapping[str, Chosen]
    voices: Mapping[str, Voice]
