"""Tokens that are stored as fractions: whole ones are tokens, any other is named with its row, its column and its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_cli.main import main


def told(capfd: pytest.CaptureFixture[str], *arguments: str | Path | int) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of one command."""
    capfd.readouterr()
    code = main(["data", "pack", *map(str, arguments)])
    return code, *capfd.readouterr()


WHOLE: list[dict[str, Any]] = [{"input_ids": [1.0, 2.0], "labels": [-100.0, 2]}, {"input_ids": [3], "labels": [3.0]}]
FORMS = ["in.jsonl", "in.parquet"]


def stored(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.List(pl.Float64)), strict=False).write_parquet(path)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_fractions_without_a_part_are_tokens(form: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capfd, stored(tmp_path / form, WHOLE), "--capacity", 4, "--strategy", "next-fit")
    row = json.loads(out)
    assert (code, row["input_ids"], row["labels"]) == (0, [1, 2, 3], [-100, 2, 3])
    assert "." not in out.split('"position_ids"')[0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("column", ["input_ids", "labels"])
@pytest.mark.parametrize("value", [2.5, 1e300, float("nan"), float("inf")])
def test_another_fraction_is_named(
    form: str, column: str, value: float, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad: dict[str, Any] = {"input_ids": [1, 2], "labels": [1, 2]} | {column: [1, value]}
    file = stored(tmp_path / form, [*WHOLE, bad])
    code, out, err = told(capfd, file, "--capacity", 4)
    assert (code, out) == (2, "")
    assert "row 3: " in err or "in.jsonl:3: " in err
    assert f"'{column}'" in err
    code, out, err = told(capfd, file, "--capacity", 4, "--skip-bad", "--strategy", "next-fit")
    assert (code, json.loads(out)["input_ids"]) == (0, [1, 2, 3])
    assert "bad rows left out: 1," in err


@pytest.mark.parametrize("form", FORMS)
def test_weights_beside_the_tokens_stay_fractions(form: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"input_ids": [1.0, 2.0], "loss_mask": [0.5, 1.0]}]
    code, out, _ = told(capfd, stored(tmp_path / form, rows), "--capacity", 4)
    assert (code, json.loads(out)["input_ids"], json.loads(out)["loss_mask"]) == (0, [1, 2], [0.5, 1.0])
