"""A run's directory from a stranger, its digests right and its values anything: a message and exit code 6, nothing outside read."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sctk_cli.main import main as sctk
from sctk_core.identity import file_digest
from sctk_core.store.manifest import Manifest, _digest
from sctk_core.store.shape import misfit
from toy_run import PLUGINS, toy_run

N = int(os.environ.get("SCTK_FOREIGN", "40"))
SEED = int(os.environ.get("SCTK_SEED", "1"))
CHANGES = {"source": {"n": 4, "held": 2}, "run": {"shard_rows": 2}}
STRANGE: list[Any] = [
    "../../../../../../etc/passwd", "/etc/passwd", "..", ".", "", 3, -1, 2.5, 10**400, None, True, [], {}, "a\0b", "\ud800",
    "\x1b[2J", {"a": {"b": {}}}, {"": None}, ["/etc/passwd"], [[["x"]]], "x" * 100_000, float("inf"), float("nan"),
]  # fmt: skip
Path_ = tuple[Any, ...]


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Where a value holds another, itself left out."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in inner:
        yield from places(member, (*path, name))


def changed(value: Any, rng: random.Random) -> Any:
    """A copy of a value in which one place, chosen evenly by its depth, holds something strange, another name, or nothing."""
    value = copy.deepcopy(value)
    by_depth: dict[int, list[Path_]] = {}
    for path in places(value):
        by_depth.setdefault(len(path), []).append(path)
    path = rng.choice(by_depth[rng.choice(list(by_depth))])
    at = value
    for name in path[:-1]:
        at = at[name]
    how = rng.choice(["put", "put", "rename", "take", "double"])
    if how == "take":
        del at[path[-1]]
    elif how == "rename" and isinstance(at, dict):
        at[rng.choice([one for one in STRANGE if isinstance(one, str)])] = at.pop(path[-1])
    elif how == "double":
        at[path[-1]] = [at[path[-1]]]
    else:
        at[path[-1]] = rng.choice(STRANGE)
    return value


def written(run: Path, manifest: dict[str, Any]) -> None:
    """Saves a manifest, its digest right where it can have one."""
    manifest.pop("digest", None)
    try:
        digest = _digest(manifest)
    except ValueError:  # NaN and half pairs have none
        digest = "none"
    (run / "manifest.json").write_text(json.dumps(manifest | {"digest": digest}))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whole")
    assert toy_run(root, CHANGES, "rdpo").state == "done"
    return root


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "root")
    return tmp_path / "root" / "runs" / "run"


def line(run: Path) -> list[str]:
    """The line that made the run, so that it is gone on with."""
    sections = ("source", "critic", "reward", "trainer", "baseline", "backend")
    sets = [f"{name}.use=toy" for name in sections] + [
        "method.use=rdpo",
        "source.n=4",
        "source.held=2",
        "run.shard_rows=2",
    ]
    sets += ["run.timeout_s=5.0"]
    recipe = run.parent.parent / "recipe.toml"
    recipe.write_text('[[evaluator]]\nuse = "toy"\n')
    load = [part for one in PLUGINS for part in ("--load", str(one))]
    given = [part for one in sets for part in ("--set", one)]
    return ["run", str(recipe), "--model", str(run.parent.parent / "base"), *load, *given, "--out", str(run), "--json"]


_ARMED: list[Callable[[str], None]] = []
sys.addaudithook(lambda event, args: event == "open" and _ARMED and _ARMED[-1](str(args[0])))


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """The files that are opened below /etc, or that do not lie where they should."""
    found: list[str] = []
    _ARMED.append(lambda name: found.append(name) if "passwd" in name else None)
    yield found
    _ARMED.pop()


def judged(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What of the promise a command breaks, or ""."""
    code = sctk(arguments)
    told = capsys.readouterr()
    said = told.err + told.out
    if "fault of sctk" in said or "Traceback" in said:
        return said[-400:]
    if "\x1b" in said or "\x00" in said:
        return "a control character"
    return "" if code in (0, 2, 6) else f"ended with {code}: {said[-300:]}"


def test_a_manifest_of_wrong_values_is_told(run: Path, opened: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    rng, manifest = random.Random(SEED), json.loads((run / "manifest.json").read_text())
    found = []
    for _ in range(N):
        strange = changed(manifest, rng)
        written(run, strange)
        for arguments in (["show", str(run)], ["show", str(run), "--json"], ["why", str(run), "0"]):
            found += [(arguments[0], complaint)] if (complaint := judged(arguments, capsys)) else []
    assert found == []
    assert opened == []


def test_a_run_of_wrong_values_is_gone_on_with_or_refused(
    whole: Path, tmp_path: Path, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    rng, found = random.Random(SEED + 1), []
    for n in range(max(N // 10, 3)):
        root = tmp_path / str(n)
        shutil.copytree(whole, root)
        run = root / "runs" / "run"
        written(run, changed(json.loads((run / "manifest.json").read_text()), rng))
        if complaint := judged(line(run), capsys):
            found.append(complaint)
        shutil.rmtree(root)
    assert found == []
    assert opened == []


def test_metrics_of_wrong_values_are_told(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng, file = random.Random(SEED + 2), run / "metrics.json"
    manifest, metrics = json.loads((run / "manifest.json").read_text()), json.loads(file.read_text())
    found = []
    for _ in range(N):
        file.write_text(json.dumps(changed(metrics, rng)))
        manifest["files"]["metrics.json"] = file_digest(file)
        written(run, manifest)
        found += [judged(["show", str(run)], capsys), judged(["show", str(run), "--json"], capsys)]
    assert set(found) <= {""}


def test_tables_of_others_are_taken_away_from_nowhere_else(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A part of a stranger's manifest is made anew: its tables, which are taken away, lie in the run."""
    precious = run.parent.parent / "precious"
    precious.mkdir()
    (precious / "file").write_text("precious")
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["parts"]["chains"]["tables"]["../../../precious"] = "Sample"
    written(run, manifest)
    assert sctk([*line(run), "--redo", "chains"]) == 6
    assert "precious" in capsys.readouterr().err
    assert (precious / "file").read_text() == "precious"


@pytest.mark.parametrize("name", ["../00000.parquet", "chains/../00000.parquet", "held-out/rows/00000.parquet"])
def test_a_list_of_shards_names_nothing_of_others(name: str, run: Path) -> None:
    from sctk_core.store.layout import Layout
    from sctk_core.store.part import shards_of

    (run / "chains" / "shards.jsonl").write_text(json.dumps({"first": 0, "stop": 2, "files": {name: "0" * 32}}))
    assert shards_of(Layout(run), "chains") == []


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("components", "backend"), "a text", "components.backend: got 'a text', wanted a mapping"),
        (("parts", "chains", "total"), 1.5, "parts.chains.total: got 1.5, wanted int"),
        (("parts", "chains", "stranger"), 1, "parts.chains.stranger: got a field that nobody knows, wanted none"),
        (("arms", "student", "losses"), [1, "low"], "arms.student.losses.1: got 'low', wanted float"),
        (("notes",), {"0": "a"}, "notes: got a dict, wanted a list"),
    ],
)
def test_what_a_manifest_should_hold_is_told(path: Path_, value: Any, told: str, run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    del manifest["digest"]
    assert misfit(manifest, Manifest) == ""
    at = manifest
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    assert misfit(manifest, Manifest) == told
