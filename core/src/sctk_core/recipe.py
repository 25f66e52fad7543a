"""A recipe: TOML in layers, from the method's default up to a flag, and what each setting came from.

Sections name a component with `use`; everything else in a section belongs to that component. A layer that names another
component drops the settings of the one below, which were not its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from pathlib import Path
from typing import Any

from sctk_core.config import setting, suggestion
from sctk_core.errors import ConfigError
from sctk_core.shown import told

ALWAYS: Mapping[str, str] = {"method": "method", "source": "source", "backend": "backend"}
"""The sections that every recipe has -> kind of the component that each names."""
USUAL = ("critic", "reward", "rule", "comparer", "trainer", "baseline")
"""The sections that most methods read; others are judged once the method is known."""
LISTS: Mapping[str, str] = {
    "curate": "curation",
    "evaluator": "evaluators",
    "pairwise": "pairwise",
    "test": "tests",
    "watcher": "watchers",
}
"""Section that may stand several times, as `[[evaluator]]` -> what a recipe calls all of them."""
LISTED: Mapping[str, str] = {
    "curate": "curator", "evaluator": "evaluator", "pairwise": "comparer", "test": "source", "watcher": "watcher",
}  # fmt: skip
"""Section that may stand several times -> kind of the component that it names."""
FIXED = (*ALWAYS, "model", "sampling", "template", "thoughts", "roles", "run", *LISTS)
SECTIONS = (*FIXED, *USUAL)
"""The sections that documentation and the environment know; a method may read others."""


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What the run itself reads: section [run]."""

    task: str = setting(
        "",
        help="one of the method's tasks, a recipe each, laid over its own (sctk describe method NAME); nothing: that alone",
        identity=False,
    )
    seed: int = setting(0, help="every random number of the run follows from it", low=0)
    limit: int = setting(
        0,
        help="at most so many prompts are walked, drawn by the seed and spread over their kinds; 0: all",
        unit="prompts",
        low=0,
    )
    eval_limit: int = setting(
        200,
        help="at most so many held-out prompts are answered by each arm, drawn likewise; 0: all",
        unit="prompts",
        low=0,
    )
    eval_greedy: bool = setting(False, help="arms that just answer are also compared at temperature 0", identity=False)
    again: int = setting(
        50, help="where replies depend on their batch, base answers at most so many held-out prompts twice: that noise is measured",
        unit="prompts", low=0, identity=False,
    )  # fmt: skip
    chains: int = setting(1, help="how many walks start at each prompt", low=1)
    concurrency: int = setting(128, help="items in flight", low=1, identity=False)
    timeout_s: float = setting(
        600.0, help="longest time for one ask; of a model that says so, in which it does not go on", unit="seconds",
        low=0.01, identity=False,
    )  # fmt: skip
    patience_s: float = setting(
        120.0, help="a component that loses connections and answers nobody for so long is down; 0: it never is",
        unit="seconds", low=0.0, identity=False,
    )  # fmt: skip
    shard_rows: int = setting(1000, help="items in one sealed shard", unit="items", low=1)
    max_failed: float = setting(
        0.5, help="a step of which a larger share fails, once 20 were asked, ends the run; 1: none does",
        unit="share", low=0.0, high=1.0, identity=False,
    )  # fmt: skip
    longest: int = setting(
        1_000_000, help="a text with more characters is a failure", unit="characters", low=1, identity=False
    )


ENVIRONMENT = "environment"
"""The origin of settings that come from SCTK_ variables."""
FLAG = "flag"
"""The origin of settings that come from a flag of the command."""
PROMPTS_SOURCE = "file"
"""The source that `--prompts` names, where the method has no other reader of them."""
TYPED = frozenset((FLAG, "--set", ENVIRONMENT))
"""Origins of what whoever began the run typed: a recipe may be a stranger's."""
LONGEST_RECIPE = 16 << 20
"""Bytes."""


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """Which model: section [model]."""

    path: str = setting("", help="a local directory or a hub name; nothing: the backend's own default")
    revision: str | None = setting(None, help="a hub revision; nothing: the default branch")


@dataclass(frozen=True, kw_only=True)
class TemplateSettings:
    """What a model's chat template is given besides the conversation: section [template], and [roles.NAME.template]."""

    variables: Mapping[str, Any] | None = setting(
        None, help="variables that the template reads, as { enable_thinking = false }"
    )


