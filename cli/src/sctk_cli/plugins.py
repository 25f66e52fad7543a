"""`sctk plugins` and `sctk describe`: what is installed, read from metadata alone; and one component with its settings."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sctk_cli.commands import COMMANDS, offered
from sctk_cli.loading import catalogue_with
from sctk_cli.recipe_sections import describe_sections, plain_setting, setting_lines
from sctk_cli.terminal import clean, put, put_json, reserved_stdout, say, table

if TYPE_CHECKING:
    from sctk_core.claims import Claim
    from sctk_core.plugins import Description

LOAD = click.option(
    "--load",
    "files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A plugin from a .py file, or all of a folder.",
)
DESCRIBE_EPILOG = """\b
Examples:
  sctk describe method rdpo
  sctk describe reward lexicon --json
  sctk describe reward mine --load ./my_reward.py
  sctk describe recipe thoughts"""


@click.command(
    epilog="\b\nExamples:\n  sctk plugins\n  sctk plugins reward\n  sctk plugins --load ./my_reward.py --json"
)
@click.argument("kind", required=False)
@LOAD
@click.option("--json", "json_", is_flag=True, help="Print one object on standard output.")
def plugins(kind: str | None, files: tuple[Path, ...], json_: bool) -> int:
    """List what is installed, importing none of it."""
    from sctk_core.plugins import kind_named

    found = catalogue_with(files)
    offers = (*found.offers, *found.commands) if kind is None else found.of(kind_named(kind).word)
    if json_:
        names = ("kind", "name", "distribution", "version", "module")
        listed = [{name: getattr(offer, name) for name in names} for offer in offers]
        put_json({"offers": listed, "complaints": found.complaints})
    else:
        rows = [[offer.kind, offer.name, offer.distribution, offer.version[:12]] for offer in offers]
        for line in table(["kind", "name", "distribution", "version"], rows):
            put(line)
        say("`sctk describe KIND NAME` explains one, `sctk doctor` tries them all")
    for complaint in (*found.complaints, *_renamed()):
        say(f"warning: {clean(complaint, one_line=True)}")
    return 0


def _renamed() -> Iterator[str]:
    """One line for each command that is not called by its bare name, because that is one of ours or another's too."""
    for typed, one in offered().items():
        if typed != one.name:
            owner = "sctk's own" if one.name in COMMANDS else "offered by others too"
            yield f"the command {one.name!r} of {one.distribution} is called `sctk {typed}`: the name alone is {owner}"


@click.command(epilog=DESCRIBE_EPILOG)
@click.argument("kind")
@click.argument("name", required=False)
@LOAD
@click.option("--json", "json_", is_flag=True, help="Print one object on standard output.")
def describe(kind: str, name: str | None, files: tuple[Path, ...], json_: bool) -> int:
    """Explain one component and its settings.

    KIND may be `recipe`: NAME is then a section that names no component ([sampling], [thoughts], ...), or left out for all.
    """
    from sctk_core.plugins import describe as description_of
    from sctk_core.plugins.loading import isolated

    if kind == "recipe":
        return describe_sections(name, json_=json_)
    if name is None:
        raise click.UsageError("Missing argument 'NAME': `sctk plugins KIND` lists them.")
    with reserved_stdout():
        told = description_of(kind, name, among=catalogue_with(files))
        offer = told.loaded.offer
        found = isolated(lambda: _object(told) if json_ else list(_lines(told)), offer, "looking at its class")
    if json_:
        put_json(found)
    else:
        for line in found:
            put(line)
    return 0


def _object(told: Description) -> dict[str, Any]:
    loaded = told.loaded
    settings = [plain_setting(one) for one in told.settings]
    known = {"kind": loaded.kind, "distribution": loaded.distribution, "version": loaded.version}
    about = {"name": loaded.component.name, "summary": loaded.component.summary, "target": loaded.component.target}
    claims = [asdict(claim) | {"digest": claim.digest} for claim in _claims(told)]
    scale = told.scale and {name: getattr(told.scale, name) for name in told.scale.__slots__}
    found = {"needs": told.needs, "scale": scale, "measured": told.measured, "settings": settings}
    return known | about | found | ({"tasks": _tasks(told), "claims": claims} if loaded.kind == "method" else {})


