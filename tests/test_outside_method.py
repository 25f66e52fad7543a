"""A stranger's methods, just as the guide has them: installed with pip, listed unimported, described, checked, run, killed.

A run that was killed, in a pass or in training, and gone on with ends with the same bytes. Mutants of the walks are refused
by words that name what they break, and by the line.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from outcomes import tables
from strangers import block, install, python, sctk

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow
GUIDE = (ROOT / "docs" / "method-author.md").read_text()
FILES = {
    "sctk_best_of_four.py": block(GUIDE, "python", "## One file"),
    "sctk_two_critics.py": block(GUIDE, "python", "## Who is asked"),
    "sctk_asks_itself.py": block(GUIDE, "python", "## Tables, several passes, arms"),
}
METHODS = {"best-of-four": "sctk_best_of_four", "two-critics": "sctk_two_critics", "asks-itself": "sctk_asks_itself"}
KILLER = '''"""Kills the run when it has seen so many events of one kind."""

import os
from dataclasses import dataclass

from sctk_core import Component, hookimpl, setting


@hookimpl
def sctk_watchers():
    return [Component(name="killer", target="killer:Killer", summary="kills")]


class Killer:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        at: str = setting("StepFinished", help="which event")
        of: str = setting("", help="of which stage; empty: of any")
        after: int = setting(0, help="how many before it strikes")

    def __init__(self, config):
        self.config, self.n = config, 0

    def notify(self, event):
        config = self.config
        self.n += type(event).__name__ == config.at and getattr(event, "stage", "").startswith(config.of)
        if self.n > config.after:
            os.kill(os.getpid(), 9)
'''
SMALL = (
    "--limit",
    "6",
    "--set",
    "run.eval_limit=3",
    "--set",
    "run.shard_rows=3",
    "--set",
    "sampling.max_new_tokens=24",
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the wheel that was built from the guide's files."""
    project = tmp_path_factory.mktemp("sctk-drafts")
    for name, text in FILES.items():
        (project / name).write_text(text)
    (project / "pyproject.toml").write_text(block(GUIDE, "toml", "## A distribution"))
    return install(project)


def test_the_two_methods_of_the_guide_are_short() -> None:
    for name in ("sctk_best_of_four.py", "sctk_two_critics.py"):
        assert len(FILES[name].splitlines()) <= 60


def test_they_are_listed_without_being_imported_and_described(installed: Path) -> None:
    done = python("-v", "-m", "sctk_cli.main", "plugins", "--json", site=installed)
    offers = {offer["name"]: offer for offer in json.loads(done.stdout)["offers"] if offer["kind"] == "method"}
    for name, module in METHODS.items():
        found = offers[name]
        assert (found["distribution"], found["version"], found["module"]) == ("sctk-drafts", "0.1.0", module)
        assert f"import '{module}'" not in done.stderr
    for name, words in {"best-of-four": "drafts of each prompt", "two-critics": "below both critiques"}.items():
        told = sctk(installed, "describe", "method", name).stdout
        assert f"from sctk-drafts 0.1.0 ({METHODS[name]}:" in told
        assert words in " ".join(told.split())


def test_they_pass_the_check_by_name_and_as_a_project(installed: Path) -> None:
    done = sctk(installed, "plugin", "check", str(installed.parent))
    assert done.returncode == 0, done.stdout
    assert set(done.stdout.splitlines()) == {f"method {name} of sctk-drafts 0.1.0: passes" for name in METHODS}
    assert sctk(installed, "plugin", "check", "two-critics").returncode == 0


def test_the_tests_of_the_guide_pass(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_guide.py").write_text(block(GUIDE, "python", "## Tests"))
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path), site=installed)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


@pytest.mark.parametrize(
    ("method", "part", "blows"),
    [
        ("best-of-four", "best", ["after=25", "at=StageStarted of=student.train"]),
        ("two-critics", "chains", ["after=17"]),
    ],
)
def test_a_run_that_was_killed_and_gone_on_with_ends_with_the_same_bytes(
    method: str, part: str, blows: list[str], installed: Path, tmp_path: Path
) -> None:
    def run(name: str, *more: str) -> subprocess.CompletedProcess[str]:
        return sctk(installed, "run", "--plugin", method, *SMALL, "--out", str(tmp_path / name), "--json", *more)

    straight = run("straight")
    assert straight.returncode == 0, straight.stderr
    (tmp_path / "killer.py").write_text(KILLER)
    for blow in blows:
        killed = run("killed", "--load", str(tmp_path / "killer.py"), "--watch", f"killer {blow}")
        assert killed.returncode == -9, killed.stderr
        assert not (tmp_path / "killed" / "metrics.json").exists()
    gone_on = run("killed")
    assert gone_on.returncode == 0, gone_on.stderr
    assert tables(tmp_path / "killed") == tables(tmp_path / "straight")
    assert any(name.startswith(f"{part}/train/") for name in tables(tmp_path / "straight"))
    one, other = json.loads(straight.stdout), json.loads(gone_on.stdout)
    assert one["metrics"] == other["metrics"]
    assert one["ledger"] == other["ledger"]
    ledger = one["ledger"]
    assert ledger["asked"] == ledger["answered"] + ledger["failed"] + ledger["declined"]


