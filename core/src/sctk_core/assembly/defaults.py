"""The defaults below a recipe: what its method, that method's task and preset, and its backend say where nobody else does."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from typing import Any

from sctk_core.assembly.blame import HINT
from sctk_core.assembly.planned import planned
from sctk_core.assembly.sharing import as_method, read_by_method
from sctk_core.config import suggestion
from sctk_core.errors import ConfigError, PluginError
from sctk_core.plan import Train
from sctk_core.plugins import Catalogue, load, target_of
from sctk_core.recipe import Layer, Recipe, merge
from sctk_core.shown import shown, told


def with_defaults(layers: list[Layer], catalogue: Catalogue) -> Recipe:
    """The recipe of the layers over the defaults of the method that they name and of the backend that this makes.

    A method class has `recipe`, TOML text, and may have `tasks` and `presets`: by name, TOML text that is laid over it where the
    recipe says `[run] task = NAME` and `[method] preset = NAME`, the preset above the task; what its recipe or a task has under
    `brought` holds where the recipe names another source than they do (--prompts). A backend class may have
    `trainer_defaults`: for a trainer's name the settings that suit its own model, where neither recipe nor flag says otherwise (a
    model of 3 M weights wants another learning rate). The roles of a method's recipe hold for its own source, and where nobody
    names another model for them. A trainer class may have `shared`: names of its settings that hold for the
    plan's other trainers too; of a method class they hold for its source and its evaluators (`sharing.py`).
    """
    named = merge(layers).use("method")
    if named is None:
        raise ConfigError(
            "the recipe: got no method, wanted [method] with use", hint="sctk run --plugin rdpo, or [method] use = ..."
        )
    method = target_of(load("method", named, among=catalogue))
    layers = read_by_method(layers, method, catalogue)
    task = [two for one in _task(method, named, layers) for two in _with_brought(one, named, "task", layers)]
    own = Layer(origin=default_of(named), sections=_with_its_roles(recipe_of(method, named), merge(layers)))
    below = [*_with_brought(own, named, "recipe", [*task, *layers]), *task, *_preset(method, named, layers)]
    recipe = merge([*below, *layers])
    backend = recipe.use("backend")
    if backend is not None and recipe.section("model").get("path", "") == "":
        suits = getattr(target_of(load("backend", backend, among=catalogue)), "trainer_defaults", {})
        if suits:
            _, plan = planned(recipe, catalogue)
            trainers = {one.section: recipe.use(one.section) for one in plan if isinstance(one, Train)}
            sections = {section: {"use": use} | suits[use] for section, use in trainers.items() if use in suits}
            below.append(Layer(origin=default_of(backend), sections=sections))
    recipe = merge([*below, *layers])
    return as_method(merge([*below, _shared(recipe, catalogue), *layers]), method, catalogue)


def _with_its_roles(recipe: Mapping[str, Any], above: Recipe) -> dict[str, Any]:
    """A method's recipe, less the roles that are not its own any more: over another source, or played by a model of the user's.

    A teacher that knows one world alone is no teacher of another, and the backend that it has is not that of another model.
    """
    roles, source = recipe.get("roles"), recipe.get("source")
    if not isinstance(roles, Mapping):
        return dict(recipe)
    usual = source.get("use") if isinstance(source, Mapping) else None
    own, said = above.use("source") in (None, usual), above.section("roles")
    kept = {name: role for name, role in roles.items() if own and not {"model", "backend"} & set(said.get(name) or {})}
    return {name: values for name, values in recipe.items() if name != "roles"} | ({"roles": kept} if kept else {})


def default_of(name: str) -> str:
    """Where a setting comes from that nobody stated."""
    return f"default of {name}"


def _shared(recipe: Recipe, catalogue: Catalogue) -> Layer:
    """What the recipe's [trainer] shares with the plan's other trainers: arms are to differ by their rows, not by an adapter."""
    sections: dict[str, Any] = {}
    used = recipe.use("trainer")
    if used is None:
        return Layer(origin="as [trainer]", sections=sections)
    names = getattr(target_of(load("trainer", used, among=catalogue)), "shared", ())
    values = {name: value for name, value in recipe.section("trainer").items() if name in names}
    others = [one.section for one in planned(recipe, catalogue)[1] if isinstance(one, Train)] if values else []
    for section in dict.fromkeys(others):
        use = recipe.use(section)
        if section != "trainer" and use is not None:
            known = {
                field.name for field in dataclasses.fields(target_of(load("trainer", use, among=catalogue)).Config)
            }
            found = {name: value for name, value in values.items() if name in known}
            sections |= {section: {"use": use} | found} if found else {}
    return Layer(origin="as [trainer]", sections=sections)


def _task(method: Any, named: str, layers: list[Layer]) -> list[Layer]:
    """The task of a method that the layers ask for, as a layer."""
    task = merge(layers).section("run").get("task", "")
    return [] if task == "" else [_named_layer("task", task, method, named)]


def _with_brought(layer: Layer, named: str, what: str, above: list[Layer]) -> list[Layer]:
    """A layer without its table `brought` and, where the layers above name another source than it does, that table as one."""
    sections = {key: value for key, value in layer.sections.items() if key != "brought"}
    brought = layer.sections.get("brought", {})
    if not isinstance(brought, Mapping):
        raise PluginError(
            f"the method {named!r} is broken: got {shown(brought)} as `brought` of its {what}, wanted a table",
            hint=HINT,
        )
    found = Layer(origin=layer.origin, sections=sections)
    other = merge(above).use("source") not in (None, merge([found]).use("source"))
    return [found, Layer(origin=layer.origin, sections=brought)] if other else [found]


def _preset(method: Any, named: str, layers: list[Layer]) -> list[Layer]:
    """The preset of a method that the layers ask for, as a layer; `preset` of a method without presets is a setting as any."""
    preset = merge(layers).section("method").get("preset", "")
    return [_named_layer("preset", preset, method, named)] if preset and getattr(method, "presets", {}) else []


def _named_layer(what: str, wanted: object, method: Any, named: str) -> Layer:
    """The text of a method's `tasks` or `presets` that is called `wanted`, as a layer."""
    known = getattr(method, f"{what}s", {})
    if not isinstance(known, Mapping):
        raise PluginError(
            f"the method {named!r} is broken: got {shown(known)} as its {what}s, wanted a mapping", hint=HINT
        )
    if not isinstance(wanted, str) or wanted not in known:
        names = sorted(map(str, known))
        raise ConfigError(
            f"[method] {named}: got the unknown {what} {shown(wanted)}, wanted {'one of ' + ', '.join(names) if names else 'none'}",
            hint=suggestion(str(wanted), names) or f"sctk describe method {named}",
        )
    return Layer(origin=f"{what} {wanted} of {named}", sections=recipe_of(method, named, known[wanted]))


def recipe_of(method: Any, named: str, text: str | None = None) -> dict[str, Any]:
    """The default recipe of a method class, or a text of it."""
    try:
        return tomllib.loads(getattr(method, "recipe", "") if text is None else text)
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise PluginError(f"the method {named!r} is broken: its recipe is no TOML: {told(error)}", hint=HINT) from error
