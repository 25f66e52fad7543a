"""What `sctk data` reads and leaves behind: files that change under it, files given up, odd types."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from sctk_core.errors import ConfigError
from sctk_data.chunks import chunks
from sctk_data.inputs import inputs
from sctk_data.jsonl import as_lines
from sctk_data.pace import Pace
from sctk_data.parquet import parquet_frames
from sctk_data.seen import Seen

ROW = b'{"text": "a"}\n'


def grow(file: Path) -> None:
    file.write_bytes(file.read_bytes() + ROW)


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("change", [grow, empty, Path.unlink])
@pytest.mark.parametrize("amid", [False, True])
def test_a_file_that_changes_between_two_readings_or_in_the_second_is_an_error(
    change: Callable[[Path], None], amid: bool, tmp_path: Path
) -> None:
    files = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for file in files:
        file.write_bytes(ROW * 3)
    with inputs([str(file) for file in files], twice=True) as sources:
        seen = Seen(sources)
        for chunk in chunks(sources, Pace()):
            seen.add(chunk, range(len(chunk)))
        again = seen.again(Pace())
        if amid:
            assert next(again)[2] == [0, 1, 2]
        change(files[0])
        with pytest.raises(ConfigError, match=r"a\.jsonl: got other bytes on the second reading"):
            list(again)


def give_up(part: Path) -> None:
    """Files of two kinds, written to one: the second is refused when the first is on its way."""
    with parquet_frames(part, part.with_name("x.parquet")) as rows:
        rows.frame(pl.DataFrame({f"n{k}": [k] for k in range(300)}))
        rows.frame(pl.DataFrame({"m": [1]}))


def test_frames_that_are_given_up_leave_no_file_to_appear_later(tmp_path: Path) -> None:
    for number in range(40):  # on a busy machine every third of them once did
        part = tmp_path / f"{number}.part"
        with pytest.raises(ConfigError, match="columns differ"):
            give_up(part)
        part.unlink()  # it must be there: one that is made after this nobody removes


BYTES: list[pl.Series] = [
    pl.Series("k", [b"a"]),
    pl.Series("k", [[b"a"]]),
    pl.Series("k", [{"inner": [b"a"]}]),
    pl.Series("k", [[b"a"]], dtype=pl.Array(pl.Binary, 1)),
]


@pytest.mark.parametrize("column", BYTES, ids=lambda column: str(column.dtype))
def test_bytes_are_no_json_however_deep_they_lie(column: pl.Series) -> None:
    with pytest.raises(ConfigError, match=r"column 'k': got .*Binary"):
        as_lines(column.to_frame(), "x.jsonl")


def test_a_type_is_no_bytes_for_what_its_values_and_fields_are_called() -> None:
    frame = pl.DataFrame({"k": pl.Series(["Binary"], dtype=pl.Enum(["Binary"])), "s": [{"Object": 1}]})
    assert as_lines(frame, "x.jsonl") == b'{"k":"Binary","s":{"Object":1}}\n'


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_request_to_end_leave_nothing(end: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sctk_cli.main", "data", "dedup", "-", "--out", str(tmp_path / "out.jsonl")]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("sctk-*/stdin.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(end)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "no file was written" in err
    assert list(tmp_path.iterdir()) == []
