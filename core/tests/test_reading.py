"""The reading room: every form gives the same rows, each with its place, and what is wrong is told in two voices."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.ipc
import pytest
from sctk_core import ConfigError
from sctk_core.reading import (
    Fault,
    Input,
    Lines,
    TextColumn,
    check_readable,
    chunks_of,
    form_of,
    no_column,
    objects,
    rows_of,
)

ROWS = [{"text": f"row {i} 🎬", "n": i} for i in range(20_000)]


def written(folder: Path, name: str) -> Input:
    path, lines = folder / name, "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(lines))
    elif name.endswith(".parquet"):
        pl.DataFrame(ROWS).write_parquet(path)
    else:
        path.write_bytes(json.dumps(ROWS, indent=1).encode() if name.endswith(".json") else lines)
    form = form_of(name)
    assert form is not None
    return Input.at(path, form)


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson.gz", "a.json", "a.parquet", "a[1].pq"])
def test_every_form_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    if name.endswith(".pq"):
        pl.DataFrame(ROWS).write_parquet(tmp_path / name)  # brackets in a name are no pattern
        source = Input.at(tmp_path / name, "parquet")
    else:
        source = written(tmp_path, name)
    assert [row.values for row in rows_of(source)] == ROWS


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.parquet"])
def test_chunks_number_their_rows_and_tell_how_far_they_are(name: str, tmp_path: Path) -> None:
    source, column, texts, shares = written(tmp_path, name), TextColumn(None, pytest.fail), [], []
    places = []
    for chunk, share in chunks_of(source, n_bytes=1 << 12):
        indices, found = column.of(chunk)
        assert chunk.first == len(texts) + 1
        places += [chunk.where(index) for index in indices]
        texts += found.to_list()
        shares.append(share)
    assert texts == [row["text"] for row in ROWS]
    assert places == [row.where for row in rows_of(source)]
    assert column.name == "text"
    assert len(shares) > 2
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


BAD = b'\xef\xbb\xbf{"text": "a"}\n\n{"text": }\n[1]\n{"text": "\xff"}\n7\n'


def test_a_fault_has_a_reason_to_count_by_and_an_error_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(BAD)
    faults: list[Fault] = []
    ((chunk, share),) = chunks_of(Input.at(tmp_path / "a.jsonl", "jsonl"))
    assert isinstance(chunk, Lines)
    assert share == 1.0
    assert list(objects(chunk, faults.append)) == [(0, {"text": "a"})]
    assert [fault.where.rpartition(":")[2] for fault in faults] == ["3", "4", "5", "6"]
    assert [(fault.reason, fault.detail) for fault in faults] == [
        ("no valid JSON", "Expecting value, column 10"),
        ("no object but a list", ""),
        ("bytes that are not UTF-8", "byte 0xff at position 10"),
        ("no object but an int", ""),
    ]
    said = [fault.error().message.partition("a.jsonl:")[2] for fault in faults]
    assert said == [
        "3, column 10: got no valid JSON (Expecting value)",
        "4: got a list, wanted an object with named columns",
        f"5: got the byte 0xff at position {BAD.index(0xFF, 3)}, wanted UTF-8",
        "6: got the value 7, wanted an object with named columns",
    ]
    with pytest.raises(ConfigError, match=r"a\.jsonl:3, column 10"):
        list(rows_of(Input.at(tmp_path / "a.jsonl", "jsonl")))


def test_what_cannot_be_opened_or_unpacked_is_told(tmp_path: Path) -> None:
    for name in ("nowhere.jsonl", "a.jsonl/x", "x" * 300):
        (tmp_path / "a.jsonl").write_bytes(b"{}")
        with pytest.raises(ConfigError, match=r"got no such file, wanted a file of rows|File name too long"):
            check_readable(str(tmp_path / name))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"{}\n" * 9)[:-9])
    with pytest.raises(ConfigError, match="bytes that cannot be unpacked"):
        list(rows_of(Input.at(tmp_path / "a.jsonl.gz", "jsonl")))


def test_a_column_that_is_missing_gets_advice() -> None:
    error = no_column("a.jsonl:1", "promt", ["prompt", "n"], wanted="--column")
    assert str(error) == (
        "a.jsonl:1: got no column 'promt' (columns: prompt, n), wanted it for --column\nhint: did you mean 'prompt'?"
    )
    assert no_column("f", "zzz", {"a": 1}).hint == "name a column that is there"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("nest", ["{}", '{{"s": {}}}', '[{{"s": {}}}]', '[[{{"s": {}}}]]'])
def test_a_name_that_is_no_text_is_told_without_a_panic(
    nest: str, stream: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = pa.table({"a": [json.loads(nest.format('{"abcdef": 1}'))]})
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(tmp_path / "a.arrow", table.schema) as file:
        file.write_table(table)
    whole = (tmp_path / "a.arrow").read_bytes()
    (tmp_path / "a.arrow").write_bytes(whole.replace(b"abcdef", b"abc\xff\xfef"))
    with pytest.raises(ConfigError, match="is damaged"):
        list(chunks_of(Input.at(tmp_path / "a.arrow", "arrow")))
    assert "panicked" not in capfd.readouterr().err
