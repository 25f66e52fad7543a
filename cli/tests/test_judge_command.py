"""`sctk judge read`: each row with what is read in it, on standard output; what is wrong with a file, before anything is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sctk_cli.main import main

ROWS: list[dict[str, Any]] = [
    {"id": "a", "kind": "score", "text": "Overall Score: 4", "scale": [0, 5]},
    {"id": "b", "kind": "score", "text": "Overall Score: 4/10", "scale": [0, 5]},
    {"id": "c", "kind": "verdict", "text": "Verdict: revise"},
    {"id": "d", "kind": "verdict", "text": "Verdict: keep or revise"},
    {"text": "Rating: 8/10", "scale": [1, 10]},
    {"text": "3"},
]


def told(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capfd.readouterr()
    code = main(arguments)
    return code, *capfd.readouterr()


def written(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_each_row_gives_a_line_with_its_value_or_why_there_is_none(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = told(capfd, "judge", "read", written(tmp_path / "said.jsonl", ROWS), "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(line["id"], line["value"]) for line in lines] == [
        ("a", 4.0), ("b", None), ("c", "revise"), ("d", None), (5, 8.0), (6, 3.0)
    ]  # fmt: skip
    assert [line["reason"] is None for line in lines] == [line["value"] is not None for line in lines]
    assert lines[1]["reason"] == "a number on another scale"
    assert "4 of 6 read, 2 failed" in err


def test_a_reader_sees_a_table(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capfd, "judge", "read", written(tmp_path / "said.jsonl", ROWS[:3]))
    assert [line.split()[:3] for line in out.splitlines()] == [
        ["id", "kind", "value"], ["a", "score", "4"], ["b", "score", "-"], ["c", "verdict", "revise"]
    ]  # fmt: skip


def test_options_say_what_rows_leave_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "said.jsonl", [{"text": "keep"}, {"text": "Verdict: revise"}])
    _, out, _ = told(capfd, "judge", "read", path, "--kind", "verdict", "--json")
    assert [json.loads(line)["value"] for line in out.splitlines()] == ["keep", "revise"]
    path = written(tmp_path / "said.jsonl", [{"text": "Score: 8"}])
    _, out, _ = told(capfd, "judge", "read", path, "--scale", "1", "10", "--json")
    assert json.loads(out)["value"] == 8.0


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"reply": "4"}, "wanted the words of a judge"),
        ({"text": 4}, "got int in 'text'"),
        ({"text": "4", "kind": "rank"}, "wanted score or verdict"),
        ({"text": "4", "scale": [5, 0]}, "wanted [lowest, highest]"),
        ({"text": "4", "scale": 5}, "wanted [lowest, highest]"),
    ],
)
def test_a_row_that_cannot_be_meant_is_an_error_with_its_place(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], row: dict[str, Any], wanted: str
) -> None:
    code, _, err = told(capfd, "judge", "read", written(tmp_path / "said.jsonl", [ROWS[0], row]))
    assert code == 2
    assert "said.jsonl:2" in err
    assert wanted in err


STRANGE = ['"id": NaN', '"id": 1e999', '"scale": [NaN, 5]', '"scale": "05"', '"scale": [-Infinity, Infinity]']
STRANGE += ['"scale": [0, NINES]', '"scale": {"0": 1, "5": 2}']


@pytest.mark.parametrize("strange", STRANGE)
def test_numbers_that_are_none_are_told(strange: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_text(f'{{"text": "4", {strange.replace("NINES", "9" * 400)}}}\n')
    code, out, err = told(capfd, "judge", "read", str(tmp_path / "rows.jsonl"), "--json")
    assert (code, out) == (2, "")
    assert "rows.jsonl:1: got " in err
    assert told(capfd, "judge", "read", str(tmp_path / "rows.jsonl"), "--scale", "0", "inf")[0] == 2
