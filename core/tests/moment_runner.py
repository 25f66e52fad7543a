"""Kills `sctk run` in a toy world at random moments, again and again, and says which runs did not come to the same end.

`python moment_runner.py SPEC.json`; the spec has `root`, `method`, `settings` (what `--set` sets), `runs`, `strikes` (how often
each run is struck before it is let go on to its end), `seed`, `within` (in which share of its time), `seconds` (after which no
further run is begun), `background` (SIGINT is ignored, as in jobs of a script), `name` (of the run). The signals come by turns:
SIGKILL, SIGTERM, SIGINT, SIGHUP. Each run is a fork of the command as a process; moments are drawn evenly from the time that a run
takes, as it is seen to. A run counts as killed where the strike ended it. What was committed when a run was struck must not be
asked again.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import polars  # noqa: F401 - imported before the forks, never used before them
import scipy.stats  # noqa: F401 - else most moments would fall into its import
import sctk_core.assembly
import sctk_core.run
import sctk_core.statistics  # noqa: F401
from outcomes import tables
from sctk_cli.ending import ended
from sctk_cli.main import main as sctk

HERE = Path(__file__).parent
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")
STOPPED = {"SIGKILL": -9, "SIGTERM": 130, "SIGINT": 130, "SIGHUP": 130}
LIMIT_S = 120


def line(folder: Path, spec: dict[str, Any]) -> list[str]:
    """What the user types."""
    sections = ["source", "reward", "trainer", "baseline", *(["rule"] if spec["method"] == "dsc" else [])]
    sections += [] if "method.proposal=suffix" in spec["settings"] else ["critic"]
    uses = [f"{name}.use=toy" for name in sections] + ["backend.use=noted", f"method.use={spec['method']}"]
    sets = [part for one in (*uses, *spec["settings"]) for part in ("--set", one)]
    loads = [
        part for name in ("toy_world.py", "kill_plan.py", "noted_backend.py") for part in ("--load", str(HERE / name))
    ]
    recipe = folder.parent / "recipe.toml"
    return [
        "run",
        str(recipe),
        "--model",
        str(folder.parent / "base"),
        *loads,
        *sets,
        "--out",
        f"runs/{spec.get('name', 'run')}",
        "--json",
    ]


def fork(folder: Path, spec: dict[str, Any]) -> int:
    """Begins the command in `folder`; gives its process."""
    pid = os.fork()
    if pid:
        return pid
    code = 200
    try:
        signal.alarm(LIMIT_S)
        signal.signal(signal.SIGINT, signal.SIG_IGN if spec.get("background") else signal.default_int_handler)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.chdir(folder)
        os.environ["NOTED"] = str(folder / "asked")
        beside = spec.get("name", "")
        for number, name in ((1, f"stdout{beside}"), (2, f"stderr{beside}")):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        arguments = line(folder, spec)
        ended(lambda: sctk(arguments))
    except SystemExit as end:
        code = int(end.code or 0)
    except KeyboardInterrupt:  # before the command began
        code = 130
    except BaseException:  # noqa: BLE001 - told with the run
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def struck(folder: Path, spec: dict[str, Any], name: str, after_s: float) -> int:
    """The exit code of a run that is given a signal after so many seconds, or had ended before."""
    pid = fork(folder, spec)
    time.sleep(after_s)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, getattr(signal, name))
    return wait(pid)


def committed(folder: Path) -> set[str]:
    """The keys of what is in the store."""
    file = folder / "runs" / "replies.sqlite"
    if not file.exists():
        return set()
    with contextlib.closing(sqlite3.connect(file)) as database:
        found = database.execute("SELECT name FROM sqlite_master WHERE name = 'exchange'").fetchone()
        return {row[0].hex() for row in database.execute("SELECT key FROM exchange")} if found else set()


def asked(folder: Path) -> list[str]:
    """The keys that the backend was asked for since this was last called."""
    file = folder / "asked"
    found = file.read_text().split() if file.exists() else []
    file.unlink(missing_ok=True)
    return found


def end_of(folder: Path) -> dict[str, Any]:
    """All that a run is worth: its tables and metrics byte for byte, and what the command printed of its ledger."""
    run = folder / "runs" / "run"
    told = json.loads((folder / "stdout").read_text())
    with contextlib.closing(sqlite3.connect(run / "progress.sqlite")) as database:
        (left,) = database.execute("SELECT count(*) FROM finished").fetchone()
    known = {name: told[name] for name in ("state", "ledger", "metrics")}
    return known | {"tables": tables(run), "metrics.json": (run / "metrics.json").read_bytes(), "left": left}


def main(spec: dict[str, Any]) -> dict[str, Any]:
    root, rng = Path(spec["root"]), random.Random(spec["seed"])
    (root / "base").mkdir(parents=True)
    (root / "base" / "skill").write_text("")
    (root / "recipe.toml").write_text('[[evaluator]]\nuse = "toy"\n')
    whole = root / "whole"
    whole.mkdir()
    began = time.monotonic()
    code = wait(fork(whole, spec))
    assert code == 0, (whole / "stderr").read_text()
    took_s, wanted = time.monotonic() - began, end_of(whole)
    names, turns = [name for name in SIGNALS if not (name == "SIGINT" and spec.get("background"))], itertools.count()
    counts, differed, unfinished, odd, again = Counter[str](), list[Any](), list[Any](), list[Any](), list[Any]()
    for number in range(spec["runs"]):
        if time.monotonic() - began > spec.get("seconds", math.inf):
            break
        folder = root / f"r{number}"
        folder.mkdir()
        strikes: list[tuple[str, float, int]] = []
        while len(strikes) < spec["strikes"] and (not strikes or strikes[-1][2] != 0):
            name = names[next(turns) % len(names)]
            known, after_s = committed(folder), rng.uniform(0, took_s * spec.get("within", 1.0))
            code = struck(folder, spec, name, after_s)
            strikes.append((name, round(after_s, 3), code))
            again += [[number, strikes, key] for key in known & set(asked(folder))]
            counts[f"{name}: {code}"] += 1
            took_s *= 0.95 if code == 0 else 1.02  # three of four strikes hit
            if code not in (0, STOPPED[name], -getattr(signal, name)):  # the last: before the command took the signal
                odd.append([number, strikes, (folder / "stderr").read_text()[-2000:]])
        known = committed(folder)
        code = wait(fork(folder, spec))
        if code != 0:
            unfinished.append([number, strikes, code, (folder / "stderr").read_text()[-2000:]])
            continue
        found = end_of(folder)
        differed += [[number, strikes, name] for name in wanted if found[name] != wanted[name]]
        again += [[number, strikes, key] for key in known & set(asked(folder))]
        shutil.rmtree(folder)
    report = {"took_s": round(took_s, 2), "counts": counts, "differed": differed, "unfinished": unfinished, "odd": odd}
    report |= {"asked_again": again, "hit": sum(n for name, n in counts.items() if not name.endswith(": 0"))}
    return report | {"seconds": round(time.monotonic() - began, 1)}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
