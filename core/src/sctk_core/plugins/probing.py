"""`sctk doctor`: every offer tried in a subprocess with a time limit, so that nothing can break or hang the command.

One child per plugin module tries that module's offers in turn and writes a line after each. Where a child dies or hangs,
the offer that it was at is to blame, and a fresh child goes on with the rest.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sctk_core.errors import SctkError
from sctk_core.hookspecs import COMMAND
from sctk_core.plugins.building import command_of, describe
from sctk_core.plugins.loading import catalogue, load
from sctk_core.plugins.offers import Catalogue, Offer

HEAVY = ("torch", "transformers", "vllm", "numpy", "tensorflow", "jax", "trl", "peft", "datasets", "pandas", "scipy")


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """What came of trying one offer. `problem` "": nothing wrong. `heavy`: what the light plugin module must not import.

    `load_s` is the time to import the plugin module, `target_s` that of the class (or command) with all that it brings.
    """

    offer: Offer
    problem: str = ""
    hint: str = ""
    heavy: tuple[str, ...] = ()
    load_s: float = 0.0
    target_s: float = 0.0


def probe(among: Catalogue, *, timeout_s: float = 60.0) -> Iterator[Probe]:
    """One probe per offer, in the catalogue's order within a module; nothing is imported into this process."""
    for _, group in groupby(sorted((*among.offers, *among.commands), key=_home), key=_home):
        owed = list(group)
        while owed:
            found = _child(owed, timeout_s)
            yield from found
            owed = owed[len(found) :]


def _home(offer: Offer) -> tuple[str, str]:
    return offer.distribution, offer.module


def _child(offers: Sequence[Offer], timeout_s: float) -> list[Probe]:
    """The probes of as many offers as one child gets through, at least one: the one at which it died is the last."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.jsonl"
        report.touch()
        end = _run_child(
            {"path": sys.path, "report": str(report), "offers": [_plain(one) for one in offers]}, timeout_s
        )
        lines = report.read_text().splitlines()
    found = [_probe_of(offer, json.loads(line)) for offer, line in zip(offers, lines, strict=False)]
    if len(found) < len(offers):
        found.append(
            Probe(offer=offers[len(found)], problem=end, hint=f"uninstall {offers[0].distribution}, or mend it")
        )
    return found


def _run_child(task: dict[str, Any], timeout_s: float) -> str:
    """How the child ended, in words; a child that hangs is killed with all its own children."""
    command = [sys.executable, "-m", "sctk_core.plugins.probing"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    child = subprocess.Popen(  # noqa: S603 - our own module, in our own interpreter
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    try:
        child.communicate(json.dumps(task).encode(), timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return f"did not finish within {timeout_s:g} s"
    finally:
        _kill(child)
    return f"ended the process (exit code {child.returncode})"


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Ends the child's whole session, whether it has finished or not."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _plain(offer: Offer) -> dict[str, str]:
    return {"kind": offer.kind, "name": f"{offer.distribution}/{offer.name}", "file": str(offer.file or "")}


def _probe_of(offer: Offer, line: dict[str, Any]) -> Probe:
    return Probe(offer=offer, **{**line, "heavy": tuple(line["heavy"])})


def _try(kind: str, name: str, among: Catalogue) -> dict[str, Any]:
    """One line of the child's report: the plugin module loaded, then its class described."""
    line: dict[str, Any] = {"problem": "", "hint": "", "heavy": [], "load_s": 0.0, "target_s": 0.0}
    before = {name for name in HEAVY if name in sys.modules}
    start = time.perf_counter()
    try:
        load(kind, name, among=among)
        line["load_s"] = time.perf_counter() - start
        line["heavy"] = [name for name in HEAVY if name in sys.modules and name not in before]
        start = time.perf_counter()
        if kind == COMMAND.word:
            command_of(name, among=among)
        else:
            describe(kind, name, among=among)
        line["target_s"] = time.perf_counter() - start
    except SctkError as error:
        line |= {"problem": error.message, "hint": error.hint}
    return line


def main() -> None:
    """The child: reads its task from standard input, writes one line per offer."""
    task = json.loads(sys.stdin.read())
    sys.path[:] = task["path"]
    files = sorted({Path(one["file"]) for one in task["offers"] if one["file"]})
    among = catalogue(files)
    with Path(task["report"]).open("a") as report:
        for one in task["offers"]:
            print(json.dumps(_try(one["kind"], one["name"], among)), file=report, flush=True)
    os._exit(0)  # whatever a plugin has begun, or wants to do at the end


if __name__ == "__main__":
    main()
