"""One typed `Config` per component: declared with `setting()`, parsed with `parse()`, explained to people and machines.

A `Config` is a frozen dataclass of at most eight fields, nested where more are needed; every field has a help line and,
where it is a quantity, a unit and a range. Unknown keys are errors with "did you mean". Nothing is coerced in silence:
an integer is taken for a float, a string of a command line or the environment is read as TOML, and that is all.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sctk_core.errors import ConfigError
from sctk_core.secrets import Secret, secret_named

T = TypeVar("T")


def setting(
    default: Any = dataclasses.MISSING,
    *,
    help: str,  # noqa: A002 - the word that readers of a command line expect
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    identity: bool = True,
    came_later: bool = False,
) -> Any:
    """A dataclass field with what a user needs to know of it. `identity=False`: it cannot change data (a timeout, say).

    `came_later`: at its default it stands in no fingerprint, so that replies from before there was such a setting still answer.
    """
    metadata = {"help": help, "unit": unit, "low": low, "high": high, "identity": identity, "came_later": came_later}
    if isinstance(default, (list, dict)):
        raise TypeError("give an immutable default: a tuple, or a frozen Config")
    if dataclasses.is_dataclass(default) and not isinstance(default, type | Secret):
        return dataclasses.field(default_factory=lambda: default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One setting as `describe` shows it."""

    name: str
    type: str
    default: object
    required: bool
    help: str
    unit: str
    low: float | None
    high: float | None
    identity: bool


def settings_of(config: type) -> list[Setting]:
    """The settings of a Config class in order of declaration; a nested Config appears as `outer.inner`."""
    hints = typing.get_type_hints(config)
    found: list[Setting] = []
    for field in dataclasses.fields(config):
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint) and isinstance(hint, type) and hint is not Secret:
            found += [dataclasses.replace(s, name=f"{field.name}.{s.name}") for s in settings_of(hint)]
        else:
            found.append(_setting(field, hint))
    return found


def _setting(field: dataclasses.Field[Any], hint: Any) -> Setting:
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    default = None if field.default is dataclasses.MISSING else field.default
    default = default.name if isinstance(default, Secret) else default
    meta = {"help": "", "unit": "", "low": None, "high": None, "identity": True, **field.metadata}
    meta.pop("came_later", None)
    return Setting(name=field.name, type=_type_name(hint), default=default, required=required, **meta)


def parse(config: type[T], values: Mapping[str, Any], *, where: str) -> T:
    """An instance of `config` from TOML values; `where` (say "[reward] in recipe.toml") opens every complaint."""
    hints = typing.get_type_hints(config)
    fields = {field.name: field for field in dataclasses.fields(config)}  # type: ignore[arg-type]
    for key in values:
        if key not in fields:
            raise ConfigError(
                f"{where}: got the unknown key {key!r}, wanted one of {', '.join(fields) or '(no keys)'}",
                hint=suggestion(key, fields)
                or f"take {key!r} out, or see what the component reads with `sctk describe`",
            )
    given = {name: _value(hints[name], fields[name], value, f"{where}, {name}") for name, value in values.items()}
    for name, field in fields.items():
        if name not in given and _setting(field, hints[name]).required:
            wanted = _type_name(hints[name])
            article = "an" if wanted[0] in "aeio" else "a"
            raise ConfigError(f"{where}: got no {name!r}, wanted {article} {wanted}", hint=_help(field))
    return config(**given)


def suggestion(word: str, known: typing.Iterable[str]) -> str:
    """`did you mean ...?` for the nearest known word, or nothing.

    >>> suggestion("metropolit", ["metropolis", "strict"])
    "did you mean 'metropolis'?"
    """
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def plain(config: object) -> dict[str, Any]:
    """The settings of a Config instance as TOML-able values, for fingerprints and for recipe.toml (all fields)."""
    return _plain(config, identity_only=False)


