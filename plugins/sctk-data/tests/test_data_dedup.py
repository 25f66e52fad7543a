"""`sctk data dedup` from outside: what is kept against an oracle in plain Python, bytes in and out, and what it refuses."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_cli.main import main
from sctk_data.command import COMMANDS, data

TEXTS = [
    "the quick brown fox jumps over the lazy dog and runs away from it",
    "a film about a house that nobody wants to leave",
    "The quick, brown fox jumps over the lazy dog; and runs away from it!",
    "the quick brown fox jumps over the lazy dog and runs away from him",
    "a film about a house that nobody wants to leave",
    "",
    "café ☕ 漢字 and one more word here",
    "Nothing like any other of these rows, at all, in any way",
]


def told(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str | Path) -> tuple[int, bytes, str]:
    """(exit code, standard output, standard error) of one `sctk data`."""
    capfdbinary.readouterr()
    code = main(["data", *map(str, arguments)])
    out, err = capfdbinary.readouterr()
    return code, out, err.decode()


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def rows_of(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def words(text: str) -> list[str]:
    """The words of a text, for texts whose every script is written with spaces or is Han."""
    return re.findall(r"[一-鿿]|[^\W一-鿿]+", text.lower())


def shingles(text: str, n: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + n]) for i in range(max(1, len(found) - n + 1))} if found else set()


def oracle(texts: list[str], mode: str, threshold: float = 0.8, n: int = 5) -> list[int]:
    """The rows that stay, by comparing every row with every other; single linkage."""
    label = list(range(len(texts)))
    for b in range(len(texts)):
        for a in range(b):
            if mode == "exact" or not words(texts[a]):
                same = texts[a] == texts[b]
            elif mode == "normalised":
                same = words(texts[a]) == words(texts[b])
            else:
                x, y = shingles(texts[a], n), shingles(texts[b], n)
                same = bool(y) and len(x & y) / len(x | y) >= threshold
            if same:
                old, new = max(label[a], label[b]), min(label[a], label[b])
                label = [new if one == old else one for one in label]
    return [row for row, one in enumerate(label) if row == one]


@pytest.mark.parametrize("mode", ["exact", "normalised", "near"])
@pytest.mark.parametrize("threads", ["1", "3"])
def test_what_is_kept_is_what_the_oracle_keeps(
    mode: str, threads: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    rows = written(tmp_path / "rows.jsonl", [{"id": n, "text": text} for n, text in enumerate(TEXTS)])
    more = ["--threshold", "0.6", "--n", "3"] if mode == "near" else []
    code, out, err = told(capfdbinary, "dedup", rows, f"--{mode}", *more, "--threads", threads)
    want = oracle(TEXTS, mode, 0.6, 3)
    assert code == 0
    assert [row["id"] for row in rows_of(out)] == want
    assert len(TEXTS) - len(want) + (mode == "exact") >= 2
    assert f"8 rows by 'text' ({mode}): {len(want)} kept, {8 - len(want)} removed" in err


def test_lines_go_out_as_the_bytes_that_came_in(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    lines = [
        b'{"text" :  "caf\\u00e9", "n": 1.50, "big": 123456789012345678901234567890}\r\n',
        '{ "text": "café \u2028 ☕", "x": [1,  2] }\n'.encode(),
        b"  \n",
        b'{"text": "caf\\u00e9", "second": true}\n',
        b'\t{"text":"last, without an end"}',
    ]
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    first.write_bytes(b"\xef\xbb\xbf" + b"".join(lines))
    second.write_bytes(gzip.compress(b'{"text": "more"}\n{"text": "caf\xc3\xa9"}\n'))
    code, out, _ = told(capfdbinary, "dedup", first, second, "--exact")
    assert code == 0
    assert out == lines[0] + lines[1] + lines[4] + b"\n" + b'{"text": "more"}\n'
    kept = tmp_path / "kept.jsonl"
    code, nothing, _ = told(capfdbinary, "dedup", first, second, "--exact", "--out", kept)
    assert (code, nothing, kept.read_bytes()) == (0, b"", out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "b.jsonl.gz", "kept.jsonl"]


def test_removed_rows_name_the_row_that_stands_for_them(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A row joined through a third one has no similarity with the row that is kept: it was not compared, or is below."""
    base = [f"w{k}" for k in range(24)]
    near, far = [*base[:-2], "x", "y"], [*base[2:-2], "x", "y", "z", "v"]
    a = written(tmp_path / "a.jsonl", [{"text": " ".join(base)}, {"text": "other"}])
    pl.DataFrame({"text": [" ".join(near), " ".join(far)], "n": [7, 8]}).write_parquet(tmp_path / "b.parquet")
    gone = tmp_path / "gone.jsonl"
    code, out, _ = told(capfdbinary, "dedup", a, tmp_path / "b.parquet", "--threshold", "0.7", "--removed", gone)
    assert (code, len(rows_of(out))) == (0, 2)
    first, second = rows_of(gone.read_bytes())
    x, y = shingles(" ".join(base), 5), shingles(" ".join(near), 5)
    assert first == {
        "file": str(tmp_path / "b.parquet"), "number": 1, "kept_file": str(a), "kept_number": 1,
        "jaccard": len(x & y) / len(x | y), "row": {"text": " ".join(near), "n": 7},
    }  # fmt: skip
    assert (second["kept_number"], second["jaccard"], second["row"]["n"]) == (1, None, 8)


