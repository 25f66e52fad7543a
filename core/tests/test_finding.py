"""Which files a name stands for, and what is read out of each form of file: packed, CSV, in directories, saved by datasets."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from backports import zstd
from sctk_core import ConfigError
from sctk_core.reading import Fault, Input, Lines, TextLayout, Wanted, chunks_of, form_of, inputs_at, objects, rows_of

ROWS = [{"text": f"row {i} é 🎬", "n": i} for i in range(50)]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def read(name: str | Path, **wanted: Any) -> list[dict[str, Any]]:
    """The rows of all files that a name stands for."""
    notes: list[str] = []
    files = inputs_at(str(name), Wanted(**wanted), notes.append)
    return [row.values for one in files for row in rows_of(one)]


def refused(name: str | Path, **wanted: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read(name, **wanted)
    return caught.value


def bytes_of(form: str) -> bytes:
    frame, file = pl.DataFrame(ROWS), io.BytesIO()
    writers: dict[str, Callable[[], Any]] = {
        ".json": lambda: file.write(json.dumps(ROWS, indent=1).encode()),
        ".jsonl": lambda: file.write(LINES),
        ".csv": lambda: frame.write_csv(file),
        ".tsv": lambda: frame.write_csv(file, separator="\t"),
        ".parquet": lambda: frame.write_parquet(file),
        ".arrow": lambda: frame.write_ipc_stream(file),
    }
    writers[form]()
    return file.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstd.compress,
    ".gz in two members": lambda data: gzip.compress(data[:97]) + gzip.compress(data[97:]),
    ".zst in two frames and one to skip": lambda data: (
        zstd.compress(data[:97]) + b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstd.compress(data[97:])
    ),
    ".gz after a name only": bytes,
    ".zst without a name": zstd.compress,
}


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("ending", [".json", ".jsonl", ".csv", ".tsv", ".parquet", ".arrow"])
def test_every_form_is_read_packed_or_not(ending: str, packing: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}{'' if 'without' in packing else packing.partition(' ')[0]}"
    path.write_bytes(PACKED[packing](bytes_of(ending)))
    wanted = [{"text": row["text"], "n": str(row["n"])} for row in ROWS] if ending in (".csv", ".tsv") else ROWS
    assert read(path) == wanted
    (source,) = inputs_at(str(path), Wanted(), pytest.fail)
    assert sum(len(chunk) for chunk, _ in chunks_of(source, n_bytes=100)) >= len(ROWS)


def with_checksum(data: bytes) -> bytes:
    """As the command zstd packs."""
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


@pytest.mark.parametrize("pack", [gzip.compress, with_checksum])
@pytest.mark.parametrize("damage", [lambda data: data[:-9], lambda data: data[:40] + b"\xff\x00\xff" + data[43:]])
@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet", ".arrow"])
def test_a_packed_file_that_is_cut_or_damaged_is_told(ending: str, damage: Any, pack: Any, tmp_path: Path) -> None:
    (tmp_path / f"a{ending}.x").write_bytes(damage(pack(bytes_of(ending) * 3)))
    said = refused(tmp_path / f"a{ending}.x", form=form_of(f"a{ending}"))
    assert "cannot be unpacked" in str(said)
    assert "cut short" in said.hint


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("ending", [".json", ".jsonl", ".csv"])
def test_other_encodings_get_a_hint_that_works(encoding: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{ending}"
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""  # the others write theirs
    path.write_bytes(mark + bytes_of(ending).decode().encode(encoding))
    said = refused(path)
    assert said.hint.startswith(f"iconv -f {encoding.upper()[:6]} -t UTF-8")
    command = said.hint.replace("FILE > NEW_FILE", f"{path} > {tmp_path}/new{ending}")
    assert os.system(command) == 0
    assert len(read(tmp_path / f"new{ending}")) == len(ROWS)


# -- CSV --


def csv(folder: Path, data: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


CSV: list[tuple[str, str | bytes, list[dict[str, Any]]]] = [
    (
        "quotes",
        'id,text\r\n007,"a, ""b""\r\nand c"\r\n8,\r\n',
        [{"id": "007", "text": 'a, "b"\r\nand c'}, {"id": "8", "text": None}],
    ),
    ("semicolons", "text;n\na, b;1\n", [{"text": "a, b", "n": "1"}]),
    ("bars", "text|n\na|1\n", [{"text": "a", "n": "1"}]),
    ("one column", "text\na;b\n\nc\n", [{"text": "a;b"}, {"text": "c"}]),
    ("a mark", b"\xef\xbb\xbftext,n\na,1", [{"text": "a", "n": "1"}]),
    ("old line ends", "text,n\ra,1\rb,2\r", [{"text": "a", "n": "1"}, {"text": "b", "n": "2"}]),
    ("an index without a name", ",text\n0,a\n", [{"column_1": "0", "text": "a"}]),
    ("a line for a spreadsheet", b"\xef\xbb\xbfsep=;\r\ntext;n\r\n1,5;x\r\n", [{"text": "1,5", "n": "x"}]),
    ("the same in quotes", '"sep=|"\ntext|n\na|1\n', [{"text": "a", "n": "1"}]),
    ("a column that is called so", "sep=,n\na,1\n", [{"sep=": "a", "n": "1"}]),
    ("a zero byte", "text\na\0b\n", [{"text": "a\0b"}]),
    ("numbers as they stand", "a,b,c\n1.50,1e3,-0\n", [{"a": "1.50", "b": "1e3", "c": "-0"}]),
    ("a quote inside", 'text\n5" pipe\n', [{"text": '5" pipe'}]),
    ("a document", f"text\n{'x' * 300_000}\n", [{"text": "x" * 300_000}]),
]


@pytest.mark.parametrize(("data", "wanted"), [case[1:] for case in CSV], ids=[case[0] for case in CSV])
def test_csv_is_read_as_it_is_written(data: str | bytes, wanted: list[dict[str, Any]], tmp_path: Path) -> None:
    assert read(csv(tmp_path, data)) == wanted


def test_csv_is_laid_out_as_is_said(tmp_path: Path) -> None:
    plain = csv(tmp_path, "a,b\n1,2\n")
    assert read(plain, layout=TextLayout(header=False)) == [
        {"column_1": "a", "column_2": "b"},
        {"column_1": "1", "column_2": "2"},
    ]
    assert read(plain, layout=TextLayout(delimiter=";")) == [{"a,b": "1,2"}]
    quoted = csv(tmp_path, 'text\tn\n"Well," he said\t1\n', "a.tsv")
    assert read(quoted, layout=TextLayout(quotes=False)) == [{"text": '"Well," he said', "n": "1"}]
    with pytest.raises(ConfigError, match="wanted one character"):
        TextLayout(delimiter="::")


BAD_CSV: list[tuple[str | bytes, str, str]] = [
    ("a,b\n1,2\n1\n", "a.csv:3: got fewer fields than columns (1 for 2)", "quote what holds delimiters"),
    ('a,b\n"1\n2",3\n1,2,3\n', "a.csv:4: got more fields than columns (3 for 2)", "quote"),
    ('a,b\n"1"x,2\n', "a.csv:2: got quotes that do not fit", "write a quote twice"),
    (
        b"a,b\n1,2\n\xe9,2\n",
        "a.csv:3: got bytes that are not UTF-8 (byte 0xe9)",
        "is it CP1252 (Latin-1)? iconv -f CP1252 -t UTF-8",
    ),
    ('a,b\n1,2\n"1,2\n3,4\n', "a.csv:3: got a quote that is never closed (2 lines to the end", "--no-quotes"),
    ("a,a\n1,2\n", "a.csv:1: got the column 'a' twice in the header (a, a)", "--no-header"),
    ("a,b\n", "a.csv: got no row, wanted at least one", "written to its end"),
    ("", "a.csv: got no row, wanted at least one", "written to its end"),
]


def test_a_file_of_another_encoding_is_read_once_the_hint_was_followed(tmp_path: Path) -> None:
    told = refused(csv(tmp_path, "a,b\ncafé,2\n".encode("cp1252"), "a b.csv")).hint.removeprefix(
        "is it CP1252 (Latin-1)? "
    )
    subprocess.run(told.replace("NEW_FILE", "new.csv"), shell=True, cwd=tmp_path, check=True)
    assert read(tmp_path / "new.csv") == [{"a": "café", "b": "2"}]
    torn = refused(csv(tmp_path, b"a,b\n\xc3\xa9 \xe9,2\n", "torn.csv"))  # UTF-8 with one byte that is not
    assert "CP1252" not in torn.hint


def test_an_object_over_several_lines_is_told_where_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{\n  "a": 1\n}\n')
    with pytest.raises(ConfigError) as caught:
        list(rows_of(Input.at(tmp_path / "a.jsonl", "jsonl")))
    assert "read from a file with the ending .json" in caught.value.hint


@pytest.mark.parametrize(("data", "message", "hint"), BAD_CSV)
def test_csv_that_does_not_fit_is_told_with_its_line(
    data: str | bytes, message: str, hint: str, tmp_path: Path
) -> None:
    said = refused(csv(tmp_path, data))
    assert message in str(said)
    assert hint in said.hint


def test_rows_of_csv_that_do_not_fit_are_left_out_one_by_one(tmp_path: Path) -> None:
    path = csv(tmp_path, b'a,b\n1,2\n1\n"1"x,2\n\xe9,2\n1,2,3\n3,4\n')
    ((chunk, _),) = chunks_of(Input.at(path, "csv"))
    faults: list[Fault] = []
    assert isinstance(chunk, Lines)
    assert [(chunk.where(at), row) for at, row in objects(chunk, faults.append)] == [
        (f"{path}:2", {"a": "1", "b": "2"}),
        (f"{path}:7", {"a": "3", "b": "4"}),
    ]
    assert [fault.where for fault in faults] == [f"{path}:{line}" for line in (3, 4, 5, 6)]


def test_an_array_comes_in_chunks_with_its_lines_and_its_numbers_as_written(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[\n {"n": 1.50,\n  "t": "a"},\n 7,\n {"n": 18446744073709551616}]\n')
    ((chunk, share),) = chunks_of(Input.at(path, "json"))
    faults: list[Fault] = []
    assert isinstance(chunk, Lines)
    assert [chunk.where(at) for at, _ in objects(chunk, faults.append)] == [f"{path}:2", f"{path}:5"]
    assert [fault.where for fault in faults] == [f"{path}:4"]
    assert [chunk.lines[0], chunk.lines[2]] == [b'{"n": 1.50,   "t": "a"}\n', b'{"n": 18446744073709551616}\n']
    assert 0.9 < share <= 1


# -- names and directories --


@pytest.mark.parametrize("name", ["a[1].X", "a*.X", "a?.X", "~a.X", "~/a.X", "{a,b}.X", "a b.X", "a%20.X", "-.X"])
@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet", "arrow", "parquet.gz"])
def test_a_name_is_taken_as_it_stands(name: str, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("~").mkdir()
    file = name.replace("X", ending)
    kind = "." + ending.removesuffix(".gz")
    Path(file).write_bytes(gzip.compress(bytes_of(kind)) if ending.endswith(".gz") else bytes_of(kind))
    for other in ("a1", "ab", "aa", "a", "b"):
        Path(f"{other}.{ending}").write_bytes(b"another file")
    assert [row["text"] for row in read(file)] == [row["text"] for row in ROWS]


def test_a_name_that_is_a_pattern_or_a_home_is_told_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.jsonl").write_bytes(LINES)
    assert refused("~/a.jsonl").hint == f"a name is taken as it stands: write {tmp_path}/a.jsonl"
    assert f"name the files ({tmp_path}/a.jsonl, ...)" in refused(f"{tmp_path}/*.jsonl").hint
    assert refused(f"{tmp_path}/b.jsonl").hint == "check the path"
    assert "embedded null" in str(refused("a\0b.jsonl"))


def test_a_directory_is_its_shards_in_the_order_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b'{"text": "b"}\n'))
    (tmp_path / "a.csv").write_bytes(b"text\na\n")
    (tmp_path / "c.parquet").write_bytes(bytes_of(".parquet"))
    for name in ("README.md", ".hidden.jsonl", "_SUCCESS", "dataset_info.json", "d.jsonl.part"):
        (tmp_path / name).write_bytes(b"{")
    (tmp_path / "below").mkdir()
    (tmp_path / "below.jsonl").mkdir()
    notes: list[str] = []
    files = inputs_at(str(tmp_path), Wanted(), notes.append)
    assert [row.values["text"] for one in files for row in rows_of(one)] == ["a", "b", *(row["text"] for row in ROWS)]
    assert notes == [
        f"{tmp_path}: read as shards, in this order: a.csv, b.jsonl.gz, c.parquet; left out: "
        ".hidden.jsonl, README.md, _SUCCESS, below, below.jsonl, d.jsonl.part, dataset_info.json"
    ]
    assert [row["text"] for row in read(tmp_path, form="csv")] == ["a"]


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (
            ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet", "test-00000-of-00001.parquet"],
            "test, train",
        ),
        (["train.jsonl", "val.jsonl.gz"], "train, validation"),
        (["Train_0.csv", "dev_0.csv"], "train, validation"),
    ],
)
def test_files_of_several_splits_are_not_read_as_one(names: list[str], splits: str, tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).write_bytes(LINES)
    error = refused(tmp_path)
    assert f"got files of several splits ({splits})" in str(error)
    assert error.hint == f"name the files themselves: {tmp_path / min(names)}"


def test_files_of_one_split_are_its_shards(tmp_path: Path) -> None:
    for name in ("train_1.jsonl", "train-2-of-3.jsonl", "training-notes.jsonl", "testimony.jsonl", "valley.jsonl"):
        (tmp_path / name).write_bytes(LINES)
    assert read(tmp_path) == ROWS * 5


def test_the_line_that_names_the_delimiter_is_counted(tmp_path: Path) -> None:
    path = csv(tmp_path, "sep=;\ntext;n\na;1\nb;2;3\n")
    assert f"{path}:4: got more fields" in str(refused(path))


def test_a_directory_without_rows_says_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_bytes(b"")
    assert "without a file of rows (in it: notes.md)" in str(refused(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jsonl").write_bytes(LINES)
    assert refused(tmp_path).hint == f"directories below are not searched: name {tmp_path / 'data'}"
    assert read(tmp_path / "data") == ROWS


@pytest.fixture
def datasets() -> Any:
    return pytest.importorskip("datasets")


def test_what_save_to_disk_wrote_is_read(datasets: Any, tmp_path: Path) -> None:
    whole = datasets.Dataset.from_list(ROWS)
    whole.save_to_disk(str(tmp_path / "one"))
    whole.save_to_disk(str(tmp_path / "[3] shards"), num_shards=3)
    whole.filter(lambda row: row["n"] % 2 == 1).shuffle(seed=1).sort("n").save_to_disk(str(tmp_path / "chosen"))
    notes: list[str] = []
    files = inputs_at(str(tmp_path / "[3] shards"), Wanted(), notes.append)
    assert [row.values for one in files for row in rows_of(one)] == ROWS
    assert notes[0].startswith(f"{tmp_path}/[3] shards: read as a dataset that save_to_disk wrote: data-00000-of-00003")
    assert read(tmp_path / "one") == ROWS
    assert read(tmp_path / "chosen") == ROWS[1::2]
    datasets.DatasetDict(train=whole, test=whole.select([7])).save_to_disk(str(tmp_path / "two"))
    said = refused(tmp_path / "two")
    assert "several splits (train, test)" in str(said)
    assert said.hint == f"name it: {tmp_path / 'two' / 'train'}"
    assert read(tmp_path / "two" / "test") == [ROWS[7]]
    (tmp_path / "one" / "data-00000-of-00001.arrow").unlink()
    assert "got no data-00000-of-00001.arrow" in str(refused(tmp_path / "one"))
    (tmp_path / "one" / "state.json").write_text("{}")
    assert "got no list of files (_data_files)" in str(refused(tmp_path / "one"))
    (tmp_path / "one" / "state.json").write_text("{")
    assert "state.json: cannot be read" in str(refused(tmp_path / "one"))


def test_nested_rows_come_out_of_arrow_as_out_of_json(datasets: Any, tmp_path: Path) -> None:
    rows = [{"messages": [{"role": "user", "content": "a"}], "k": {"x": 1, "y": [1.5]}, "z": None}] * 3
    datasets.Dataset.from_list(rows).save_to_disk(str(tmp_path / "d"))
    assert read(tmp_path / "d") == rows


def test_arrow_comes_in_parts_and_as_a_file_or_a_stream(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": range(20_000)})
    frame.write_ipc(tmp_path / "file.arrow")
    frame.write_ipc_stream(tmp_path / "stream.arrow")
    pl.DataFrame({"n": []}, schema={"n": pl.Int64}).write_ipc_stream(tmp_path / "empty.arrow")
    for name in ("file", "stream"):
        chunks = list(chunks_of(Input.at(tmp_path / f"{name}.arrow", "arrow")))
        assert [chunk.first for chunk, _ in chunks] == [1, 8193, 16385]
        assert pl.concat([chunk.frame for chunk, _ in chunks if not isinstance(chunk, Lines)]).equals(frame)
    ((empty, _),) = chunks_of(Input.at(tmp_path / "empty.arrow", "arrow"))
    assert not isinstance(empty, Lines)
    assert empty.frame.schema == {"n": pl.Int64}


def test_without_pyarrow_an_arrow_file_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.arrow").write_bytes(bytes_of(".arrow"))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert refused(tmp_path / "a.arrow").hint == "pip install pyarrow"


def test_what_is_no_regular_file_is_told_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    for name in (tmp_path / "pipe.jsonl", Path("/dev/null")):
        said = refused(name, dash="--prompts -")
        assert "got no regular file" in str(said)
        assert said.hint == f"pipe it in (cat {name} | ...), and name --prompts -"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("a.txt", "rename it, or say what it is, like --format jsonl"),
        ("a.jsonl.xz", "unpack it, or pipe it in (xzcat "),
        ("a.xlsx", "save the sheet as CSV"),
        ("a", "rename it"),
    ],
)
def test_an_ending_that_says_nothing_gets_a_hint(name: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(LINES)
    said = refused(tmp_path / name)
    assert "wanted .json, .jsonl, .ndjson, .csv, .tsv, .parquet, .pq, .arrow, each also .gz or .zst" in str(said)
    assert hint in said.hint
    assert read(tmp_path / name, otherwise="jsonl") == ROWS


def test_a_damaged_table_is_told(tmp_path: Path) -> None:
    for ending, data in ((".parquet", bytes_of(".parquet")), (".arrow", bytes_of(".arrow"))):
        path = tmp_path / f"a{ending}"
        for cut in (0, 3, 9, len(data) // 2, len(data) - 5 if ending == ".parquet" else len(data) // 3):
            path.write_bytes(data[:cut])
            assert f"a{ending}: got a file that is not" in str(refused(path)), cut


def test_pyarrow_reads_what_the_tests_write() -> None:
    assert pa.ipc.open_stream(bytes_of(".arrow")).read_all().num_rows == len(ROWS)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_table_that_pandas_wrote_split_is_its_rows(n: int, tmp_path: Path) -> None:
    rows = [[f"Who {i}?", "Ada", None] for i in range(n)]
    table = {"columns": ["question", "answer", "note"], "index": list(range(n)), "data": rows}
    (tmp_path / "a.json").write_text(json.dumps(table))
    found = [row.values for row in rows_of(Input.at(tmp_path / "a.json", "json"))]
    assert found == [{"question": f"Who {i}?", "answer": "Ada", "note": None} for i in range(n)]
    (tmp_path / "b.json").write_text(json.dumps(table | {"data": [row[:2] for row in rows]}))
    assert "question" not in next(iter(rows_of(Input.at(tmp_path / "b.json", "json")))).values
