"""The commands that read one file read it as all others do: of every form, packed, as a directory, out of standard input."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest
from sctk_cli.files import rows_in
from sctk_cli.main import main
from sctk_core import ConfigError

LINES = b'{"id": "a", "text": "Score: 4"}\n{"id": "b", "text": "Score: 3"}\n'
TEXTS = ["Score: 4", "Score: 3"]


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(LINES))))


@pytest.mark.usefixtures("piped")
@pytest.mark.parametrize("name", ["a.jsonl.gz", "a[1]*.csv", "~a.json", "shards", "-"])
def test_rows_of_every_form(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl.gz").write_bytes(gzip.compress(LINES))
    Path("a[1]*.csv").write_text("id,text\na,Score: 4\nb,Score: 3\n")
    Path("~a.json").write_text(json.dumps([json.loads(line) for line in LINES.splitlines()]))
    Path("shards").mkdir()
    for number, line in enumerate(LINES.splitlines()):
        Path("shards", f"{number}.jsonl").write_bytes(line)
    assert [row.values["text"] for row in rows_in(name)] == TEXTS


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="got no such file"):
        list(rows_in(str(tmp_path / "nowhere.jsonl")))


@pytest.mark.usefixtures("piped")
def test_judge_read_reads_a_pipe(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", "read", "-", "--json"]) == 0
    assert [json.loads(line)["value"] for line in capfd.readouterr().out.splitlines()] == [4.0, 3.0]