def identity(config: object) -> dict[str, Any]:
    """The settings that can change data, for the run's fingerprint. A secret cannot."""
    return _plain(config, identity_only=True)


def _plain(config: Any, *, identity_only: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in dataclasses.fields(config):
        if identity_only and not field.metadata.get("identity", True):
            continue
        value = getattr(config, field.name)
        if identity_only and field.metadata.get("came_later", False) and value == _default(field):
            continue
        if isinstance(value, Secret):
            if not identity_only:
                found[field.name] = value.name
            continue
        if dataclasses.is_dataclass(value):
            value = _plain(value, identity_only=identity_only)
        found[field.name] = list(value) if isinstance(value, tuple) else value
    return found


def _default(field: dataclasses.Field[Any]) -> Any:
    made = field.default_factory
    return field.default if made is dataclasses.MISSING else made()


def _help(field: dataclasses.Field[Any]) -> str:
    return str(field.metadata.get("help", ""))


def _value(hint: Any, field: dataclasses.Field[Any], value: Any, where: str) -> Any:
    if hint is Secret:
        return secret_named(value, where)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: got {value!r}, wanted a table of settings", hint=_help(field))
        return parse(hint, value, where=where)
    converted = _convert(hint, value)
    if converted is _BAD:
        quoted = f'in quotes it is text: "{value}"; ' if hint is str and type(value) in (int, float, bool) else ""
        raise ConfigError(f"{where}: got {value!r}, wanted {_type_name(hint)}", hint=quoted + _help(field))
    _check_range(converted, field, where)
    return converted


_BAD = object()


def _convert(hint: Any, value: Any) -> Any:
    """`value` as `hint`, or `_BAD`: exact types, int for float, list for tuple, one of a Literal, any arm of a union."""
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return value if value in arms else _BAD
    if origin in (typing.Union, types.UnionType):
        tried = (_convert(arm, value) for arm in arms)
        return next((good for good in tried if good is not _BAD), _BAD)
    if origin is tuple:
        return _convert_tuple(arms, value)
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return _convert_mapping(arms, value)
    if hint is type(None):
        return None if value is None else _BAD
    if hint is float and type(value) in (int, float):
        return float(value)
    return value if type(value) is hint or hint is Any else _BAD


def _convert_tuple(arms: tuple[Any, ...], value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return _BAD
    members = [_convert(arms[0], member) for member in value]
    return _BAD if any(member is _BAD for member in members) else tuple(members)


def _convert_mapping(arms: tuple[Any, ...], value: Any) -> Any:
    if not isinstance(value, Mapping):
        return _BAD
    members = {key: _convert(arms[1], member) for key, member in value.items()}
    return _BAD if any(member is _BAD for member in members.values()) else members


def _check_range(value: Any, field: dataclasses.Field[Any], where: str) -> None:
    if type(value) not in (int, float):
        return
    low, high = field.metadata.get("low"), field.metadata.get("high")
    if math.isnan(value) or (low is not None and value < low) or (high is not None and value > high):
        unit = field.metadata.get("unit", "")
        wanted = f"a number from {'-inf' if low is None else low} to {'inf' if high is None else high} {unit}".rstrip()
        raise ConfigError(f"{where}: got {value!r}, wanted {wanted}", hint=_help(field))


def _type_name(hint: Any) -> str:
    """How a user reads a type.

    >>> _type_name(float), _type_name(tuple[str, ...]), _type_name(typing.Literal["a", "b"]), _type_name(int | None)
    ('float', 'list of str', '"a" or "b"', 'int or nothing')
    """
    if hint is Secret:
        return "name of an environment variable"
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return " or ".join(f'"{arm}"' if isinstance(arm, str) else str(arm) for arm in arms)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type_name(arm) for arm in arms)
    if origin is tuple:
        return f"list of {_type_name(arms[0])}"
    if arms:
        return f"table of {_type_name(arms[-1])}"
    return "nothing" if hint is type(None) else getattr(hint, "__name__", str(hint))
