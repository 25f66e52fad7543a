"""How a role draws its texts: as the recipe says; what it leaves out, as the model's own files say; else at 1 and 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sctk_core import config as settings_of
from sctk_core.assembly.parts import Part, answer_of
from sctk_core.errors import PluginError
from sctk_core.records import ModelRef, Sampling
from sctk_core.shown import shown

OWN = {"temperature": (0.0, math.inf), "top_p": (1e-9, 1.0)}
"""What a model may say of its sampling that sctk draws by, with the range in which it is believed."""
UNSAID = (
    "for neither the recipe nor its generation_config says: most models want less, small ones much less (docs/user.md)"
)


def sampling_of(backend: Part, model: ModelRef, said: Mapping[str, Any], where: str) -> tuple[Sampling, str]:
    """The sampling that `said` (the recipe's own words) and the model make, and what a user is told of it.

    A backend that knows a model's own sampling says so by `own_sampling`; of one that does not, nothing is told.
    """
    if getattr(backend.target, "own_sampling", None) is None:
        return settings_of.parse(Sampling, dict(said), where=where), ""
    found = answer_of(backend, "own_sampling", model)
    if not isinstance(found, Mapping):
        message = f"own_sampling() gave {shown(found)}, wanted a mapping"
        raise PluginError(f"the backend {backend.name!r}: {message}", hint="this is for its author to mend")
    own = {name: float(found[name]) for name, (low, high) in OWN.items() if _within(found.get(name), low, high)}
    sampling = settings_of.parse(Sampling, own | dict(said), where=where)
    others = [f"{name} = {shown(value)}" for name, value in found.items() if name not in own]
    return sampling, _told(sampling, said, own, others)


def _within(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high and value < math.inf


def _told(sampling: Sampling, said: Mapping[str, Any], own: Mapping[str, float], others: Sequence[str]) -> str:
    numbers = [(name, getattr(sampling, name), _who(name, said, own)) for name in OWN]
    line = " and ".join(f"{name} {value:g}{f' ({who})' if who else ''}" for name, value, who in numbers)
    if not any(who for _, _, who in numbers):
        line += f", {UNSAID}"
    return f"drawn at {line}" + (f"; {', '.join(others)} of its generation_config: not applied" if others else "")


def _who(name: str, said: Mapping[str, Any], own: Mapping[str, float]) -> str:
    return "as the recipe says" if name in said else "as its generation_config says" if name in own else ""
