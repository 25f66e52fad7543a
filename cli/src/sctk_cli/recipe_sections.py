"""`sctk describe recipe`: the sections of a recipe that name no component, with their settings."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sctk_cli.terminal import clean, put, put_json

if TYPE_CHECKING:
    from sctk_core.config import Setting


def sections() -> dict[str, type]:
    """Section -> the class that its settings are read by."""
    from sctk_core.recipe import ModelSettings, RoleSettings, RunSettings, TemplateSettings
    from sctk_core.records import Sampling
    from sctk_core.thoughts import Thoughts

    return {
        "model": ModelSettings, "sampling": Sampling, "template": TemplateSettings, "thoughts": Thoughts,
        "roles.NAME": RoleSettings, "run": RunSettings,
    }  # fmt: skip


def describe_sections(name: str | None, *, json_: bool) -> int:
    """Shows one section, or all of them."""
    from sctk_core.config import settings_of, suggestion
    from sctk_core.errors import ConfigError

    known = sections()
    wanted = "roles.NAME" if name is not None and name.partition(".")[0] == "roles" else name
    if wanted is not None and wanted not in known:
        hint = suggestion(wanted, known) or "other sections name a component: sctk describe KIND NAME"
        raise ConfigError(f"got no section {wanted!r} of a recipe, wanted one of {', '.join(known)}", hint=hint)
    shown = known if wanted is None else {wanted: known[wanted]}
    if json_:
        put_json({section: [plain_setting(one) for one in settings_of(config)] for section, config in shown.items()})
        return 0
    for number, (section, config) in enumerate(shown.items()):
        for line in ["", f"[{section}]"][not number :]:
            put(line)
        put(" ".join((config.__doc__ or "").split()))
        for one in settings_of(config):
            for line in setting_lines(one):
                put(line)
    return 0


def plain_setting(one: Setting) -> dict[str, Any]:
    """A setting as an object of JSON."""
    return {name: _sayable(getattr(one, name)) for name in one.__slots__}


def _sayable(value: object) -> object:
    """The value where JSON has it; else what is said of it (a bound that is infinite, a default of a class of its own)."""
    from sctk_core.shown import shown

    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return shown(value)
    return value


def setting_lines(one: Setting) -> Iterator[str]:
    """What a user should know of a setting: its type, default and range, and below it the help."""
    facts = [one.type, "required" if one.required else f"default {_default(one)}", _range(one)]
    yield f"  {clean(one.name)}: {', '.join(fact for fact in facts if fact)}"
    yield from textwrap.wrap(clean(one.help, one_line=True), 100, initial_indent="      ", subsequent_indent="      ")


def _default(one: Setting) -> str:
    """The default as a recipe would say it."""
    from sctk_core.shown import shown

    try:
        return "nothing" if one.default is None else clean(json.dumps(one.default, ensure_ascii=False), one_line=True)
    except (TypeError, ValueError):
        return shown(one.default)  # no recipe could say it


def _range(one: Setting) -> str:
    """Low to high with the unit, what there is of them."""
    low = "" if one.low is None else f"{one.low:g}"
    high = "" if one.high is None else f"{one.high:g}"
    span = f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}" if high else ""
    return f"{span} {one.unit}".strip()
