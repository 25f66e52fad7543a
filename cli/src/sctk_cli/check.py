"""`sctk check` and `sctk config`: a recipe resolved and checked without asking a model anything."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from sctk_cli.run import recipe_options, resolved
from sctk_cli.terminal import clean, put, put_json, reserved_stdout, table

if TYPE_CHECKING:
    from sctk_core.run.units import Unit


@click.command(
    epilog="\b\nExamples:\n  sctk check recipe.toml\n  sctk check --plugin rdpo --set method.temperature=0.5"
)
@recipe_options
def check(**given: Any) -> int:
    """Check a recipe without running it."""
    from sctk_core.assembly import assemble, notes_before
    from sctk_core.run import run_path
    from sctk_core.run.units import units_of

    with reserved_stdout():
        recipe, among = resolved(given)
        assembly = assemble(recipe, among)
        rendered = notes_before(assembly)
    parts = [[name, part.name, f"{part.distribution} {part.version}"] for name, part in assembly.parts.items()]
    parts += [
        [f"curate {', '.join(one.tables)}", one.part.name, f"{one.part.distribution} {one.part.version}"]
        for one in assembly.curation
    ]
    listed = [("evaluator", assembly.evaluators), ("pairwise", assembly.pairwise)]
    listed += [(f"test {one.label}", (one.part, *one.evaluators)) for one in assembly.tests]
    parts += [[name, part.name, f"{part.distribution} {part.version}"] for name, found in listed for part in found]
    for line in table(["part", "component", "from"], parts):
        put(line)
    roles = [
        [name, clean(one.model.path), one.model.digest[:16], one.backend.name]
        for name, one in assembly.speaking.items()
    ]
    for line in ["", *table(["role", "model", "digest", "backend"], roles), ""]:
        put(line)
    for line in [
        *table(["part of the run", "what it does"], [[unit.name, does(unit)] for unit in units_of(assembly)]),
        "",
    ]:
        put(line)
    for note in (*assembly.notes, *rendered):
        put(f"note: {clean(note, one_line=True)}")
    put(f"fingerprint  {assembly.fingerprint}")
    put(f"runs in      {run_path(assembly, None)}")
    return 0


def does(unit: Unit) -> str:
    """What a part of a run does, in a few words."""
    what = unit.what
    if unit.kind == "pass":
        steps = (
            "steps that depend on the item" if callable(what.steps) else " ".join(s.name for s in what.declared(None))
        )
        asked = f"asks {steps} of each" if steps else "asks nobody, goes over each"
        return f"{asked} of {what.over}, makes {', '.join(what.makes)}"
    if unit.kind == "fit":
        return f"fits numbers to {what.on}"
    if unit.kind == "training":
        learns = f"learns from {', '.join(what.tables.values())}, starts from {what.start} [{what.section}]{_changed(what.changes)}"
        return learns + (f", as long as {what.length.passes:g} passes over {what.length.of}" if what.length else "")
    if unit.kind == "evaluation":
        return f"measures {', '.join(arm.name for arm in what.arms)} on {what.over}"
    return "read from the source" if unit.kind == "intake" else f"left by {', '.join(_curators(unit))} of {what}"


def _changed(changes: Mapping[str, Any], before: str = "") -> str:
    """The settings that a training changes, as they would stand on a command line."""
    tables = (
        _changed(value, f"{before}{name}.")
        if isinstance(value, Mapping)
        else f" {before}{name}={json.dumps(value, default=str)}"
        for name, value in changes.items()
    )
    return "".join(tables)


def _curators(unit: Unit) -> list[str]:
    return [name.removeprefix("curate.") for name in unit.facts]


def _finite(value: Any) -> Any:
    """The value as JSON can hold it: what is not finite as the word that TOML has for it."""
    if isinstance(value, Mapping):
        return {key: _finite(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(member) for member in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


@click.command(epilog="\b\nExamples:\n  sctk config --plugin rdpo --origin\n  sctk config recipe.toml --json")
@recipe_options
@click.option("--origin", is_flag=True, help="Show where each value came from.")
@click.option("--json", "json_", is_flag=True, help="Print one object on standard output.")
def config(origin: bool, json_: bool, **given: Any) -> int:
    """Show the settings of a run and where each came from."""
    recipe, _ = resolved(given)
    if json_:
        known = {"sections": recipe.sections, "curation": recipe.curation, "evaluators": recipe.evaluators}
        known |= {"pairwise": recipe.pairwise} | ({"tests": recipe.tests} if recipe.tests else {})
        put_json(_finite(known) | {"origins": recipe.origins})
        return 0
    rows = [
        [f"{section}.{key}", json.dumps(value, ensure_ascii=False), recipe.origins.get(f"{section}.{key}", "")]
        for section, values in recipe.sections.items()
        for key, value in values.items()
    ]
    rows += [["curate", json.dumps(row, ensure_ascii=False), ""] for row in recipe.curation]
    rows += [["evaluator", json.dumps(row, ensure_ascii=False), ""] for row in recipe.evaluators]
    rows += [["pairwise", json.dumps(row, ensure_ascii=False), ""] for row in recipe.pairwise]
    rows += [["test", json.dumps(row, ensure_ascii=False), ""] for row in recipe.tests]
    for line in (
        table(["setting", "value", "origin"], rows) if origin else table(["setting", "value"], [r[:2] for r in rows])
    ):
        put(line)
    return 0
