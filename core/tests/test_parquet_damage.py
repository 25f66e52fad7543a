"""Parquet with a changed byte: all of its rows, or an error; never some of them, and never the end of the process."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sctk_core import ConfigError
from sctk_core.reading import Input, rows_of
from sctk_core.reading.pages import check_pages

ROWS = [{"prompt": f"Question {n}?", "n": n, "tags": ["a", None] * (n % 3)} for n in range(6)]
EVERY_BYTE = """
import sys
from pathlib import Path
from sctk_core import ConfigError
from sctk_core.reading import Input, rows_of
path, n_read = Path(sys.argv[1]), 0
data = path.read_bytes()
for at in range(len(data)):
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    try:
        n_read += len(list(rows_of(Input.at(path, "parquet")))) == 2
    except ConfigError as error:
        assert error.hint
print(n_read)
"""


def found_or_refused(path: Path) -> list[dict[str, Any]] | ConfigError:
    try:
        return [row.values for row in rows_of(Input.at(path, "parquet"))]
    except ConfigError as error:
        return error


def test_rows_behind_a_row_group_that_cannot_be_read_are_not_left_out_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path, row_group_size=2)
    data, groups = path.read_bytes(), pq.read_metadata(path)
    begin, end = (groups.row_group(n).column(0).dictionary_page_offset for n in (1, 2))
    refused = 0
    for at in range(begin, end):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x80]) + data[at + 1 :])
        found = found_or_refused(path)
        if isinstance(found, ConfigError):
            refused += 1
            assert "rows.parquet: got a file that is not Parquet, or is damaged" in found.message
        else:
            assert len(found) == len(ROWS), at
    assert refused


def test_a_changed_byte_does_not_end_the_process(tmp_path: Path) -> None:
    pq.write_table(pa.table({"prompt": ["Why?", "Who?"], "n": [1, 2]}), tmp_path / "a.parquet")
    done = subprocess.run(
        [sys.executable, "-c", EVERY_BYTE, str(tmp_path / "a.parquet")], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 100  # most of a name or of a statistic may change


WAYS: list[dict[str, Any]] = [
    dict(zip(("version", "data_page_version", "compression", "use_dictionary"), one, strict=True))
    for one in itertools.product(("1.0", "2.6"), ("1.0", "2.0"), ("none", "snappy", "gzip", "zstd", "lz4"), (True, False))
]  # fmt: skip
WAYS += [
    {"data_page_size": 64, "write_batch_size": 4},
    {"use_dictionary": False, "column_encoding": {"n": "DELTA_BINARY_PACKED", "prompt": "DELTA_BYTE_ARRAY"}},
    {"write_page_index": True, "write_page_checksum": True, "store_schema": False},
    {"write_statistics": False, "row_group_size": 1},
]


@pytest.mark.parametrize("way", WAYS, ids=[json.dumps(way) for way in WAYS])
def test_what_writers_write_is_read(way: dict[str, Any], tmp_path: Path) -> None:
    rows = pa.Table.from_pylist([row | {"in": {"x": [row["n"]], "nothing": None}} for row in ROWS * 40])
    pq.write_table(rows, tmp_path / "a.parquet", **way)
    check_pages(tmp_path / "a.parquet")
    assert found_or_refused(tmp_path / "a.parquet") == rows.to_pylist()


@pytest.mark.parametrize("compression", ["uncompressed", "snappy", "gzip", "brotli", "zstd", "lz4"])
def test_what_polars_writes_is_read(compression: Any, tmp_path: Path) -> None:
    frame = pl.DataFrame(ROWS * 40).with_columns(kind=pl.lit("a").cast(pl.Categorical))
    frame.write_parquet(tmp_path / "a.parquet", compression=compression, row_group_size=50, data_page_size=200)
    check_pages(tmp_path / "a.parquet")
    found = found_or_refused(tmp_path / "a.parquet")
    assert found == frame.to_dicts()