def _claims(told: Description) -> tuple[Claim, ...]:
    """What a method claims; nothing of other kinds."""
    from sctk_core.claims import claims_of
    from sctk_core.plugins import target_of

    loaded = told.loaded
    return claims_of(target_of(loaded), loaded.component.name) if loaded.kind == "method" else ()


def _claimed(told: Description) -> Iterator[str]:
    """A method's claims, and how to try them."""
    found = _claims(told)
    if found:
        yield from ["", f"claims (`sctk verify {clean(told.loaded.component.name)}` tries them):"]
    for one in found:
        yield f"  {one.id} ({one.digest}): {clean(one.says, one_line=True)} ({clean(one.source, one_line=True)})"
        yield f"      {clean(one.told, one_line=True)}"


def _tasks(told: Description) -> dict[str, str]:
    """A method's tasks by name, each with what the first comment of its recipe says of it; nothing of other kinds."""
    from sctk_core.plugins import target_of

    known = getattr(target_of(told.loaded), "tasks", {}) if told.loaded.kind == "method" else {}
    texts = known if isinstance(known, Mapping) else {}
    return {str(name): _first_comment(str(text)) for name, text in texts.items()}


def _first_comment(text: str) -> str:
    """The lines of comment that a recipe begins with, as one line."""
    lines = itertools.takewhile(lambda line: line.startswith("#"), text.strip().splitlines())
    return " ".join(line.lstrip("# ") for line in lines)


def _tasks_told(told: Description) -> Iterator[str]:
    """A method's tasks, and how to run one."""
    found = _tasks(told)
    if found:
        yield from ["", f"tasks (`sctk run --plugin {clean(told.loaded.component.name)} --task NAME`):"]
    for name, about in found.items():
        yield f"  {clean(name)}: {clean(about, one_line=True)}"


def _who_speaks(told: Description) -> Iterator[str]:
    """In whose words a component speaks; of a method, whom its walks may ask."""
    from sctk_core.hookspecs import KINDS

    if told.loaded.kind == "method":
        from sctk_core.pipeline.crew import places
        from sctk_core.plugins import target_of

        crew = getattr(target_of(told.loaded), "Crew", None)
        asked = [place.name if place.speaks else f"[{place.section}]" for place in places(crew)] if crew else []
        yield f"asks: {', '.join(dict.fromkeys(asked)) or 'nobody'} (a name without brackets is a role: [roles.NAME])"
    elif "backend" in told.needs:
        role = next(kind.role for kind in KINDS if kind.word == told.loaded.kind)
        yield f"speaks as: {role}, where its section has no role = ... (left out of [roles], the student as it came)"


def _lines(told: Description) -> Iterator[str]:
    loaded = told.loaded
    yield f"{loaded.kind} {clean(loaded.component.name)}: {clean(loaded.component.summary, one_line=True)}"
    yield f"from {clean(loaded.offer.provider)} ({clean(loaded.component.target)})"
    if told.needs:
        yield f"core supplies: {', '.join(told.needs)}"
    yield from _who_speaks(told)
    if told.scale is not None:
        yield f"scale: {clean(str(told.scale), one_line=True)}"
    yield from _how_wrong(told)
    if told.story:
        yield from ["", *clean(told.story).split("\n")]
    yield from _tasks_told(told)
    yield from _claimed(told)
    yield ""
    if not told.settings:
        yield "no settings"
    for one in told.settings:
        yield from setting_lines(one)


def _how_wrong(told: Description) -> Iterator[str]:
    """A reward's errors as they were measured, or how to measure them."""
    for line in told.measured:
        yield f"measured: {clean(line, one_line=True)}"
    if told.loaded.kind == "reward" and not told.measured:
        name = clean(told.loaded.component.name)
        yield f"measured: nothing; `sctk reward check {name} labelled.jsonl` prints its errors on your rows"
