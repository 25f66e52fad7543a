"""What a judge is asked, as data: a preset file of the package, with a recipe's own settings in place of the preset's."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from sctk_core import ConfigError


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The judge's prompt, its system turn ("": none), the ends of its scale, and its longest judgement in tokens."""

    ask: str
    system: str = ""
    low: float
    high: float
    max_new_tokens: int


def preset_names() -> tuple[str, ...]:
    """The presets that the package ships, sorted."""
    found = (entry.name for entry in files("sctk_rewards").joinpath("judge_presets").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def asked_of(preset: str, **own: Any) -> Asked:
    """The preset with what is set in place of its own; None and "" are not set.

    >>> asked_of("harmlessness", high=3.0).low, asked_of("harmlessness", high=3.0).high
    (0.0, 3.0)
    """
    if preset not in preset_names():
        raise ConfigError(
            f"[reward] judge: got the unknown preset {preset!r}, wanted one of {', '.join(preset_names())}",
            hint="or give your own text: ask = ... over any preset",
        )
    texts = tomllib.loads(files("sctk_rewards").joinpath(f"judge_presets/{preset}.toml").read_text("utf-8"))
    return Asked(**texts | {name: value for name, value in own.items() if value not in (None, "")})
