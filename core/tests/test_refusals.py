"""A system that gives no more: no room on the disk, no larger file, no thread. The error says which, and the same line goes on."""

from __future__ import annotations

import asyncio
import errno
import io
import resource
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from outcomes import tables
from sctk_core import ConfigError, StoreError
from sctk_core.builtin.file_source import FileSource
from sctk_core.reading import Wanted, inputs_at, rows_of
from sctk_core.refusals import out_of
from sctk_core.store.failures import writing
from sctk_core.store.scribe import Scribe
from toy_run import toy_run


@contextmanager
def no_file_above(n_bytes: int) -> Iterator[None]:
    """A full disk, nearly: no file of this process grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("n_bytes", [0, 60_000])
def test_a_run_that_cannot_write_says_so_and_is_gone_on_with(n_bytes: int, tmp_path: Path) -> None:
    changes = {"source": {"n": 6, "held": 2}, "run": {"shard_rows": 2}}
    toy_run(tmp_path / "whole", changes)
    with no_file_above(n_bytes), pytest.raises(StoreError, match="cannot write") as told:
        toy_run(tmp_path / "full", changes)
    assert "same line again" in told.value.hint
    assert toy_run(tmp_path / "full", changes).state == "done"
    assert tables(tmp_path / "full" / "runs" / "run") == tables(tmp_path / "whole" / "runs" / "run")


def test_what_polars_says_of_a_full_disk_is_the_disks_whatever_its_words(tmp_path: Path) -> None:
    words = "parquet: File out of specification: Invalid thrift: transport error"  # seen with 280 kB of tmpfs
    with pytest.raises(StoreError, match=r"cannot write .*transport error") as told, writing(tmp_path):
        raise pl.exceptions.ComputeError(words)
    assert "room on the disk" in told.value.hint
    with pytest.raises(TypeError), writing(tmp_path):
        raise TypeError("ours")


def test_standard_input_that_finds_no_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"prompt": "a question"}\n' * 1000)))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with no_file_above(10_000), pytest.raises(StoreError, match=r"standard input.*File too large") as told:
        FileSource(FileSource.Config(path="-"))
    assert "ulimit -f" in told.value.hint


def test_a_packed_table_that_finds_no_room_to_be_unpacked(tmp_path: Path) -> None:
    import gzip

    plain, packed = tmp_path / "rows.parquet", tmp_path / "rows.parquet.gz"
    pl.DataFrame({"prompt": [f"question {n}" for n in range(5000)]}).write_parquet(plain, compression="uncompressed")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    (source,) = inputs_at(str(packed), Wanted(), print)
    with no_file_above(10_000), pytest.raises(StoreError, match="unpacked into"):
        list(rows_of(source))


def test_who_waits_for_a_thread_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Else nothing would ever be written, and everybody would wait for it."""
    scribe = Scribe(tmp_path / "some.sqlite", "CREATE TABLE IF NOT EXISTS t (x)")

    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def written() -> None:
        await asyncio.wait_for(scribe.written(lambda database: None), 5)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        with pytest.raises(StoreError, match="refuses a thread"):
            scribe.write(lambda database: None)
        with pytest.raises(StoreError, match="refuses a thread"):
            asyncio.run(written())
    scribe.write(lambda database: None)
    scribe.close()


def test_what_is_no_refusal_is_left_alone() -> None:
    assert out_of(OSError("lost")) is None
    assert out_of(RuntimeError("can't")) is None
    assert out_of(OSError(errno.ENOENT, "no such file")) is None
    assert out_of(ConfigError("got nothing")) is None
    refused = out_of(OSError(errno.EMFILE, "too many", "a.jsonl"))
    assert refused is not None
    assert "ulimit -n" in refused.hint
    assert out_of(MemoryError()) is not None
