"""Runs a toy world again and again, each time killed at another of its writes, and says which of them ended otherwise.

`python kill_runner.py SPEC.json`; the spec has `root`, `method`, `changes`, `kills` (for each run the events at which it is killed,
one after another; or a number: a kill at every so many-th event), `signal`, `redo` (parts made anew in a finished run while it
is killed), `changed` (what is changed for the redo). Nothing of ours is patched: an audit hook sees files opened for writing,
renamed and removed, folders removed, and every SQL statement through the connection's own trace. Each run is a fork.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import sys
import time
import traceback
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars  # noqa: F401 - imported before the forks, never used before them
from toy_run import PLUGINS, toy_run

if Path(__file__).with_name("kill_plan.py") not in PLUGINS:
    PLUGINS.append(Path(__file__).with_name("kill_plan.py"))
LIMIT_S = 60
CONNECT = sqlite3.connect
AUDITED = ("os.rename", "os.remove", "os.rmdir", "shutil.rmtree")
WRITES = re.compile("BEGIN|COMMIT|INSERT|DELETE|CREATE", re.IGNORECASE)


class Killer:
    """Counts writes of this process below `root`, and strikes at the `at`-th."""

    def __init__(self, root: Path, at: int, how: int) -> None:
        self._root, self._at, self._how = str(root / "runs"), at, how
        self.seen: list[str] = []

    def audited(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and self._mine(args[0]) and isinstance(args[1], str) and set(args[1]) & set("wax+"):
            self._event(f"open {self._short(args[0])}")
        elif event in AUDITED and self._mine(args[0]):
            self._event(f"{event} {self._short(args[0])}")

    def connected(self, *args: Any, **kwargs: Any) -> sqlite3.Connection:
        """What `sqlite3.connect` gives while this process is watched."""
        database = CONNECT(*args, **kwargs)
        database.set_trace_callback(self.executed)
        return database

    def executed(self, statement: str) -> None:
        if WRITES.match(statement):
            self._event(f"sql {' '.join(statement.split()[:3])}")

    def _mine(self, path: object) -> bool:
        return isinstance(path, str | os.PathLike) and str(path).startswith(self._root)

    def _short(self, path: object) -> str:
        return str(path).removeprefix(self._root)

    def _event(self, name: str) -> None:
        self.seen.append(name)
        if len(self.seen) == self._at + 1:
            os.kill(os.getpid(), self._how)


def fork(root: Path, spec: dict[str, Any], *, at: int = -1, redo: tuple[str, ...] = ()) -> tuple[int, dict[str, Any]]:
    """One run in a fork: its status (minus the signal that ended it, 130 for an interrupt), and what it said of itself."""
    said = root.with_suffix(".said.json")
    pid = os.fork()
    if not pid:
        code = 1
        try:
            signal.alarm(LIMIT_S)
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background ignores it
            killer = Killer(root, at, getattr(signal, spec.get("signal", "SIGKILL")))
            sys.addaudithook(killer.audited)
            sqlite3.connect = killer.connected
            changes = spec["changes"] | (spec.get("changed", {}) if redo else {})
            result = toy_run(root, changes, spec["method"], redo=redo)
            balanced = all(one.asked == one.answered + one.failed + one.declined for one in result.ledger)
            counts = [asdict(one) for one in result.ledger]
            told = {"state": result.state, "balanced": balanced, "ledger": counts, "seen": killer.seen}
            said.write_text(json.dumps(told | {"metrics": [asdict(one) for one in result.metrics]}))
            code = 0
        except KeyboardInterrupt:
            code = 130
        except BaseException:  # noqa: BLE001 - told to the parent
            said.write_text(json.dumps({"error": traceback.format_exc()[-3000:]}))
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, json.loads(said.read_text()) if said.exists() else {}


def tables(run: Path) -> dict[str, bytes]:
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in sorted(run.rglob("*.parquet"))}


def left(run: Path) -> int:
    """How many finished items a run that is done still keeps beside its shards."""
    with sqlite3.connect(run / "progress.sqlite") as database:
        return int(database.execute("SELECT count(*) FROM finished").fetchone()[0])


def compared(root: Path, told: dict[str, Any], whole: Path, wanted: dict[str, Any]) -> str:
    """In what a resumed run differs from the whole one, or ""."""
    run, reference = tables(root / "runs" / "run"), tables(whole / "runs" / "run")
    names = [name for name in sorted(run.keys() | reference.keys()) if run.get(name) != reference.get(name)]
    if names:
        return f"tables {names[:3]}"
    differing = [name for name in ("state", "balanced", "ledger", "metrics") if told[name] != wanted[name]]
    if differing:
        return f"result {differing}"
    return "rows are left in progress.sqlite" if left(root / "runs" / "run") else ""


def main(spec: dict[str, Any]) -> dict[str, Any]:
    root, redo = Path(spec["root"]), tuple(spec.get("redo", ()))
    began, whole, finished = time.monotonic(), root / "whole", root / "finished"
    if redo:
        assert fork(finished, spec)[0] == 0
        shutil.copytree(finished, whole)
    status, wanted = fork(whole, spec, redo=redo)
    assert status == 0, wanted.get("error")
    seen: list[str] = wanted["seen"]
    kills = spec["kills"]
    if isinstance(kills, int):
        kills = [[at] for at in range(spec.get("offset", 0), len(seen), kills)]
    elif isinstance(kills, str):
        kills = [[at + 1] for at, name in enumerate(seen) if re.search(kills, name) and at + 1 < len(seen)]
    report: dict[str, Any] = {"events": len(seen), "kinds": Counter(name.split(" ")[0] for name in seen), "seen": seen}
    report |= {"runs": 0, "killed": 0, "differed": [], "unfinished": []}
    for number, ats in enumerate(kills):
        here = root / f"k{number}"
        if redo:
            shutil.copytree(finished, here)
        for at in ats:
            report["runs"] += 1
            status, told = fork(here, spec, at=at, redo=redo)
            report["killed"] += status != 0
            if status not in (0, 130, -9):
                report["unfinished"].append([at, f"{status}: {told.get('error', '')}"])
        status, told = fork(here, spec, redo=redo)
        if status != 0:
            report["unfinished"].append([ats, seen[ats[0]], f"{status}: {told.get('error', '')}"])
        elif complaint := compared(here, told, whole, wanted):
            report["differed"].append([ats, seen[ats[0]], complaint])
        shutil.rmtree(here, ignore_errors=True)
        here.with_suffix(".said.json").unlink(missing_ok=True)
    return report | {"seconds": round(time.monotonic() - began, 1)}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
