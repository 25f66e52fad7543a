"""Whatever a component does is a failure, or an error that names it: no traceback, no hang, no silence, no run that is stuck.

The short test tries a few faults of each place. The whole (`pytest -m sweep core/tests/test_faults.py`, an hour or two) tries them
all and writes docs/faults.md; with SCTK_FAULTS_EVERY=6 in the environment it tries every sixth, and
all that a second pair of eyes thought of.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from fault_cases import cases, fresh

RUNNER = Path(__file__).with_name("fault_runner.py")
PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
LIMIT_S = 60
CODES = {0, 1, 2, 3, 4, 5, 130}
REFUSED = {
    f"{place} raises {what}"
    for place in (
        "backend.generate:",
        "trainer.train:",
        "rule.decide:",
        "method.plan:",
        "method.walk:",
        "source.prompts:",
    )
    for what in ("a full disk", "too many files", "a store error")
} | {"trainer.train: rewrites the run's tables"}
"""What a component says of the system, or as an error of the store, is told as such."""
BEYOND = {"trainer.train: rewrites the model that it starts from"}
"""Named, and nothing of ours can make it again."""
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
    if code not in CODES and not (code == 6 and told["fault"] in REFUSED):
        return f"ended with {code}"
    if "Traceback" in said or "fault of sctk" in said:
        return "called a fault of ours"
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", said) or len(said) > LONGEST:
        return "text that may not reach a terminal"
    if code == 0 and not (told["same"] or told["failed"] or "warning: " in said):
        return "silent: other tables, and no word"
    if code == 3 and not ("odd" in said and "fault_world.py" in said):
        return "nobody is named"
    if told["fault"] in BEYOND:
        return ""
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
    wanted = list(dict.fromkeys([*cases()[:: int(os.environ.get("SCTK_FAULTS_EVERY", "1"))], *fresh()]))
    found = tried(tmp_path, wanted)
    assert {told["fault"] for told in found} == set(wanted)
    PAGE.write_text(page(found, of=len(cases())), encoding="utf-8")
    assert [f"{told['fault']}: {complaint}" for told in found if (complaint := amiss(told))] == []


def test_a_page_of_faults_counts_what_came_of_them() -> None:
    sound: Told = {"code": 0, "said": "", "failed": 3, "same": False, "again": 0, "same_again": True}
    ended: Told = {"code": 3, "said": "error: odd\n", "failed": 0, "same": False, "again": 0, "same_again": True}
    stuck = ended | {"again": 6}
    told = [{"fault": f"rule.decide: {n}"} | one for n, one in enumerate((sound, ended, ended, stuck))]
    lines = page(told, of=9).splitlines()
    assert "4 of 9 faults were tried: 1 ended with 0, 3 ended with 3." in lines
    assert (
        "Of the 3 that ended otherwise than with 0, 2 gave the tables of a run without any fault once they were mended."
        in lines
    )
    assert lines[-3:] == [
        "| 0 | 0 | 3 | counted in the ledger | yes |",
        "| 1; 2 | 3 | 0 | error: odd | yes |",
        "| 3 | 3 | 0 | error: odd | no |",
    ]


def page(found: list[Told], of: int) -> str:
    """The table of the faults that were tried, of so many that there are, as a page of the documentation."""
    by_place: dict[str, list[Told]] = defaultdict(list)
    for told in found:
        by_place[told["fault"].partition(":")[0]].append(told)
    codes = Counter(told["code"] for told in found)
    ended = [told for told in found if told["code"]]
    counts = ", ".join(f"{n} ended with {code}" for code, n in sorted(codes.items()))
    lines = [
        "# Faults of components",
        "",
        "What happens when a component does not do what it should. This page is written by the test that runs the faults,",
        "`pytest -m sweep core/tests/test_faults.py`: each by the command line in a small world (24 prompts, bounds of a second);",
        "then it is mended, and the same line is run again.",
        "",
        f"{len(found)} of {of} faults were tried: {counts}.",
        f"Of the {len(ended)} that ended otherwise than with 0, {sum(map(_goes_on, ended))} gave the tables of a run without any "
        "fault once they were mended.",
        f"{len({told['fault'] for told in found} & set(fresh()))} of them were thought of by a second pair of eyes.",
        "",
        "With `0` the failures are counted in the ledger, a warning is told, or what the component did had no effect on any table.",
        "Out of scope: `os._exit` and signals to oneself, which end any process, and a trainer that never ends, for nobody",
        "knows how long a training takes. Faults of which a user reads the same stand in one line.",
    ]
    for place, rows in by_place.items():
        lines += ["", f"## {place}", "", "| fault | exit code | asks failed | what the user reads | goes on |"]
        lines += ["| --- | --- | --- | --- | --- |", *_rows(rows)]
    return "\n".join(lines) + "\n"


def _rows(told: list[Told]) -> list[str]:
    """A line for all faults of a place of which the user reads the same."""
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in told:
        outcome = (str(one["code"]), str(one["failed"]), _read(one), "yes" if _goes_on(one) else "no")
        alike[outcome].append(_cell(one["fault"].partition(": ")[2]))
    return [f"| {'; '.join(faults)} | {' | '.join(outcome)} |" for outcome, faults in alike.items()]


def _goes_on(told: Told) -> bool:
    """Whether the same line, once the fault was mended, ended well; and with the right tables if the first run did not."""
    return told["again"] == 0 and (told["code"] == 0 or bool(told["same_again"]))


def _read(told: Told) -> str:
    """The last error or warning, without what differs from run to run."""
    said = [line for line in told["said"].splitlines() if line.startswith(("error: ", "warning: "))]
    words = said[-1] if said else "counted in the ledger" if told["failed"] else "nothing"
    return _cell(re.sub(r"/\S*/", "", re.sub(r"\b[0-9a-f]{12,32}\b", "...", words))[:200])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")