@dataclass(frozen=True, kw_only=True)
class RoleSettings:
    """Who plays a role: section [roles.NAME]. What is left out is as the student's, who came with [model] and [backend]."""

    model: str = setting("", help="a local directory or a hub name")
    revision: str | None = setting(None, help="a hub revision; nothing: the default branch")
    backend: Mapping[str, Any] | None = setting(None, help='another backend, as { use = "openai", ... }')
    sampling: Mapping[str, Any] | None = setting(None, help="how its texts are drawn, as in [sampling]")
    template: Mapping[str, Any] | None = setting(None, help="variables of its chat template, as in [template]")
    thoughts: Mapping[str, Any] | None = setting(None, help="what becomes of its thoughts, as in [thoughts]")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Settings from one origin ("flag", "environment", "recipe.toml", "default of rdpo"): section -> key -> value."""

    origin: str
    sections: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The merged recipe; `origins` maps `section.key` to where its value came from, and a list (`watcher`) as a whole.

    `hidden` are settings of the environment that a flag took out of force by naming another component: nobody would miss them else.
    """

    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    curation: tuple[dict[str, Any], ...] = ()
    evaluators: tuple[dict[str, Any], ...] = ()
    pairwise: tuple[dict[str, Any], ...] = ()
    tests: tuple[dict[str, Any], ...] = ()
    watchers: tuple[dict[str, Any], ...] = ()
    origins: dict[str, str] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)

    def section(self, name: str) -> dict[str, Any]:
        """The settings of a section without its `use`."""
        return {key: value for key, value in self.sections.get(name, {}).items() if key != "use"}

    def use(self, name: str) -> str | None:
        """The component that a section names."""
        found = self.sections.get(name, {}).get("use")
        return None if found is None else str(found)

    def where(self, name: str) -> str:
        """How a complaint about a section begins."""
        origins = {origin for key, origin in self.origins.items() if key.startswith(f"{name}.")}
        return f"[{name}] of {', '.join(sorted(origins))}" if origins else f"[{name}]"


def read_toml(path: Path) -> dict[str, Any]:
    """The sections of a recipe file, or a ConfigError that names the line."""
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST_RECIPE + 1)
        if len(data) > LONGEST_RECIPE:
            raise ConfigError(
                f"{path}: got more than {LONGEST_RECIPE >> 20} MB, wanted a recipe in TOML", hint="check the path"
            )
        return tomllib.loads(data.decode("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: got no such file, wanted a recipe in TOML", hint="check the path") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: byte {error.start}: got bytes that are not UTF-8", hint="save it as UTF-8"
        ) from error
    except (
        ValueError,
        RecursionError,
    ) as error:  # TOML's own, a number of thousands of digits, and tables in tables without end
        raise ConfigError(f"{path}: got invalid TOML: {told(error)}", hint="strings stand in double quotes") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}, wanted a readable recipe", hint="check the path") from error


def from_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """`["method.beta=0.2", "run.limit=50"]` as sections; a value that is no TOML is taken as a string.

    >>> from_assignments(["method.beta=0.2", "source.path=a.jsonl"])
    {'method': {'beta': 0.2}, 'source': {'path': 'a.jsonl'}}
    """
    sections: dict[str, Any] = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        keys = name.strip().split(".")
        if not equals or len(keys) < 2 or not all(keys):
            raise ConfigError(f"--set {text}: got {text!r}, wanted SECTION.KEY=VALUE", hint="for example run.limit=50")
        _put(sections, keys, _toml_value(value))
    return sections


def from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """`SCTK_RUN_EVAL_LIMIT=50` as sections; `__` goes one table down. Variables that name no section are left alone.

    >>> from_environment({"SCTK_RUN_EVAL_LIMIT": "50", "SCTK_DEBUG": "1"})
    {'run': {'eval_limit': 50}}
    """
    sections: dict[str, Any] = {}
    for name, value in sorted(environ.items()):
        section, _, rest = name.removeprefix("SCTK_").lower().partition("_")
        if name.startswith("SCTK_") and rest and section in SECTIONS:
            _put(sections, [section, *rest.split("__")], _toml_value(value))
    return sections


