"""What tells two runs apart: the settings of a recipe beside those of the run that a directory holds.

A fingerprint says only that something differs. Its parts lie in the manifest and in recipe.toml, so the names can be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sctk_core import config as settings_of
from sctk_core.assembly import Assembly
from sctk_core.errors import ConfigError
from sctk_core.recipe import RunSettings, read_toml
from sctk_core.records import Sampling
from sctk_core.store.manifest import Manifest

N_SHOWN = 5
NOTHING = "nothing"


def differences(assembly: Assembly, run: Path, manifest: Manifest) -> str:
    """`they differ in run.seed (got 1, the directory has 0), ...`, or what may differ where no setting does."""
    if manifest.components == {}:
        return "it was begun with another recipe"
    new = _flat(assembly.components) | _shared(assembly.settings, assembly.sampling, assembly.model.digest)
    old = _flat(manifest.components) | _shared(*_settings_in(run), manifest.model.get("digest", ""))
    names = [name for name in dict.fromkeys([*new, *old]) if new.get(name, NOTHING) != old.get(name, NOTHING)]
    others = tuple(f"{name.removesuffix('.use')}." for name in names if name.endswith(".use"))
    names = [
        name for name in names if name.endswith(".use") or not name.startswith(others)
    ]  # of another component all differs
    if not names:
        return "no setting differs: a file that the source reads was changed, or sctk-core itself"
    shown = [f"{name} (got {_short(new, name)}, the directory has {_short(old, name)})" for name in names[:N_SHOWN]]
    more = f", and {len(names) - N_SHOWN} more" if len(names) > N_SHOWN else ""
    return f"they differ in {', '.join(shown)}{more}"


def _settings_in(run: Path) -> tuple[RunSettings, Sampling]:
    """The sections [run] and [sampling] of a run's own recipe; the defaults where it has none."""
    try:
        sections = read_toml(run / "recipe.toml")
        found = settings_of.parse(RunSettings, sections.get("run", {}), where="recipe.toml, [run]")
        return found, settings_of.parse(Sampling, sections.get("sampling", {}), where="recipe.toml, [sampling]")
    except ConfigError:  # another version's: what can be told apart without them is
        return RunSettings(), Sampling()


def _shared(run: RunSettings, sampling: Sampling, model: str) -> dict[str, Any]:
    """What of a run belongs to no component."""
    found = {f"run.{name}": value for name, value in settings_of.identity(run).items()}
    found |= {f"sampling.{name}": value for name, value in settings_of.plain(sampling).items()}
    return found | {"model (digest)": model[:16]}


def _flat(components: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """`reward.use`, `reward.version`, `reward.scale` and so on, each with its value, as JSON would give it back."""
    found: dict[str, Any] = {}
    for section, facts in components.items():
        known = {"use" if name == "name" else name: value for name, value in facts.items() if name != "settings"}
        found |= dict(_leaves(section, known | dict(facts.get("settings", {}))))
    return found


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}", inner)
    else:
        yield name, list(value) if isinstance(value, tuple) else value


def _short(values: Mapping[str, Any], name: str) -> str:
    text = repr(values[name]) if name in values else NOTHING
    return text if len(text) <= 60 else f"{text[:57]}..."
