"""Runs the world in which one thing goes wrong, fault by fault, by the command line: `python fault_runner.py SPEC.json`.

The spec has `root`, `cases`, `jobs`, `limit_s`, `report`. Each fault is a fork that runs `sctk run`; then the fault is mended
and the same line is run again. What is told of each: the exit codes, what the user reads, how many asks failed, and whether
the tables are those of a run without any fault.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import fault_world  # noqa: F401 - imported before the forks
import polars  # noqa: F401 - imported before the forks, never used before them
import sctk_core.assembly
import sctk_core.run
import sctk_core.statistics  # noqa: F401
from sctk_cli.main import main as sctk

WORLD = Path(__file__).with_name("fault_world.py")
ENDED = 200
"""The exit code of a fork in which the command let an exception through."""


def fork(folder: Path, case: str, limit_s: int) -> int:
    """Begins one run of the command in `folder`; gives its process."""
    pid = os.fork()
    if pid:
        return pid
    code = ENDED
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(limit_s)
        os.chdir(folder)
        os.environ |= {"FAULT": case, "FAULT_WHILE": str(folder / "faulty")}
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        code = sctk(line(folder))
    except BaseException as error:  # noqa: BLE001 - told to the parent
        os.write(2, f"Traceback: {type(error).__name__} came out of the command\n".encode())
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def line(folder: Path) -> list[str]:
    """What the user types."""
    bounds = ("run.timeout_s=1", "run.patience_s=1", "run.shard_rows=10", "run.concurrency=8")
    sets = [part for bound in bounds for part in ("--set", bound)]
    model = str(folder / "base")
    return ["run", "--plugin", "odd", "--load", str(WORLD), "--model", model, "--out", "runs/run", "--json", *sets]


def tables(run: Path) -> dict[str, bytes]:
    """Every table of a run, byte for byte."""
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in sorted(run.rglob("*.parquet"))}


class Trial:
    """One fault: the run that it strikes, and the same line once it is mended."""

    def __init__(self, root: Path, number: int, case: str, limit_s: int) -> None:
        self.case, self.limit_s = case, limit_s
        self.folder = root / f"t{number}"
        (self.folder / "base").mkdir(parents=True)
        (self.folder / "base" / "skill").write_text("")
        self.told: dict[str, Any] = {"fault": case}
        if case:
            (self.folder / "faulty").touch()
        self.began = time.monotonic()
        self.pid = fork(self.folder, case, limit_s)

    def ended(self, status: int, sound: dict[str, bytes]) -> bool:
        """Takes in how the process ended, and begins the next; whether the trial is over."""
        code = os.waitstatus_to_exitcode(status)
        run = self.folder / "runs" / "run"
        said = (self.folder / "stderr").read_bytes().decode("utf-8", "replace")
        result = self._result()
        if "code" not in self.told:
            self.told |= {"code": code, "said": said, "seconds": round(time.monotonic() - self.began, 2)}
            self.told |= {"failed": result.get("ledger", {}).get("failed", 0)}
            self.told["same"] = tables(run) == sound
            (self.folder / "faulty").unlink(missing_ok=True)
            self.pid = fork(self.folder, "", self.limit_s)
            return False
        self.told |= {"again": code, "said_again": said, "same_again": tables(run) == sound}
        shutil.rmtree(self.folder)
        return True

    def _result(self) -> dict[str, Any]:
        text = (self.folder / "stdout").read_text("utf-8", "replace")
        try:
            found: dict[str, Any] = json.loads(text)
        except ValueError:
            return {"printed": text}
        return found


def main(spec: dict[str, Any]) -> None:
    root, cases = Path(spec["root"]), list(spec["cases"])
    root.mkdir(parents=True, exist_ok=True)
    trial = Trial(root, 0, "", spec["limit_s"])
    _, status = os.waitpid(trial.pid, 0)
    assert status == 0, (trial.folder / "stderr").read_text()
    sound = tables(trial.folder / "runs" / "run")
    running: dict[int, Trial] = {}
    number = 0
    with Path(spec["report"]).open("w") as report:
        while cases or running:
            while cases and len(running) < spec["jobs"]:
                number += 1
                begun = Trial(root, number, cases.pop(0), spec["limit_s"])
                running[begun.pid] = begun
            pid, status = os.wait()
            trial = running.pop(pid)
            if trial.ended(status, sound):
                print(json.dumps(trial.told), file=report, flush=True)
            else:
                running[trial.pid] = trial


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