SCORES = 'await together(*(crew.reward.score(draft, step="score") for draft in drafts))'
BEST = "max(scores, key=lambda score: score.value).sample"
MADE = f'return {{"train": spoken({BEST})}}'
MUTANTS = {
    "asks what is not declared": (
        ', Step("score", of="draft"))', ",)", "asked the step 'score', which its pass does not declare", SCORES,
    ),
    "asks under another name": (
        'step="score")', 'step="points")', "asked the step 'points', which its pass does not declare", 'step="points"',
    ),
    "declares another number": (
        "times=self.n)", "times=self.n + 1)", "finished without asking draft 5 times", "async def walk",
    ),
    "forgets a declared step": (
        SCORES, "[await crew.reward.score(drafts[0], step='score')]", "finished without asking score", "async def walk",
    ),
    "forgets all of a step": (
        f"scores = {SCORES}\n        {MADE}", 'return {"train": spoken(drafts[0])}', "finished without asking score",
        "async def walk",
    ),
    "depends on the clock": (
        'drafts(prompt, self.n, "draft")', 'drafts(prompt, self.n, "draft", shown=(*prompt.messages, '
        'type(prompt.messages[0])(role="user", content=str(__import__("time").time_ns()))))',
        "came to something else the second time: it asked 'draft' otherwise", "time_ns",
    ),
    "depends on chance": (
        BEST, "__import__('random').choice(scores).sample", "made other rows of the same answers", "async def walk",
    ),
    "depends on who comes first": (
        SCORES,
        "[await one for one in __import__('asyncio').as_completed("
        "[crew.reward.score(draft, step='score') for draft in drafts])][:1]",
        "the walk of an item came to something else", "async def walk",
    ),
    "remembers other items": (
        BEST, "scores[self.__dict__.setdefault('seen', []).append(0) or len(self.seen) % 3].sample",
        "came to something else the second time", "async def walk",
    ),
    "leaves a task behind": (
        f"scores = {SCORES}",
        "scores = [await crew.reward.score(drafts[0], step='score')]; "
        "__import__('asyncio').ensure_future(crew.reward.score(drafts[1], step='score'))",
        "left a task behind", "ensure_future",
    ),
    "leaves tasks behind where one fails": (
        SCORES, "await __import__('asyncio').gather(*(crew.reward.score(draft, step='score') for draft in drafts))",
        "left a task behind with the step 'score' failing", "gather",
    ),
    "cannot do without what it may do without": (
        SCORES,
        "[await crew.reward.score(draft, step='score', or_none=True) for draft in drafts]",
        "the walk broke with the step 'score' failing: AttributeError", "key=lambda",
    ),
    "uses a task group": (
        f"scores = {SCORES}",
        "tasks = __import__('asyncio').TaskGroup()\n        async with tasks:\n            "
        "found = [tasks.create_task(crew.reward.score(draft, step='score')) for draft in drafts]\n        "
        "scores = [one.result() for one in found]",
        "asked in a task group of its own, wanted `together(...)`", "async with tasks",
    ),
    "makes an unknown table": (
        '{"train": spoken', '{"trian": spoken', "made trian, wanted train", "async def walk",
    ),
    "makes no table": (MADE, f"return spoken({BEST})", "made Sample, wanted train", "async def walk"),
    "makes a wrong type": (
        f"spoken({BEST})", f"{BEST}.text", "made a str for 'train', wanted Sample or Declined", "async def walk",
    ),
    "raises": (MADE, 'return {"train": drafts[9]}', "IndexError: list index out of range", "drafts[9]"),
    "learns from a table that nobody makes": ('on="best.train"', 'on="best.rows"', "learns from 'best.rows'", ""),
    "evaluates an arm that nobody trains": ('Arm("student")', 'Arm("pupil")', "the arm 'pupil' is played by 'pupil'", ""),
    "asks a stranger": ("reward: AskedReward", "reward: Sample", "crew field 'reward'", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_refused_by_words_and_by_its_line(name: str, tmp_path: Path) -> None:
    old, new, words, line = MUTANTS[name]
    text = FILES["sctk_best_of_four.py"]
    assert text.count(old) == 1, text.count(old)
    mutant = text.replace(old, new)
    file = tmp_path / "sctk_best_of_four.py"
    file.write_text(mutant)
    done = sctk(tmp_path, "plugin", "check", str(file))
    assert done.returncode == 1, done.stdout
    assert "does not pass" in done.stdout
    assert words in done.stdout
    if line:
        place = next(place for place, each in enumerate(mutant.splitlines(), start=1) if line in each)
        found = re.search(r"\(sctk_best_of_four\.py, line (\d+)\)", done.stdout)
        assert found is not None, done.stdout
        assert int(found[1]) == place, done.stdout