def test_parquet_in_and_out_keeps_types_and_order(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    n = 20_000
    frame = pl.select(n=pl.int_range(n, dtype=pl.Int16)).with_columns(
        text=(pl.col("n") // 3).cast(pl.String),
        ids=pl.concat_list("n", "n").cast(pl.List(pl.UInt16)),
        none=pl.lit(None),
    )
    frame[:12_345].write_parquet(tmp_path / "a.parquet", row_group_size=5000)
    frame[12_345:].write_parquet(tmp_path / "b.parquet")
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    found = []
    for threads in ("1", "2"):
        out = tmp_path / f"{threads}.parquet"
        code, _, _ = told(capfdbinary, "dedup", *files, "--exact", "--out", out, "--threads", threads)
        assert code == 0
        found.append(out.read_bytes())
    assert found[0] == found[1]
    got = pl.read_parquet(out)
    assert got.equals(frame.filter(pl.col("n") % 3 == 0))
    assert got.schema == frame.schema
    code, lines, _ = told(capfdbinary, "dedup", *files, "--exact")
    assert rows_of(lines)[1] == {"n": 3, "text": "1", "ids": [3, 3], "none": None}


def test_jsonl_becomes_parquet_by_all_its_rows(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    rows = written(tmp_path / "r.jsonl", [{"text": str(n), "n": n} for n in range(2000)] + [{"text": "x", "late": 0.5}])
    out = tmp_path / "out.parquet"
    assert told(capfdbinary, "dedup", rows, "--out", out)[0] == 0
    got = pl.read_parquet(out)
    assert got.schema == {"text": pl.String, "n": pl.Int64, "late": pl.Float64}
    assert got[-1].to_dicts() == [{"text": "x", "n": None, "late": 0.5}]
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"\n")
    assert told(capfdbinary, "dedup", empty)[:2] == (0, b"")
    code, _, err = told(capfdbinary, "dedup", empty, "--out", tmp_path / "none.parquet")
    assert code == 2
    assert "no row to write" in err
    pl.DataFrame({"text": []}, schema={"text": pl.String}).write_parquet(tmp_path / "none.parquet")
    assert told(capfdbinary, "dedup", tmp_path / "none.parquet", "--out", out, "--force")[0] == 0
    assert pl.read_parquet(out).shape == (0, 1)


def test_kept_and_removed_rows_appear_together_or_not_at_all(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Half a character has no place in Parquet, which is known when a row with one is written."""
    rows = tmp_path / "r.jsonl"
    rows.write_text('{"text": "a", "x": [1]}\n{"text": "a"}\n{"text": "b", "x": "\\ud83d"}\n')
    code, _, err = told(
        capfdbinary, "dedup", rows, "--out", tmp_path / "out.parquet", "--removed", tmp_path / "gone.jsonl"
    )
    assert code == 2
    assert "out.parquet: row 2, column 'x': got half a surrogate pair" in err
    assert [path.name for path in tmp_path.iterdir()] == ["r.jsonl"]


def test_chats_are_compared_by_what_is_said(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    chats = [["hello", "good day"], ["hello", "go away"], ["hello", "good day"]]
    turns = [[{"role": "user", "content": a}, {"role": "assistant", "content": b}] for a, b in chats]
    rows = [{"n": n, "messages": one} for n, one in enumerate(turns)]
    lines = written(tmp_path / "chat.jsonl", rows)
    pl.DataFrame(rows).write_parquet(tmp_path / "chat.parquet")
    for file in (lines, tmp_path / "chat.parquet"):
        code, out, _ = told(capfdbinary, "dedup", file)
        assert (code, [row["n"] for row in rows_of(out)]) == (0, [0, 1])


def test_standard_input_and_the_summary_for_machines(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"prompt": text, "n": n}) + "\n" for n, text in enumerate(TEXTS))
    command = [sys.executable, "-m", "sctk_cli.main", "data", "dedup", "-"]
    done = subprocess.run(command, input=rows, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    kept = [row["n"] for row in rows_of(done.stdout.encode())]
    assert kept == oracle(TEXTS, "near")
    out = tmp_path / "out.jsonl"
    done = subprocess.run([*command, "--json", "--out", out], input=rows, capture_output=True, text=True, timeout=60)
    summary = json.loads(done.stdout)
    assert out.read_text() == "".join(rows.splitlines(keepends=True)[n] for n in kept)
    assert summary == {
        "mode": "near", "column": "prompt", "read_as": ["prompts"], "unread": [], "rows": 8,
        "kept": len(kept), "removed": 8 - len(kept),
        "clusters": summary["clusters"], "equal_rows": summary["equal_rows"], "candidates": summary["candidates"],
        "checked": summary["checked"], "apart": 0, "bad_rows": 0, "bad_reasons": {},
    }  # fmt: skip
    assert summary["rows"] - summary["kept"] >= summary["equal_rows"] > 0


BAD = [
    b'{"text": "fine"}',
    b'{"text": "cut',
    b'{"other": "x"}',
    b'{"text": null}',
    b'{"text": 5}',
    b'["text"]',
    b'{"text": "\xff"}',
    b'{"text": "\\ud83d"}',
    b'{"text": "fine too"}',
]


@pytest.mark.parametrize("number", range(1, 8))
def test_a_bad_row_is_told_with_file_and_line(
    number: int, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file, out = tmp_path / "bad.jsonl", tmp_path / "out.jsonl"
    file.write_bytes(b'{"text": "fine"}\n\n' + BAD[number] + b"\n")
    code, data, err = told(capfdbinary, "dedup", file, "--out", out)
    assert (code, data, out.exists()) == (2, b"", False)
    assert f"{file}:3: got " in err
    assert "--skip-bad" in err.splitlines()[-1]


def test_bad_rows_are_skipped_and_counted(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    file, out = tmp_path / "bad.jsonl", tmp_path / "out.jsonl"
    file.write_bytes(b"\n".join(BAD))
    code, data, _ = told(capfdbinary, "dedup", file, "--skip-bad", "--json", "--out", out)
    summary = json.loads(data)
    assert (code, summary["rows"], summary["bad_rows"]) == (0, 2, 7)
    assert summary["bad_reasons"] == {
        "no valid JSON": 1, "no column 'text'": 1, "null in 'text'": 1, "no text but an int in 'text'": 1,
        "no object but a list": 1, "bytes that are not UTF-8": 1, "half a surrogate pair in 'text'": 1,
    }  # fmt: skip
    assert out.read_bytes() == BAD[0] + b"\n" + BAD[-1] + b"\n"
    pl.DataFrame({"text": ["a", None, "a", "b"]}).write_parquet(tmp_path / "bad.parquet")
    code, _, err = told(capfdbinary, "dedup", tmp_path / "bad.parquet")
    assert code == 2
    assert "bad.parquet, row 2: got null in 'text'" in err
    code, data, err = told(capfdbinary, "dedup", tmp_path / "bad.parquet", "--skip-bad")
    assert (code, data) == (0, b'{"text":"a"}\n{"text":"b"}\n')
    assert "bad rows left out: 1, the first at " in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.jsonl"], ["nowhere.jsonl", "no such file"]),
        (["rows.txt"], ["'.txt'", ".parquet", "--format jsonl"]),
        (["rows.jsonl.bz2"], ["'.bz2'", "(bzcat rows.jsonl.bz2 | ...), and name `-`"]),
        (["[r]ows.jsonl"], ["got no such file", "a name is no pattern: name the files (rows.jsonl"]),
        (["."], ["note: .: read as shards, in this order: broken.jsonl.gz, broken.parquet", "rows.txt"]),
        (["rows.jsonl", "--delimiter", "::"], ["the delimiter: got '::', wanted one character"]),
        (["rows.jsonl", "--column", "txet"], ["no column 'txet'"]),
        (["rows.parquet", "--column", "txet"], ["no column 'txet'", "did you mean 'text'?"]),
        (["two.jsonl"], ["two.jsonl:1", "several columns", "content, document", "--column content"]),
        (["ids.jsonl"], ["ids.jsonl:1", "no column that may be the text", "id, n", "--column"]),
        (["none.jsonl"], ["no column that may be the text", "(columns: a)"]),
        (["rows.parquet", "--column", "n"], ["got Int64, wanted text"]),
        (["broken.parquet"], ["broken.parquet", "not Parquet"]),
        (["broken.jsonl.gz"], ["broken.jsonl.gz", "cannot be unpacked"]),
        (["rows.jsonl", "--out", "rows.jsonl", "--force"], ["an input as output"]),
        (["rows.jsonl", "--out", "link.jsonl", "--force"], ["an input as output"]),
        (["rows.jsonl", "--out", "two.jsonl"], ["is there already", "--force"]),
        (["rows.jsonl", "--removed", "two.jsonl"], ["is there already"]),
        (["rows.jsonl", "--out", "x.jsonl", "--removed", "./x.jsonl"], ["the same file for two outputs"]),
        (["rows.jsonl", "--out", "x.csv"], ["'.csv'"]),
        (["rows.jsonl", "--out", "nowhere/x.jsonl"], ["no such directory"]),
        (["rows.jsonl", "rows.parquet", "--out", "x.parquet"], ["jsonl and parquet"]),
        (["rows.parquet", "other.parquet", "--out", "x.parquet"], ["columns differ", "m Int64"]),
        (["rows.jsonl", "--json"], ["--json without --out"]),
        (["rows.jsonl", "--threshold", "0.09"], ["--threshold", "0.1<=x<=1"]),
        (["rows.jsonl", "--n", "1001"], ["--n", "1<=x<=1000"]),
        (["rows.jsonl", "--exact", "--n", "3"], ["--n without --near"]),
        (["bytes.parquet"], ["column 'image'", "Binary", ".parquet"]),
        (["rows.jsonl", "--normalized"], ["--normalised"]),
        (["-", "-"], ["standard input twice"]),
        ([], ["FILES"]),
    ],
)
def test_what_cannot_be_done_is_told_and_leaves_nothing(
    arguments: list[str],
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.txt").write_bytes(b"")
    Path("rows.jsonl.bz2").write_bytes(b"")
    written(Path("rows.jsonl"), [{"text": "a"}])
    written(Path("two.jsonl"), [{"content": "a", "document": "b"}])
    written(Path("ids.jsonl"), [{"id": "a", "n": 1}])
    written(Path("none.jsonl"), [{"a": 1}])
    Path("link.jsonl").symlink_to("rows.jsonl")
    pl.DataFrame({"text": ["a"], "n": [1]}).write_parquet("rows.parquet")
    pl.DataFrame({"text": ["a"], "m": [1]}).write_parquet("other.parquet")
    pl.DataFrame({"text": ["a"], "image": [b"a"]}).write_parquet("bytes.parquet")
    Path("broken.parquet").write_bytes(b"PAR1 cut")
    Path("broken.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a"}\n' * 1000)[:-20])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code, out, err = told(capfdbinary, "dedup", *arguments)
    assert (code, out) == (2, b"")
    for word in words:
        assert word in err
    assert "Traceback" not in err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_nothing_from_a_file_acts_on_the_terminal(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    attack = "\x1b]0;owned\x07\x9b2J"
    file = written(tmp_path / f"{attack}.jsonl", [{attack: 5, "b": attack}, {"b": 5}])
    for arguments in ([file], [file, "--column", attack], [file, "--skip-bad"]):
        _, _, err = told(capfdbinary, "dedup", *arguments)
        assert attack.encode()[:1] not in err.encode()
        assert "\x9b" not in err
        assert "\\x1b]0;owned" in err


def test_a_file_whose_name_is_no_utf_8_is_told_in_escapes(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / os.fsdecode(b"\xff.jsonl")
    written(file, [{"text": "a"}, {"text": "a"}])
    gone = tmp_path / "gone.jsonl"
    assert told(capfdbinary, "dedup", file, "--removed", gone)[0] == 0
    assert json.loads(gone.read_bytes())["file"] == str(file)


def test_a_full_disk_is_exit_6(tmp_path: Path) -> None:
    rows = written(tmp_path / "rows.jsonl", [{"text": "x" * 100_000}])
    command = [sys.executable, "-m", "sctk_cli.main", "data", "dedup", str(rows)]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 6, done.stderr
    assert "cannot write standard output" in done.stderr
    assert "Traceback" not in done.stderr
    done = subprocess.run([*command, "--out", "/proc/x.jsonl"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 6, done.stderr


@pytest.mark.parametrize("n_rows", [1, 5000])
def test_a_reader_that_goes_away_is_no_error(n_rows: int, tmp_path: Path) -> None:
    """With one row nothing is written before the end."""
    rows = written(tmp_path / "rows.jsonl", [{"text": f"{n} and more" * 20} for n in range(n_rows)])
    command = [sys.executable, "-m", "sctk_cli.main", "data", "dedup", str(rows), "--exact"]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writing)
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr


def test_a_file_named_twice_is_its_own_duplicate(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    rows = written(tmp_path / "rows.jsonl", [{"text": "a"}, {"text": "b"}])
    code, out, _ = told(capfdbinary, "dedup", rows, rows)
    assert (code, rows_of(out)) == (0, [{"text": "a"}, {"text": "b"}])


def test_the_group_says_what_its_commands_say_and_imports_none(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for name, (_, help_) in COMMANDS.items():
        command = data.get_command(None, name)  # type: ignore[attr-defined]
        assert command.get_short_help_str(200).rstrip(".") == help_.rstrip(".")
        code, out, _ = told(capfdbinary, name, "--help")
        assert code == 0
        assert f"  sctk data {name} ".encode() in out
    code, _, err = told(capfdbinary, "dedupe", "x")
    assert code == 2
    assert "did you mean 'dedup'?" in err
    program = "import sys\nfrom sctk_cli.main import main\nmain(['data', '--help'])\nprint(chr(10).join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"polars", "sctk_rs", "rich"}


def test_without_the_rust_core_the_hint_says_what_to_install(tmp_path: Path) -> None:
    rows = written(tmp_path / "rows.jsonl", [{"text": "a"}])
    program = (
        "import sys\nsys.modules['sctk_rs'] = None\nfrom sctk_cli.main import main\n"
        f"sys.exit(main(['data', 'dedup', {str(rows)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "hint: pip install 'sctk-cli[data]'" in done.stderr


def test_the_first_bad_row_that_is_told_is_the_first_in_the_file(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"text": "a"}\n{"other": "b"}\n{"text": \n')
    code, _, err = told(capfdbinary, "dedup", rows, "--skip-bad")
    assert code == 0
    assert "bad rows left out: 2, the first at " in err
    assert "rows.jsonl:2: no column 'text'" in err
    code, _, err = told(capfdbinary, "dedup", rows)
    assert code == 2
    assert "rows.jsonl:2: got no column 'text'" in err
