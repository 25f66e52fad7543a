"""A run's directory from a stranger, its digests right and its values anything: a message and exit code 6, nothing outside read."""

from __future__ import annotations

import copy
import json
import math
import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sctk_cli.main import main as sctk
from sctk_core import StoreError
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


def replaced(run: Path, name: str, rng: random.Random, how: str) -> str:
    """Puts another table in a shard's place, all digests right; gives what was changed."""
    import polars as pl

    file = run / name
    frame = pl.read_parquet(file)
    kind = {"words": pl.String, "numbers": pl.Float64}.get(how)
    column = rng.choice([name for name in frame.columns if kind in (None, frame.schema[name])] or frame.columns)
    if how == "garbage":
        file.write_bytes(rng.choice([b"", b"PAR1", rng.randbytes(99), b"PAR1" + rng.randbytes(40) + b"PAR1"]))
    else:
        other = rng.choice(
            [pl.lit(7), pl.lit(True), pl.lit(b"\xff"), pl.struct(pl.lit(1).alias("role")), pl.lit("\x1b")]
        )
        new = {
            "rename": lambda: frame.rename({column: "\x1b[2J"}),
            "retype": lambda: frame.with_columns(other.alias(column)),
            "words": lambda: frame.with_columns(pl.lit(rng.choice(WORDS)).alias(column)),
            "numbers": lambda: frame.with_columns(pl.lit(rng.choice([math.nan, math.inf])).alias(column)),
            "hollow": lambda: frame.with_columns(pl.lit(None).cast(frame.schema[column]).alias(column)),
            "another": lambda: pl.DataFrame({"a": [1]}),
        }[how]()
        new.write_parquet(file)
    manifest = json.loads((run / "manifest.json").read_text())
    part = name.rpartition("/")[0].rpartition("/")[0]
    shards = run / part / "shards.jsonl"
    lines = [json.loads(one) for one in shards.read_text().splitlines()]
    for shard in lines:
        shard["files"] = {one: file_digest(run / one) for one in shard["files"]}
    shards.write_text("\n".join(json.dumps(one, sort_keys=True) for one in lines))
    manifest["parts"][part]["digest"] = file_digest(shards)
    written(run, manifest)
    return column


HOW = ("garbage", "rename", "retype", "hollow", "another", "words", "numbers")
WORDS = ("", "{", "[]", "null", "NaN", '"a"', '{"a": 1}', '{"a": {}}', "[" * 100_000, "\x1b[2J")


@pytest.mark.parametrize("how", HOW)
def test_tables_of_anything_are_told(how: str, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng, found, told = random.Random(f"{SEED} {how}"), [], 0
    names = sorted(file.relative_to(whole / "runs" / "run").as_posix() for file in whole.rglob("*.parquet"))
    for n in range(max(N // 8, 4)):
        run, name = tmp_path / str(n) / "runs" / "run", rng.choice(names)
        shutil.copytree(whole / "runs" / "run", run)
        column = replaced(run, name, rng, how)
        for arguments in (["show", str(run)], ["show", str(run), "--json"], ["why", str(run), ""]):
            code = sctk(arguments)
            said = "".join(capsys.readouterr())
            told += code == 6
            if code not in (0, 2, 6) or (code == 6 and name not in said) or "fault of sctk" in said or "\x1b" in said:
                found.append((name, column, arguments[0], code, said[-300:]))
    assert found == []
    assert told or how == "words"  # most columns of text may hold any


@pytest.mark.parametrize("column", ["parents", "messages", "meta"])
def test_records_of_anything_are_told_by_whoever_reads_them(column: str, run: Path) -> None:
    """Who goes on with a stranger's run builds records of its rows: one that is none is told with its file."""
    import polars as pl
    from sctk_core import Pair, Prompt
    from sctk_core.run.tables import StoredTable

    file = run / ("chains/train/00000.parquet" if column == "parents" else "prompts/rows/00000.parquet")
    frame = pl.read_parquet(file)
    kind: Any = Pair if column == "parents" else Prompt
    assert list(StoredTable([file], kind))
    words = WORDS if frame.schema[column] == pl.String else [[{"role": None, "content": "a"}], []]
    for each in words:
        frame.with_columns(pl.Series([each] * len(frame), dtype=frame.schema[column]).alias(column)).write_parquet(file)
        with pytest.raises(StoreError, match=file.name):
            list(StoredTable([file], kind))


@pytest.mark.parametrize("what", ["a pipe", "a device", "a name", "a number"])
def test_a_manifest_that_is_no_file_is_told(what: str, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe would be waited for, a device has no end."""
    manifest = run / "manifest.json"
    manifest.unlink()
    if what == "a pipe":
        os.mkfifo(manifest)
    elif what == "a device":
        manifest.symlink_to("/dev/zero")
    else:
        manifest.write_text('{"schema_version": 1e999}')
    arguments = ["show", "a" * 300 if what == "a name" else str(run)]
    assert (sctk(arguments), "fault of sctk" in capsys.readouterr().err) == (6, False)


@pytest.mark.parametrize("name", ["chains/train/00000.parquet", "chains/ledger/00001.parquet"])
def test_a_table_that_is_none_of_ours_is_made_again(
    name: str, whole: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced(run, name, random.Random(SEED), "another")
    assert sctk(line(run)) == 0
    assert (run / name).read_bytes() == (whole / "runs" / "run" / name).read_bytes()


def test_a_conversation_that_goes_on_from_itself_is_damage(whole: Path, tmp_path: Path) -> None:
    from sctk_core.store.replies import Replies

    shutil.copy(whole / "runs" / "replies.sqlite", tmp_path)
    with sqlite3.connect(tmp_path / "replies.sqlite") as database:
        database.execute("UPDATE exchange SET after = key")
        (key,) = database.execute("SELECT hex(key) FROM exchange").fetchone()
    replies = Replies(tmp_path / "replies.sqlite")
    with pytest.raises(StoreError, match=r"replies\.sqlite"):
        replies.exchange(key)
    replies.close()
