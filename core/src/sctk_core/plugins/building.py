"""One component, built: its class imported, its settings parsed, and what its `__init__` asks for by name supplied.

A target is `Class(config, *, backend, model)`: of the keyword-only parameters core supplies those that are asked for. What
is wrong with the class is a PluginError, what is wrong with the settings a ConfigError.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sctk_core import protocols
from sctk_core.config import Setting, parse, settings_of, suggestion
from sctk_core.errors import ConfigError, PluginError
from sctk_core.hookspecs import COMMAND, Component
from sctk_core.plugins.loading import Loaded, file_module, isolated, load
from sctk_core.plugins.offers import Catalogue, Offer, kind_named
from sctk_core.scales import Scale, scale_of
from sctk_core.shown import unicode_of

NEEDS = ("backend", "model", "sampling", "progress", "folder", "sections")


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """A component ready to work, the settings it was built with, and who provides it."""

    instance: Any
    config: Any
    component: Component
    distribution: str
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """What `sctk describe` tells of one component; `needs` are what core supplies to it, `scale` is what its scores range over.

    `scale` None: it states none, or its settings say which and some of them have no default. `measured` are its errors as its
    author measured them, a line each; empty: it states none.
    """

    loaded: Loaded
    settings: tuple[Setting, ...]
    needs: tuple[str, ...]
    story: str
    scale: Scale | None = None
    measured: tuple[str, ...] = ()


def build(
    kind: str,
    name: str,
    settings: Mapping[str, Any],
    needs: Mapping[str, Any],
    *,
    where: str = "",
    among: Catalogue | None = None,
) -> Built:
    """The component, built with these settings; `needs` maps "backend", "model" and so on to what may be supplied.

    Only what the component asks for is looked up in `needs`, so a lazy mapping builds nothing in vain. `where` opens every
    complaint about settings (say "[reward] in recipe.toml").
    """
    loaded = load(kind, name, among=among)
    target = target_of(loaded)
    where = where or f"[{kind}] {loaded.component.name}"
    config = isolated(lambda: _parsed(target, settings, where), loaded.offer, "its Config")
    supplied = {asked: _supply(asked, needs, loaded) for asked in _asked(target, needs)}
    instance = isolated(lambda: target(config, **supplied), loaded.offer, f"{loaded.component.target}(config)")
    return Built(
        instance=instance,
        config=config,
        component=loaded.component,
        distribution=loaded.distribution,
        version=loaded.version,
    )


def target_of(loaded: Loaded) -> Any:
    """The class that a descriptor names, imported and checked: a Config, the verbs of its kind, an `__init__` we can call."""
    return isolated(lambda: _target_of(loaded), loaded.offer, f"looking at {loaded.component.target}")


def _target_of(loaded: Loaded) -> Any:
    text = loaded.component.target
    target = _named(loaded)
    if not inspect.isclass(target):
        raise _broken(loaded, f"its target {text!r} is no class")
    config = getattr(target, "Config", None)
    if not (inspect.isclass(config) and dataclasses.is_dataclass(config)):
        raise _broken(
            loaded, f"{text} has no Config", hint="nest a frozen dataclass Config, with setting() fields or none"
        )
    missing = [verb for verb in verbs_of(loaded.kind) if not callable(getattr(target, verb, None))]
    if missing:
        protocol = kind_named(loaded.kind).protocol
        raise _broken(loaded, f"{text} has no {missing[0]}(), which a {protocol} must have")
    needs_of(loaded, target)
    return target


def command_of(name: str, *, among: Catalogue | None = None) -> tuple[Any, Offer]:
    """The click command of that name (or `DISTRIBUTION/NAME`), imported now, and who offers it. Core knows no click."""
    loaded = load(COMMAND.word, name, among=among)
    target = _named(loaded)
    if inspect.isclass(target) or not all(callable(getattr(target, verb, None)) for verb in ("make_context", "invoke")):
        raise _broken(loaded, f"its target {loaded.component.target!r} is no click command")
    return target, loaded.offer


def _named(loaded: Loaded) -> Any:
    """What the target `package.module:name` of a descriptor names, its module imported."""
    offer, text = loaded.offer, loaded.component.target
    module_name, colon, name = text.partition(":")
    if not (module_name and colon and name):
        raise _broken(loaded, f"its target is {text!r}, wanted 'package.module:Class'")
    module = isolated(lambda: _import(module_name, offer), offer, f"importing {module_name}")
    if not hasattr(module, name):
        raise _broken(loaded, f"its target {text!r} is missing", hint=suggestion(name, vars(module)))
    return getattr(module, name)


def verbs_of(kind: str) -> tuple[str, ...]:
    """The methods that a component of this kind must have: those of its Protocol.

    >>> verbs_of("critic")
    ('critique', 'revise')
    """
    protocol = getattr(protocols, kind_named(kind).protocol)
    return tuple(name for name, member in vars(protocol).items() if inspect.isfunction(member) and name[0] != "_")


def needs_of(loaded: Loaded, target: Any | None = None) -> tuple[str, ...]:
    """What a component asks core for, by the keyword-only parameters of its `__init__`; a stranger is a PluginError."""
    target = target_of(loaded) if target is None else target
    signature = isolated(lambda: inspect.signature(target), loaded.offer, f"looking at {loaded.component.target}")
    parameters = [one for one in signature.parameters.values() if one.kind != one.VAR_KEYWORD]
    for place, one in enumerate(parameters):
        required = one.default is one.empty and one.kind != one.VAR_POSITIONAL
        if one.kind == one.KEYWORD_ONLY and one.name not in NEEDS and required:
            raise _broken(loaded, f"{loaded.component.target} asks for {one.name!r}, wanted only {' or '.join(NEEDS)}")
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) and place > 0 and required:
            raise _broken(
                loaded,
                f"{loaded.component.target} takes {one.name!r} by position, wanted Class(config, *, backend, model)",
                hint="put a * before the parameters that core supplies",
            )
    if not parameters or parameters[0].kind == inspect.Parameter.KEYWORD_ONLY:
        raise _broken(loaded, f"{loaded.component.target} takes no config, wanted Class(config)")
    return tuple(one.name for one in parameters if one.kind == one.KEYWORD_ONLY and one.name in NEEDS)


def describe(kind: str, name: str, *, among: Catalogue | None = None) -> Description:
    """What a component is, who provides it and which settings it reads; imports its class and builds nothing."""
    if kind == COMMAND.word:
        raise ConfigError(f"got a command, wanted a component: {name}", hint=f"`sctk {name} --help` explains it")
    loaded = load(kind, name, among=among)
    target = target_of(loaded)
    settings = isolated(lambda: tuple(settings_of(target.Config)), loaded.offer, "its Config")
    ready = not any(one.required for one in settings)
    scale = isolated(lambda: scale_of(target, target.Config()) if ready else None, loaded.offer, "its scale")
    measured = isolated(lambda: _measured(target), loaded.offer, "its measured errors")
    return Description(
        loaded=loaded,
        settings=settings,
        needs=needs_of(loaded, target),
        story=_story(target),
        scale=scale,
        measured=measured,
    )


def _story(target: Any) -> str:
    """What a class says of itself."""
    try:
        return unicode_of(inspect.getdoc(target) or "")
    except Exception:  # noqa: BLE001 - its documentation is no text
        return ""


def _measured(target: Any) -> tuple[str, ...]:
    """The lines of a class's `measured`; none where it states something else."""
    stated = inspect.getattr_static(target, "measured", ())
    return (
        tuple(unicode_of(line) for line in stated if isinstance(line, str)) if isinstance(stated, tuple | list) else ()
    )