def merge(layers: Sequence[Layer]) -> Recipe:
    """The recipe that the layers make, the last one on top."""
    recipe = Recipe()
    lists: dict[str, tuple[dict[str, Any], ...]] = {}
    for layer in layers:
        _check_sections(layer)
        for name, values in layer.sections.items():
            if name in LISTS:
                recipe.origins[name] = layer.origin
                lists[LISTS[name]] = _rows(name, values, layer.origin)
            else:
                _lay(recipe, name, values, layer.origin)
    return Recipe(sections=recipe.sections, origins=recipe.origins, hidden=recipe.hidden, **lists)


def _check_sections(layer: Layer) -> None:
    for name, values in layer.sections.items():
        if name not in LISTS and not isinstance(values, Mapping):
            raise ConfigError(
                f"{layer.origin}: {name}: got {values!r}, wanted a table", hint=f"write [{name}] and keys below"
            )
        if found := _date_in(values, name):
            raise ConfigError(
                f"{layer.origin}: {found}, wanted a text, a number, true, false, a list or a table",
                hint="no setting is a date: in quotes it is a text",
            )


def _date_in(value: Any, at: str) -> str:
    """Where a value of TOML holds a date or a time, which nothing that is written of a recipe can; "" where it holds none."""
    if isinstance(value, date | time):
        return f"{at}: got {value.isoformat()}"
    if isinstance(value, Mapping):
        return next(filter(None, (_date_in(member, f"{at}.{key}") for key, member in value.items())), "")
    members = value if isinstance(value, list) else ()
    return next(filter(None, (_date_in(member, f"{at}[{n}]") for n, member in enumerate(members))), "")


def without_idle(recipe: Recipe, known: Collection[str], origin: str) -> Recipe:
    """The recipe without sections that nobody but `origin`, a method's own defaults, has put there, and that this plan does not
    read: a setting of the method (no SFT stage, say) may leave out what its default recipe has a section for.
    """
    idle = [
        name
        for name in recipe.sections
        if name not in (*FIXED, *known)
        and {origin} == {recipe.origins.get(f"{name}.{key}") for key in recipe.sections[name]}
    ]
    kept = {name: values for name, values in recipe.sections.items() if name not in idle}
    return replace(recipe, sections=kept)


def refuse_strangers(recipe: Recipe, known: Collection[str]) -> None:
    """A section that neither sctk nor the method reads is an error, for it would change nothing."""
    for section in recipe.sections:
        if section not in (*FIXED, *known):
            if section in USUAL:
                raise ConfigError(
                    f"{recipe.where(section)}: got a section that the method {recipe.use('method')!r} does not read",
                    hint=f"take it out: it would change nothing; the method reads {', '.join(known)}",
                )
            hint = suggestion(section, (*FIXED, *known)) or f"the method reads {', '.join(known)}"
            raise ConfigError(
                f"{recipe.where(section)}: got the unknown section [{section}], wanted one that is read", hint=hint
            )


def _rows(name: str, values: Any, origin: str) -> tuple[dict[str, Any], ...]:
    rows = values if isinstance(values, list) else [values]
    for row in rows:
        if not isinstance(row, Mapping) or not isinstance(row.get("use"), str):
            raise ConfigError(
                f'{origin}: [[{name}]]: got {row!r}, wanted a table with use = "..."', hint="see docs/contract.md"
            )
    return tuple(dict(row) for row in rows)


def _lay(recipe: Recipe, name: str, values: Mapping[str, Any], origin: str) -> None:
    section = recipe.sections.setdefault(name, {})
    if "use" in values and section.get("use") not in (None, values["use"]):
        section.clear()
        for key in [key for key in recipe.origins if key.startswith(f"{name}.")]:
            if recipe.origins.pop(key) == ENVIRONMENT and key != f"{name}.use":
                recipe.hidden.append(key)
    lay_over(section, values)
    recipe.origins.update({f"{name}.{key}": origin for key in values})


def lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    """Puts settings over others, table by table."""
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            lay_over(below[key], value)
        else:
            below[key] = dict(value) if isinstance(value, Mapping) else value


def _put(sections: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    for key in keys[:-1]:
        sections = sections.setdefault(key, {})
    sections[keys[-1]] = value


def _toml_value(text: str) -> Any:
    try:
        found = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):  # no TOML, a number of thousands of digits, lists in lists without end
        return text
    return found["value"] if len(found) == 1 else text
