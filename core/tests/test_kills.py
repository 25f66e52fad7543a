"""Kills at the writes of a run: whatever was killed wherever goes on, ends with the same bytes, and balances.

`kill_runner.py` runs a toy world in forks and kills each at another write; what is always run are the places that matter most,
the whole sweep takes an hour: `pytest -m sweep`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sctk_core.errors import ConfigError, PluginError
from toy_run import toy_run

RUNNER = Path(__file__).with_name("kill_runner.py")
SMALL = {"chains": 2, "eval_limit": 2}


def killed(root: Path, method: str, kills: Any, **spec: Any) -> dict[str, Any]:
    """What the runner reports of a world of a few prompts."""
    run = SMALL | {"shard_rows": spec.pop("shard_rows", 1000)}
    changes = {"source": {"n": 2}, "run": run} | spec.pop("changes", {})
    file = root / "spec.json"
    file.write_text(json.dumps({"root": str(root), "method": method, "changes": changes, "kills": kills} | spec))
    done = subprocess.run([sys.executable, str(RUNNER), str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def refuse(report: dict[str, Any]) -> None:
    assert report["killed"] == report["runs"] > 0
    assert (report["differed"], report["unfinished"]) == ([], [])


PASSES = ("first", "second", "third", "base", "student", "best", "seen/base", "seen/early")


def test_between_the_line_of_a_shard_and_the_drop_of_its_rows(tmp_path: Path) -> None:
    """The double seal, in every pass: the event after the line in shards.jsonl is the transaction that drops the rows."""
    report = killed(tmp_path, "passes", "open .*/shards.jsonl$")
    refuse(report)
    seen = report["seen"]
    named = [at for at, name in enumerate(seen) if name.endswith("/shards.jsonl")]
    assert sum(seen[at + 1] == "sql BEGIN" for at in named) == len(PASSES)
    assert len(named) == report["runs"]


def test_between_the_files_of_a_shard_and_its_line(tmp_path: Path) -> None:
    refuse(killed(tmp_path, "passes", "os.rename .*/(first|second|best)/failures/00000.part$"))


def test_between_the_commit_of_the_last_item_and_its_seal(tmp_path: Path) -> None:
    run = {"shard_rows": 2, "chains": 1, "eval_limit": 1}
    refuse(killed(tmp_path, "rdpo", "sql INSERT OR REPLACE", changes={"source": {"n": 1}, "run": run}))


def test_while_a_finished_part_is_forgotten(tmp_path: Path) -> None:
    """Another setting of the trainer, made anew in a finished run; at any write up to the first of the new training."""
    redo = {"redo": ["student"], "changed": {"trainer": {"at": "never"}}}
    refuse(killed(tmp_path, "rdpo", [[at] for at in range(2, 20, 3)], **redo))


def test_an_interrupt_from_the_keyboard(tmp_path: Path) -> None:
    """In whatever thread it strikes, the main one hears of it (one in a callback of SQLite's is lost: the run just goes on)."""
    report = killed(tmp_path, "passes", 71, signal="SIGINT", offset=11)
    assert report["killed"] > 0
    assert (report["differed"], report["unfinished"]) == ([], [])


def test_killed_again_and_again(tmp_path: Path) -> None:
    kills = [[20, 20, 20, 20, 20, 20], [61, 37, 23, 11]]
    refuse(killed(tmp_path, "passes", kills, shard_rows=2))


def test_a_line_that_was_torn_off_names_no_shard(tmp_path: Path) -> None:
    whole = toy_run(tmp_path, {}).run
    before = {path.relative_to(whole): path.read_bytes() for path in whole.rglob("*.parquet")}
    lines = whole / "chains" / "shards.jsonl"
    lines.write_bytes(lines.read_bytes()[:-40])
    assert toy_run(tmp_path, {}).state == "done"
    assert {path.relative_to(whole): path.read_bytes() for path in whole.rglob("*.parquet")} == before


KILLED = [
    ("backend", "generate", 15, "chains.draft"),
    ("trainer", "train", 0, "student"),
    ("evaluator", "evaluate", 0, ""),
]


@pytest.mark.parametrize(("section", "at", "after", "part"), KILLED)
def test_a_killed_run_is_not_gone_on_with_by_another_recipe(
    tmp_path: Path, section: str, at: str, after: int, part: str
) -> None:
    """What was finished before the kill was made with other settings: it is refused, or made anew, and never mixed in."""
    trouble = {"use": "toy", "at": at, "how": "kill", "after": after, "flag": str(tmp_path / "flag")}
    changes: dict[str, Any] = {section: [trouble] if section == "evaluator" else trouble}
    changes |= {"run": {"shard_rows": 2, "concurrency": 2}}
    line = [sys.executable, str(RUNNER.with_name("toy_run.py")), str(tmp_path), json.dumps(changes)]
    assert subprocess.run(line, check=False).returncode == -9
    with pytest.raises(ConfigError, match=r"run\.seed"):
        toy_run(tmp_path, changes | {"run": changes["run"] | {"seed": 1}})


def test_another_trainer_after_one_that_failed_needs_no_permission(tmp_path: Path) -> None:
    """Nothing that is finished is lost: the training came to no model."""
    with pytest.raises(PluginError, match=r"the trainer .toy. of"):
        toy_run(tmp_path, {"trainer": {"at": "train", "how": "raise"}})
    assert toy_run(tmp_path, {"trainer": {"at": "never"}}).state == "done"


SWEEPS = [
    ("dsc", 2, {"changes": {"method": {"sweeps": 2}, "source": {"n": 2}, "run": SMALL | {"shard_rows": 2}}}),
    ("dsc", 1000, {"changes": {"method": {"sweeps": 2}, "source": {"n": 2}, "run": SMALL}}),
    ("rdpo", 2, {}),
    ("rdpo", 1000, {"changes": {"curate": [{"use": "toy", "of": ["train", "prompts"]}], "source": {"n": 6}}}),
    ("passes", 2, {}),
    ("passes", 1000, {}),
    ("passes", 2, {"signal": "SIGINT"}),
    ("passes", 1000, {"redo": ["first"], "changed": {"critic": {"at": "never"}}}),
]


@pytest.mark.slow
@pytest.mark.sweep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("method", "shard_rows", "spec"), SWEEPS)
def test_at_every_write_of_a_run(tmp_path: Path, method: str, shard_rows: int, spec: dict[str, Any]) -> None:
    report = killed(tmp_path, method, 1, shard_rows=shard_rows, **spec)
    assert (report["differed"], report["unfinished"]) == ([], [])


