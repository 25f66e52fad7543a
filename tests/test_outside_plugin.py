"""A stranger's reward, just as the plugin guide has it: built and installed with pip, listed unimported, described, run, checked.

Its five broken mutants (reordered, short, NaN, not awaited, failing at import) do not pass, and break no command.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from strangers import block, install, python, sctk

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow
TOY = ROOT / "core" / "tests" / "toy_world.py"
GUIDE = (ROOT / "docs" / "plugin-author.md").read_text()
REWARD = block(GUIDE, "python", "## One file")
PYPROJECT = block(GUIDE, "toml", "## A distribution")
MUTANTS = {
    "reordered": ("for sample in samples]", "for sample in samples][::-1]"),
    "short": ("for sample in samples]", "for sample in samples][:-1]"),
    "nan": ("self.config.weight * kind)", 'float("nan"))'),
    "not-awaited": ("    def one(", "    async def one("),
    "at-import": ("@hookimpl\n", "raise RuntimeError('boom')\n\n\n@hookimpl\n"),
}
RECIPE = """
[method]
use = "dsc"
[reward]
use = "politeness"
weight = 2.0
[source]
use = "toy"
[backend]
use = "toy"
[critic]
use = "toy"
[rule]
use = "toy"
[trainer]
use = "toy"
[baseline]
use = "toy"
[[evaluator]]
use = "toy"
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the wheel that was built from the one file."""
    assert len(REWARD.splitlines()) <= 30
    project = tmp_path_factory.mktemp("sctk-politeness")
    (project / "sctk_politeness.py").write_text(REWARD)
    (project / "pyproject.toml").write_text(PYPROJECT)
    return install(project)


def run_of(site: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """A run of the toy world with the stranger's reward."""
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "skill").write_text("")
    (folder / "recipe.toml").write_text(RECIPE)
    model, out = str(folder / "model"), str(folder / "run")
    return sctk(site, "run", str(folder / "recipe.toml"), "--model", model, "--load", str(TOY), "--out", out, "--json")


def mutant(installed: Path, name: str, place: Path) -> Path:
    """The installed folder with one change in the reward's file."""
    old, new = MUTANTS[name]
    assert REWARD.count(old) == 1
    shutil.copytree(installed, place)
    (place / "sctk_politeness.py").write_text(REWARD.replace(old, new))
    return place


def test_it_is_listed_without_being_imported(installed: Path) -> None:
    done = python("-v", "-m", "sctk_cli.main", "plugins", "--json", site=installed)
    offers = json.loads(done.stdout)["offers"]
    mine = {"kind": "reward", "name": "politeness", "distribution": "sctk-politeness", "version": "1.2.3"}
    assert [offer for offer in offers if offer["name"] == "politeness"] == [mine | {"module": "sctk_politeness"}]
    assert "import 'sctk_politeness'" not in done.stderr
    told = python("-v", "-m", "sctk_cli.main", "describe", "reward", "politeness", site=installed)
    assert "import 'sctk_politeness'" in told.stderr


def test_it_is_described(installed: Path) -> None:
    out = sctk(installed, "describe", "reward", "politeness").stdout
    for words in ("counts kind words", "sctk-politeness 1.2.3", "default 1.0, 0 to 10 points", "what one kind word"):
        assert words in out


def test_it_is_used_in_a_run_and_named_in_the_manifest(installed: Path, tmp_path: Path) -> None:
    done = run_of(installed, tmp_path / "good")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["metrics"]
    value = next(row["value"] for row in rows if (row["arm"], row["metric"]) == ("student", "reward"))
    assert value == 2.0
    manifest = json.loads((tmp_path / "good" / "run" / "manifest.json").read_text())
    reward = manifest["components"]["reward"]
    assert (reward["distribution"], reward["version"], reward["settings"]) == (
        "sctk-politeness", "1.2.3", {"weight": 2.0},
    )  # fmt: skip


def test_it_passes_the_conformance_check(installed: Path) -> None:
    for what in ("politeness", "sctk-politeness", str(installed.parent)):
        done = sctk(installed, "plugin", "check", what)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout == "reward politeness of sctk-politeness 1.2.3: passes\n"


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_does_not_pass_and_breaks_no_command(name: str, installed: Path, tmp_path: Path) -> None:
    site = mutant(installed, name, tmp_path / "site")
    refused = sctk(site, "plugin", "check", "politeness")
    assert refused.returncode == (3 if name == "at-import" else 1)
    assert "does not pass" in refused.stdout
    listed = sctk(site, "plugins")
    assert listed.returncode == 0
    assert "politeness" in listed.stdout
    ran = run_of(site, tmp_path / "bad")
    if name == "at-import":
        assert ran.returncode == 3
        assert "the reward 'politeness' of sctk-politeness 1.2.3 is broken" in ran.stderr
        assert "RuntimeError: boom" in ran.stderr
        assert "hint: " in ran.stderr
        assert sctk(site, "describe", "method", "dsc").returncode == 0
        return
    assert ran.returncode in (0, 5), ran.stderr
    assert ran.stdout == "" or json.loads(ran.stdout)["state"] == "done"
    shown = json.loads(sctk(site, "show", str(tmp_path / "bad" / "run"), "--json").stdout)
    ledger = shown["ledger"]
    assert ledger["asked"] == ledger["answered"] + ledger["failed"] + ledger["declined"]
    if name == "reordered":  # a batch that fails is asked item by item, and one item has no order: the scores are right
        rows = {(row["arm"], row["metric"]): row["value"] for row in shown["metrics"]}
        assert (rows["student", "reward"], rows["base", "reward"]) == (2.0, 0.0)
    else:
        assert ledger["failed"] > 0


def test_doctor_names_the_broken_one_and_goes_on(installed: Path, tmp_path: Path) -> None:
    site = mutant(installed, "at-import", tmp_path / "site")
    done = sctk(site, "doctor", "--json", "--load", str(TOY))
    assert done.returncode == 1
    probes = {(one["kind"], one["name"]): one for one in json.loads(done.stdout)["probes"]}
    assert "RuntimeError: boom" in probes["reward", "politeness"]["problem"]
    assert probes["backend", "toy"]["problem"] == ""
    assert probes["method", "dsc"]["problem"] == ""


def test_the_tests_of_the_guide_pass(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_guide.py").write_text(block(GUIDE, "python", "## Tests"))
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path), site=installed)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
