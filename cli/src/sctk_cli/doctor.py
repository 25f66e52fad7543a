"""`sctk doctor`: every installed component tried in a subprocess with a time limit, so that nothing can break the command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sctk_cli.finite import timeout
from sctk_cli.loading import catalogue_with
from sctk_cli.plugins import LOAD
from sctk_cli.terminal import clean, put, put_json, say, table

if TYPE_CHECKING:
    from sctk_core.plugins import Probe

EPILOG = """\b
Examples:
  sctk doctor
  sctk doctor --timeout 20 --json

\b
Exit code 1 where anything is broken."""


@click.command(epilog=EPILOG)
@LOAD
@timeout(120.0, "Seconds for one plugin module.")
@click.option("--json", "json_", is_flag=True, help="Print one object on standard output.")
def doctor(files: tuple[Path, ...], timeout_s: float, json_: bool) -> int:
    """Try every installed plugin and say what is broken."""
    from sctk_core.plugins import probe

    found = catalogue_with(files, timeout_s)
    probes = []
    for one in probe(found, timeout_s=timeout_s):
        probes.append(one)
        say(f"{one.offer.kind} {clean(one.offer.name, one_line=True)}: {_verdict(one)}")
    if json_:
        put_json({"probes": [_object(one) for one in probes], "complaints": found.complaints})
    else:
        _print(probes)
    for complaint in found.complaints:
        say(f"warning: {clean(complaint, one_line=True)}")
    return 1 if found.complaints or any(one.problem for one in probes) else 0


def _verdict(one: Probe) -> str:
    if one.problem:
        return "broken"
    return f"heavy: its plugin module imports {', '.join(one.heavy)}" if one.heavy else "well"


def _print(probes: list[Probe]) -> None:
    rows = [
        [one.offer.kind, one.offer.name, one.offer.provider, f"{one.load_s:.2f}", f"{one.target_s:.2f}", _verdict(one)]
        for one in probes
    ]
    header = ["kind", "name", "from", "load s", "class s", "verdict"]
    for line in table(header, rows, right=[3, 4]):
        put(line)
    for one in probes:
        if one.problem:
            put()
            put(f"{one.offer.kind} {clean(one.offer.name, one_line=True)}: {clean(one.problem)}")
            put(f"hint: {clean(one.hint)}")


def _object(one: Probe) -> dict[str, Any]:
    known = {name: getattr(one, name) for name in ("problem", "hint", "heavy", "load_s", "target_s")}
    return {"kind": one.offer.kind, "name": one.offer.name, "from": one.offer.provider} | known