def _asked(target: Any, needs: Mapping[str, Any]) -> list[str]:
    """The needs to supply: all that are required, and the optional ones that `needs` has."""
    parameters = inspect.signature(target).parameters.values()
    wanted = [one for one in parameters if one.kind == one.KEYWORD_ONLY and one.name in NEEDS]
    return [one.name for one in wanted if one.default is one.empty or one.name in needs]


def _supply(asked: str, needs: Mapping[str, Any], loaded: Loaded) -> Any:
    if asked not in needs:
        raise ConfigError(
            f"the {loaded.kind} {loaded.component.name!r} needs a {asked}, and this run has none",
            hint=f"name one in the recipe's [{asked}] section",
        )
    return needs[asked]


def _parsed(target: Any, settings: Mapping[str, Any], where: str) -> Any:
    try:
        return parse(target.Config, settings, where=where)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}", hint="`sctk describe` shows the settings and their ranges") from error


def _import(module_name: str, offer: Offer) -> Any:
    """The module of a target; in a plugin file both its own `__name__` and the file's bare name mean the file itself."""
    if offer.file and (module_name == offer.file.stem or module_name.startswith("sctk_file_")):
        return file_module(offer.file)
    return importlib.import_module(module_name)


def _broken(loaded: Loaded, what: str, *, hint: str = "") -> PluginError:
    offer = loaded.offer
    return PluginError(
        f"the {loaded.kind} {loaded.component.name!r} of {offer.provider} is broken: {what}",
        hint=hint or f"this is for the author of {offer.distribution} to mend; `sctk plugin check` shows it to them",
    )