MOMENTS = Path(__file__).with_name("moment_runner.py")
WORLDS = [
    ("dsc", 2, ("method.sweeps=3", "run.chains=3"), False),
    ("dsc", 1000, ("method.sweeps=2", "run.chains=2"), False),
    ("dsc", 2, ("method.sweeps=2", "run.chains=2"), True),
    ("dsc", 2, ("method.sweeps=3", "run.chains=2", "method.proposal=suffix"), False),
    ("rdpo", 2, (), False),
    ("rdpo", 1000, (), False),
    ("passes", 2, (), False),
    ("passes", 1000, (), False),
    ("passes", 2, (), True),
]
"""Method, rows of a shard, other settings, and whether it is a job in the background, which ignores SIGINT."""


def struck(root: Path, method: str, shard_rows: int, settings: tuple[str, ...], background: bool, **spec: float) -> int:
    """Strikes the command at random moments; how many strikes ended it. No run differs, and nothing is asked twice."""
    sizes = ("source.n=12", "source.held=4", f"run.shard_rows={shard_rows}", "run.concurrency=3")
    known = {"root": str(root / "runs"), "method": method, "settings": [*sizes, *settings], "background": background}
    (root / "spec.json").write_text(json.dumps(known | spec))
    line = [sys.executable, str(MOMENTS), str(root / "spec.json")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    wrong = {name: report[name] for name in ("differed", "unfinished", "odd", "asked_again") if report[name]}
    assert not wrong
    return sum(n for what, n in report["counts"].items() if not what.endswith(" 0"))


def test_at_random_moments_by_every_signal(tmp_path: Path) -> None:
    assert struck(tmp_path, "passes", 2, (), background=False, runs=1, strikes=2, seed=1, within=0.4) > 0


@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("world", WORLDS)
def test_a_thousand_kills_at_random_moments(tmp_path: Path, world: tuple[str, int, tuple[str, ...], bool]) -> None:
    """125 of each world, about."""
    assert struck(tmp_path, *world, runs=60, strikes=4, seed=2) > 100
