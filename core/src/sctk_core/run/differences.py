"""What tells two runs apart: the units of a recipe beside those that a directory holds, and what may be made anew.

A fingerprint says only that something differs. The facts that it was made of lie in the manifest, so the names can be told.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sctk_core.config import suggestion
from sctk_core.errors import ConfigError
from sctk_core.run.units import Unit
from sctk_core.store.directory import RunDirectory
from sctk_core.store.failures import writing
from sctk_core.store.part import StoredPart

N_SHOWN = 5
NOTHING = "nothing"


def prepare(directory: RunDirectory, units: Sequence[Unit], redo: Collection[str], fingerprint: str) -> None:
    """Takes away what is to be made anew; what would be made anew without being named is refused, with what differs.

    A part of which too much failed, or of which nothing was accepted, is made anew as the recipe says today.
    The measuring of an evaluation is never refused: it costs nothing that is not on disk.
    """
    manifest = directory.manifest
    _refuse_strangers(units, redo)
    stale = [unit for unit in units if _is_stale(directory, unit)]
    again = {unit.name for unit in units if _is_owed_again(directory, unit)}  # they came to nothing, so nothing is lost
    anew = _following(units, {unit.name for unit in units if unit.name in redo} | again)
    roots = [
        unit for unit in stale if unit.name not in anew and unit.kind != "evaluation" and _differs(directory, unit)
    ]
    refused = [unit for unit in stale if unit.name not in anew and unit.kind != "evaluation"]
    if refused:
        raise _refusal(directory, roots or refused[:1], units, fingerprint)
    for unit in units:
        if unit in stale or unit.name in anew:
            forget(directory, unit)
    known = {unit.part for unit in units}
    manifest.parts = {name: part for name, part in manifest.parts.items() if name in known}
    manifest.fingerprint = fingerprint


def _refuse_strangers(units: Sequence[Unit], redo: Collection[str]) -> None:
    names = [unit.name for unit in units]
    for name in redo:
        if name not in names:
            raise ConfigError(
                f"--redo {name}: got no such part of this run, wanted one of {', '.join(names)}",
                hint=suggestion(name, names) or "sctk check shows the parts of a recipe",
            )


def _is_stale(directory: RunDirectory, unit: Unit) -> bool:
    found = directory.manifest.parts.get(unit.part)
    return found is not None and found.fingerprint != unit.fingerprint


def _is_owed_again(directory: RunDirectory, unit: Unit) -> bool:
    """Whether too much of a unit failed when it was last made, or nothing of it was accepted."""
    found = directory.manifest.parts.get(unit.part)
    return found is not None and found.again


def _differs(directory: RunDirectory, unit: Unit) -> bool:
    """Whether a unit's own facts are others, and not only what it reads."""
    return bool(_names(_known(directory, unit), _plain(unit.facts)))


def _following(units: Sequence[Unit], names: set[str]) -> set[str]:
    """The names, and those of all units that read what they make."""
    found = set(names)
    prints = {unit.fingerprint for unit in units if unit.name in found}
    for unit in units:
        if prints & set(unit.reads.values()):
            found.add(unit.name)
            prints.add(unit.fingerprint)
    return found


def forget(directory: RunDirectory, unit: Unit) -> None:
    """Takes a unit's part away, and its model where it has one."""
    found = directory.manifest.parts.pop(unit.part, None)
    if found is not None:
        kinds: dict[str, dict[str, str]] = {table: {} for table in found.tables}
        StoredPart(directory.layout, unit.part, kinds, directory.progress, 1 << 40).forget()
    if unit.kind == "training" and unit.what.arm in directory.manifest.arms:
        del directory.manifest.arms[unit.what.arm]
        path = directory.layout.model(unit.what.arm)
        with writing(path):
            shutil.rmtree(path, ignore_errors=True)
    directory.manifest.state = "running"
    directory.save()


def _refusal(directory: RunDirectory, roots: Sequence[Unit], units: Sequence[Unit], fingerprint: str) -> ConfigError:
    named = [name for unit in roots for name in _told(directory, unit)]
    shown = list(dict.fromkeys(named))
    more = f", and {len(shown) - N_SHOWN} more" if len(shown) > N_SHOWN else ""
    what = f"they differ in {', '.join(shown[:N_SHOWN])}{more}" if shown else _NO_SETTING
    first, covered = list[str](), set[str]()
    for unit in roots:
        if unit.name not in covered:
            first.append(unit.name)
            covered |= _following(units, {unit.name})
    n_more = len(covered - set(first))
    after = f" and what follows from {'it' if len(first) == 1 else 'them'} ({n_more} parts)" if n_more else ""
    return ConfigError(
        f"{directory.path}: got a recipe with fingerprint {fingerprint}, wanted {directory.manifest.fingerprint}, "
        f"which is what this directory holds: {what}",
        hint=f"give another directory with --out (replies are shared), or the recipe that made this one; "
        f"{' '.join(f'--redo {name}' for name in first)} makes {'it' if len(first) == 1 else 'them'}{after} anew in this directory",
    )


_NO_SETTING = "no setting differs: a file that the source reads was changed, or sctk-core itself"


def _told(directory: RunDirectory, unit: Unit) -> Iterator[str]:
    """`run.seed (got 1, the directory has 0)` for each setting of a unit that differs."""
    old, new = _known(directory, unit), _plain(unit.facts)
    for name in _names(old, new):
        if name != "file":
            yield f"{_shown_name(name)} (got {_short(new, name)}, the directory has {_short(old, name)})"


def _shown_name(name: str) -> str:
    return "model (digest)" if name == "model.digest" else name


def _known(directory: RunDirectory, unit: Unit) -> dict[str, Any]:
    found = directory.manifest.parts.get(unit.part)
    return _plain(found.facts.get("facts", {}) if found else {})


def _names(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The settings that differ; of a component that is another one only that it is."""
    names = [name for name in dict.fromkeys([*new, *old]) if new.get(name, NOTHING) != old.get(name, NOTHING)]
    others = tuple(f"{name.removesuffix('.use')}." for name in names if name.endswith(".use"))
    return [name for name in names if name.endswith(".use") or not name.startswith(others)]


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """`reward.use`, `reward.version`, `reward.scale` and so on, each with its value, as JSON would give it back."""
    found: dict[str, Any] = {}
    for section, value in facts.items():
        found |= dict(_leaves(section, _component(value) if isinstance(value, Mapping) else value))
    return found


def _component(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """A component's facts with its settings among them."""
    if "settings" not in facts:
        return facts
    known = {"use" if name == "name" else name: value for name, value in facts.items() if name != "settings"}
    return known | dict(facts["settings"])


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}", _component(inner) if isinstance(inner, Mapping) else inner)
    else:
        yield name, list(value) if isinstance(value, tuple) else value


def _short(values: Mapping[str, Any], name: str) -> str:
    text = repr(values[name]) if name in values else NOTHING
    return text if len(text) <= 60 else f"{text[:57]}..."
