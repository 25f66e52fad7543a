"""The critic's prompts as data: a preset file of the package, a recipe's own texts, or one on top of the other."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from sctk_core import ConfigError, Template

_KNOWN_TO_CRITIQUE = {"prompt", "response"}
_KNOWN_TO_REVISE = {"prompt", "response", "critique"}


@dataclass(frozen=True, kw_only=True, slots=True)
class CriticPrompts:
    """What is asked of the critic: first for a critique, then for a revision. `system` "" asks without a system turn."""

    critique: Template
    revise: Template
    system: str = ""


def preset_names() -> tuple[str, ...]:
    """The presets that the package ships, sorted."""
    found = (entry.name for entry in files("sctk_critics").joinpath("presets").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def read_prompts(preset: str, *, critique: str = "", revise: str = "", system: str = "") -> CriticPrompts:
    """The prompts of a preset, with the texts that are given in place of the preset's."""
    if preset not in preset_names():
        names = ", ".join(preset_names())
        raise ConfigError(
            f"[critic] constitution: got the unknown preset {preset!r}, wanted one of {names}",
            hint="or give your own texts: critique = ... and revise = ... over any preset",
        )
    texts = tomllib.loads(files("sctk_critics").joinpath(f"presets/{preset}.toml").read_text("utf-8"))
    where = "[critic] constitution"
    return CriticPrompts(
        critique=Template.read(critique or texts["critique"], known=_KNOWN_TO_CRITIQUE, where=f"{where}, critique"),
        revise=Template.read(revise or texts["revise"], known=_KNOWN_TO_REVISE, where=f"{where}, revise"),
        system=system or texts.get("system", ""),
    )
