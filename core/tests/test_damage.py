"""Every file of a run damaged: what can be made again is, byte for byte; else exit code 6 names the file. Never used in silence."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from outcomes import tables
from sctk_core import StoreError
from sctk_core.run import RunResult, read_result
from sctk_core.store.reader import RunReader
from toy_run import toy_run

CHANGES = {"source": {"n": 6}, "run": {"shard_rows": 2, "chains": 2, "eval_limit": 2}}


def cut(data: bytes, rng: random.Random) -> bytes | None:
    return data[: rng.randrange(len(data))] if data else None


def flipped(data: bytes, rng: random.Random) -> bytes | None:
    if not data:
        return b"\x01"
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def gone(data: bytes, rng: random.Random) -> bytes | None:
    return None


def emptied(data: bytes, rng: random.Random) -> bytes | None:
    return b""


DAMAGE: dict[str, Callable[[bytes, random.Random], bytes | None]] = {
    "cut": cut, "flipped": flipped, "gone": gone, "emptied": emptied,
}  # fmt: skip


def run(root: Path) -> RunResult:
    return toy_run(root, CHANGES, "rdpo")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("finished")
    assert run(root).state == "done"
    return root


@pytest.fixture(scope="module", params=[60, 150])
def unfinished(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("unfinished")
    spec = json.dumps({"changes": CHANGES, "method": "rdpo"})
    call = f"fork(pathlib.Path({str(root)!r}), json.loads({spec!r}), at={request.param})"
    program = f"import json, pathlib; from kill_runner import fork; {call}"
    where = Path(__file__).parent  # a process of its own: polars does not outlive a fork
    subprocess.run([sys.executable, "-c", program], cwd=where, check=True)
    assert not (root / "runs" / "run" / "metrics.json").exists()
    return root


def files_of(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in (root / "runs").rglob("*") if path.is_file())


def after_damage(copy: Path, name: str, how: str, rng: random.Random) -> RunResult | StoreError:
    """What running again comes to, or says, when one file was damaged."""
    file = copy / name
    data = DAMAGE[how](file.read_bytes(), rng)
    file.unlink() if data is None else file.write_bytes(data)
    try:
        return run(copy)
    except StoreError as error:
        return error


def damage_all(root: Path, finished: Path, tmp_path: Path, seed: int, most: int) -> Counter[str]:
    """Damages files of copies of `root`, each in one way, runs again and compares; how often what came of it."""
    rng, wanted = random.Random(seed), tables(finished / "runs" / "run")
    metrics = (finished / "runs" / "run" / "metrics.json").read_bytes()
    trials = [(name, how) for name in files_of(root) for how in DAMAGE]
    small = [trial for trial in trials if not trial[0].endswith(".parquet")]
    found = Counter[str]()
    for name, how in trials if not most else [*rng.sample(small, min(most, len(small))), *rng.sample(trials, most)]:
        copy = tmp_path / "copy"
        shutil.copytree(root, copy)
        came = after_damage(copy, name, how, rng)
        if isinstance(came, StoreError):
            assert name.rpartition("/")[2].removesuffix("-wal").removesuffix("-shm") in came.message, (name, how, came)
            assert came.hint, (name, how, came)
            found["exit 6"] += 1
        else:
            assert came.state == "done", (name, how)
            assert tables(copy / "runs" / "run") == wanted, (name, how)
            assert (copy / "runs" / "run" / "metrics.json").read_bytes() == metrics, (name, how)
            found["made again"] += 1
        shutil.rmtree(copy)
    return found


def test_files_of_a_finished_run(finished: Path, tmp_path: Path) -> None:
    assert damage_all(finished, finished, tmp_path, seed=1, most=12)["made again"] > 12


def test_files_of_an_unfinished_run(unfinished: Path, finished: Path, tmp_path: Path) -> None:
    assert damage_all(unfinished, finished, tmp_path, seed=2, most=12)["made again"] > 8


@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(3))
def test_every_file_in_every_way(seed: int, finished: Path, unfinished: Path, tmp_path: Path) -> None:
    for root in (finished, unfinished):
        print(root.name, damage_all(root, finished, tmp_path, seed=seed, most=0))


def test_no_flipped_bit_of_a_stored_reply_is_used(finished: Path, tmp_path: Path) -> None:
    """Any bit of any column of what is stored: the reply is unknown, or asked for is the same as before."""
    from sctk_core.store.replies import Replies

    rng = random.Random(3)
    source = finished / "runs" / "replies.sqlite"
    with sqlite3.connect(source) as database:
        keys = [row[0].hex() for row in database.execute("SELECT key FROM exchange")]
    known = dict(zip(keys, Replies(source).get(keys), strict=True))
    seen = 0
    for trial in range(100):
        copy = tmp_path / f"replies-{trial}.sqlite"
        with sqlite3.connect(source) as first, sqlite3.connect(copy) as second:
            first.backup(second)
            table, column = rng.choice([("exchange", "packed"), ("about", "facts"), ("about", "first")])
            row, value = rng.choice(second.execute(f"SELECT rowid, {column} FROM {table}").fetchall())
            data = value.encode() if isinstance(value, str) else value
            torn = flipped(data, rng)
            told = f"CAST(? AS {'TEXT' if isinstance(value, str) else 'BLOB'})"
            second.execute(f"UPDATE {table} SET {column} = {told} WHERE rowid = ?", (torn, row))
        replies = Replies(copy)
        found = dict(zip(keys, replies.get(keys), strict=True))
        replies.close()
        assert all(reply is None or reply == known[key] for key, reply in found.items())
        seen += replies.n_damaged > 0
        copy.unlink()
    assert seen > 95  # a bit of the padding changes nothing


def test_what_a_damaged_reply_was_asked_for_is_asked_again_and_kept(finished: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(finished, root)
    shutil.rmtree(root / "runs" / "run")
    with sqlite3.connect(root / "runs" / "replies.sqlite") as database:
        (before,) = database.execute("SELECT count(*) FROM exchange").fetchone()
        database.execute("UPDATE exchange SET packed = x'00' WHERE rowid IN (SELECT rowid FROM exchange LIMIT 3)")
    assert run(root).state == "done"
    assert tables(root / "runs" / "run") == tables(finished / "runs" / "run")
    with sqlite3.connect(root / "runs" / "replies.sqlite") as database:
        assert database.execute("SELECT count(*) FROM exchange").fetchone() == (before,)
        assert database.execute("SELECT count(*) FROM exchange WHERE packed = x'00'").fetchone() == (0,)


def all_of(path: Path) -> None:
    """All that the commands read of a run."""
    reader = RunReader(path)
    reader.find("0")
    read_result(reader.layout, reader.manifest)


@pytest.mark.parametrize(
    "damaged", ["metrics.json", "chains/samples/00000.parquet", "chains/shards.jsonl", "manifest.json"]
)
def test_what_only_reads_a_run_says_that_it_is_damaged(damaged: str, finished: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(finished, root)
    file = root / "runs" / "run" / damaged
    data = file.read_bytes()
    file.write_bytes(data.replace(b"0", b"1", 1) if damaged.endswith("json") else data[:-7])
    with pytest.raises(StoreError, match=file.name):
        all_of(root / "runs" / "run")


def test_the_lock_and_other_files_are_not_written_through_links(finished: Path, tmp_path: Path) -> None:
    root, target = tmp_path / "root", tmp_path / "precious"
    shutil.copytree(finished, root)
    target.write_text("precious")
    lock = root / "runs" / "run" / "lock"
    lock.unlink()
    lock.symlink_to(target)
    with pytest.raises(StoreError, match="lock"):
        run(root)
    lock.unlink()
    for name in ("manifest.part", "metrics.part", "recipe.part", "chains/shards.part"):
        (root / "runs" / "run" / name).symlink_to(target)
    (root / "runs" / "run" / "chains" / "shards.jsonl").unlink()
    assert run(root).state == "done"
    assert target.read_text() == "precious"


@pytest.mark.parametrize("name", ["../outside", "/etc", "a/../../outside", "a\0b", ""])
def test_a_foreign_manifest_opens_nothing_outside_of_the_run(name: str, finished: Path, tmp_path: Path) -> None:
    from sctk_core.store.manifest import _digest

    root = tmp_path / "root"
    shutil.copytree(finished, root)
    file = root / "runs" / "run" / "manifest.json"
    value = json.loads(file.read_text())
    value["parts"][name] = value["parts"].pop("chains")
    del value["digest"]
    file.write_text(json.dumps(value | {"digest": _digest(value)}))
    with pytest.raises(StoreError, match=r"manifest\.json"):
        run(root)
    lines = root / "runs" / "run" / "held-out" / "shards.jsonl"
    lines.write_text(lines.read_text().replace("held-out/rows/", "held-out/../../../rows/"))
    shutil.copy(finished / "runs" / "run" / "manifest.json", file)
    assert run(root).state == "done"
