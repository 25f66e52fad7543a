"""Whatever a component does is a failure, or an error that names it: no traceback, no hang, no silence, no run that is stuck.

The short test tries a few faults of each place. The whole
(`pytest -m sweep core/tests/test_faults.py`, an hour or two) tries them all and writes docs/faults.md.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from fault_cases import cases

RUNNER = Path(__file__).with_name("fault_runner.py")
PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
LIMIT_S = 60
CODES = {0, 1, 2, 3, 4, 5, 130}
LONGEST = 6000
"""Characters that a user reads of one run at most."""
Told = dict[str, Any]


def tried(root: Path, faults: list[str], jobs: int = 2) -> list[Told]:
    """What came of each fault."""
    spec = {
        "root": str(root / "runs"),
        "cases": faults,
        "jobs": jobs,
        "limit_s": LIMIT_S,
        "report": str(root / "report"),
    }
    (root / "spec.json").write_text(json.dumps(spec))
    done = subprocess.run(
        [sys.executable, str(RUNNER), str(root / "spec.json")], capture_output=True, text=True, timeout=4 * 3600
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in (root / "report").read_text().splitlines()]


def amiss(told: Told) -> str:
    """What of the promise a fault broke, or ""."""
    said, code = told["said"], told["code"]
    if code not in CODES:
        return f"ended with {code}"
    if "Traceback" in said or "fault of sctk" in said:
        return "called a fault of ours"
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", said) or len(said) > LONGEST:
        return "text that may not reach a terminal"
    if code == 0 and not (told["same"] or told["failed"] or "warning: " in said):
        return "silent: other tables, and no word"
    if code == 3 and not ("odd" in said and "fault_world.py" in said):
        return "nobody is named"
    if told["again"] != 0:
        return f"stuck: the same line, mended, ended with {told['again']}: {told['said_again'][-300:]}"
    if code != 0 and not told["same_again"]:
        return "mended, it came to other tables"
    return ""


def of_each_place(faults: list[str], n: int, shift: int) -> list[str]:
    """`n` faults of each place, spread over all that it has."""
    by_place: dict[str, list[str]] = defaultdict(list)
    for fault in faults:
        by_place[fault.partition(":")[0]].append(fault)
    return [found[(shift + i * len(found) // n) % len(found)] for found in by_place.values() for i in range(n)]


def test_there_are_faults_of_every_kind() -> None:
    kinds = Counter(fault.partition(".")[0] for fault in cases())
    wanted = {
        "backend",
        "critic",
        "reward",
        "comparer",
        "rule",
        "evaluator",
        "curator",
        "trainer",
        "source",
        "method",
        "watcher",
    }
    assert kinds.keys() == wanted
    assert kinds.total() > 250 * len(wanted)


@pytest.mark.slow
def test_some_faults_of_every_place(tmp_path: Path) -> None:
    found = tried(tmp_path, list(dict.fromkeys(of_each_place(cases(), 2, shift=5))))
    assert len(found) > 40
    assert [f"{told['fault']}: {complaint}" for told in found if (complaint := amiss(told))] == []


@pytest.mark.sweep
@pytest.mark.timeout(6 * 3600)
def test_all_faults(tmp_path: Path) -> None:
    found = tried(tmp_path, cases())
    assert len(found) == len(cases())
    assert [f"{told['fault']}: {complaint}" for told in found if (complaint := amiss(told))] == []
    PAGE.write_text(page(found), encoding="utf-8")


def page(found: list[Told]) -> str:
    """The table of all faults, as a page of the documentation."""
    by_place: dict[str, list[Told]] = defaultdict(list)
    for told in found:
        by_place[told["fault"].partition(":")[0]].append(told)
    codes = Counter(told["code"] for told in found)
    counts = ", ".join(f"{n} with {code}" for code, n in sorted(codes.items()))
    lines = [
        "# Faults of components",
        "",
        "What happens when a component does not do what it should. This page is written by the test that runs them all,",
        "`pytest -m sweep core/tests/test_faults.py`: each fault by the command line in a small world (24 prompts, bounds of a",
        "second), then mended, and the same line again.",
        f"{len(found)} faults, {counts}. `0`: the failures are counted in the ledger, or what the component did had no effect.",
        "Of each run that ended otherwise the same line, once the component was mended, gave byte for byte the tables of a run",
        "without any fault.",
        "Out of scope: `os._exit` and signals to oneself, which end any process, and a trainer that never ends, for nobody",
        "knows how long a training takes.",
    ]
    for place, rows in by_place.items():
        lines += [
            "",
            f"## {place}",
            "| fault | exit code | asks failed | what the user reads | goes on |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [_row(told) for told in rows]
    return "\n".join(lines) + "\n"


def _row(told: Told) -> str:
    said = [line for line in told["said"].splitlines() if line.startswith(("error: ", "warning: "))]
    words = (said[-1] if said else "the ledger" if told["failed"] else "nothing").replace("|", "\\|")
    words = re.sub(r"/\S*/", "", re.sub(r"\b[0-9a-f]{12,32}\b", "...", words))
    fault = told["fault"].partition(": ")[2].replace("|", "\\|")
    goes_on = "yes" if told["again"] == 0 else "no"
    return f"| {fault} | {told['code']} | {told['failed']} | {words[:200]} | {goes_on} |"
