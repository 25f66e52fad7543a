"""Parquet that others read: pyarrow, pandas, DuckDB and datasets open what is written, and read the values that went in."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sctk_cli.main import main
from sctk_data.kinds import MOST_FIELDS


def by_datasets(path: Path) -> list[dict[str, Any]]:
    from datasets import Dataset

    return list(Dataset.from_parquet(str(path), cache_dir=str(path.with_suffix(".cache"))))


READERS: dict[str, Callable[[Path], list[dict[str, Any]]]] = {
    "pyarrow": lambda path: pq.read_table(path).to_pylist(),
    "pandas": lambda path: json.loads(pd.read_parquet(path, dtype_backend="pyarrow").to_json(orient="records")),
    "duckdb": lambda path: (
        duckdb.sql("SELECT * FROM read_parquet($1)", params=[str(path)]).arrow().read_all().to_pylist()
    ),
    "datasets": by_datasets,
}


def deduplicated(folder: Path, lines: str | bytes, capfd: pytest.CaptureFixture[str]) -> tuple[Path, str]:
    """(the Parquet that `sctk data dedup` makes of the lines, what it says)."""
    source, out = folder / "rows.jsonl", folder / "kept[1]?*.parquet"
    source.write_bytes(lines if isinstance(lines, bytes) else lines.encode())
    capfd.readouterr()
    code = main(["data", "dedup", str(source), "--exact", "--column", "text", "--out", str(out), "--force"])
    err = capfd.readouterr().err
    assert code == 0, err
    return out.rename(folder / "kept.parquet"), err  # a name that the others do not take for a pattern


VALUES: list[tuple[str, list[Any], list[Any], str]] = [
    ("unsigned", [2**64 - 1, 0], [2**64 - 1, 0], ""),
    ("beyond", [2**64, -1], ["18446744073709551616", "-1"], "'x': got whole numbers beyond 64 bits: written as text"),
    ("both ends", [2**63, -1], ["9223372036854775808", "-1"], "beyond 64 bits"),
    ("smallest", [-(2**63), 2**63 - 1], [-(2**63), 2**63 - 1], ""),
    ("fractions", [1, 0.5], [1.0, 0.5], ""),
    ("no fraction", [2**53 + 1, 0.5], ["9007199254740993", "0.5"], "whole numbers that no fraction holds"),
    ("mixed", [5, "five"], ["5", "five"], "'x': got text and whole numbers: written as text"),
    ("truth", [True, 1], ["true", "1"], "true or false and whole numbers"),
    ("lists and one", [["a"], "a"], ['["a"]', "a"], "text and lists"),
    ("objects and lists", [{"a": 1}, [1]], ['{"a": 1}', "[1]"], "objects and lists"),
    ("no name", [{"": 1}, {"a": 2}], ['{"": 1}', '{"a": 2}'], "objects with a field without a name"),
    ("empty objects", [{}, {}], ["{}", "{}"], "objects without a field"),
    ("nothing", [None, None], [None, None], ""),
    ("empty lists", [[], None], [[], None], ""),
    ("fields that differ", [{"a": 1}, {"b": "x"}], [{"a": 1, "b": None}, {"a": None, "b": "x"}], ""),
    ("deep", [{"a": [1, "b"]}, {"a": None}], [{"a": ["1", "b"]}, {"a": None}], "'x.a[]': got text and whole numbers"),
    ("deep unsigned", [[{"h": 2**63}], []], [[{"h": 2**63}], []], ""),
    ("a deep empty one", [{"m": {}}, {"m": None}], [{"m": "{}"}, {"m": None}], "'x.m': got objects without a field"),
    ("dates are text", ["2020-01-01", "2020-01-02T00:00:00Z"], ["2020-01-01", "2020-01-02T00:00:00Z"], ""),
    ("zeros", ["007", "8"], ["007", "8"], ""),
]  # fmt: skip


@pytest.mark.parametrize(("values", "wanted", "note"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES])
def test_values_out_of_json_are_whole_in_everybodys_hands(
    values: list[Any], wanted: list[Any], note: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [{"text": f"row {number}", "x": value} for number, value in enumerate(values)]
    out, said = deduplicated(tmp_path, "\n".join(map(json.dumps, rows)), capfd)
    assert ("note: column" in said) == bool(note)
    assert note in said
    for name, read in READERS.items():
        assert [row["x"] for row in read(out)] == wanted, name


def test_what_is_not_a_number_is_one_in_parquet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out, _ = deduplicated(tmp_path, '{"text": "a", "x": NaN}\n{"text": "b", "x": -Infinity}\n{"text": "c"}', capfd)
    for name in ("pyarrow", "duckdb", "datasets"):
        values = [row["x"] for row in READERS[name](out)]
        assert math.isnan(values[0]), name
        assert values[1:] == [-math.inf, None], name


def test_objects_with_any_number_of_fields_are_text(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"text": f"row {n}", "x": {f"key {n} {k}": 1 for k in range(9)}} for n in range(MOST_FIELDS)]
    out, said = deduplicated(tmp_path, "\n".join(map(json.dumps, rows)), capfd)
    assert "'x': got objects with 9,000 different fields: written as text" in said
    assert [json.loads(row["x"]) for row in READERS["pyarrow"](out)] == [row["x"] for row in rows]


def test_half_a_character_is_refused_with_its_column_and_row(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a", "x": "\\ud83d\\ude00"}\n{"text": "b", "x": ["\\ud83d"]}\n')
    out = tmp_path / "kept.parquet"
    assert main(["data", "dedup", str(tmp_path / "a.jsonl"), "--column", "text", "--out", str(out)]) == 2
    assert "kept.parquet: row 2, column 'x': got half a surrogate pair" in capfd.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
    assert main(["data", "dedup", str(tmp_path / "a.jsonl"), "--column", "text", "--out", f"{out}.jsonl"]) == 0


WIDE: list[tuple[Any, list[Any], list[Any]]] = [
    (pl.Int128, [2**64, -1, None], ["18446744073709551616", "-1", None]),
    (pl.List(pl.Int128), [[2**64], [], None], [["18446744073709551616"], [], None]),
    (pl.Struct({"a": pl.Int128, "b": pl.String}), [{"a": 2**64, "b": "x"}] * 3, [{"a": str(2**64), "b": "x"}] * 3),
    (pl.Array(pl.Int128, 1), [[2**64]] * 3, [[str(2**64)]] * 3),
    (pl.Map(pl.String, pl.Int64), [{"a": 1}, {}, None], [[{"key": "a", "value": 1}], [], None]),
]


@pytest.mark.parametrize(("dtype", "values", "wanted"), WIDE)
def test_types_that_only_polars_reads_are_not_handed_on(
    dtype: Any, values: list[Any], wanted: list[Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pl.DataFrame({"text": ["a", "b", "c"], "x": pl.Series(values, dtype=dtype)}).write_parquet(source)
    assert main(["data", "dedup", str(source), "--column", "text", "--out", str(out)]) == 0
    assert capfd.readouterr().err.count("which not everybody reads: written as") == 1
    for name, read in READERS.items():
        assert [row["x"] for row in read(out)] == wanted, name


def test_an_object_without_a_field_in_a_typed_file_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    frame = pl.DataFrame({"text": ["a"], "x": pl.Series([{}], dtype=pl.Struct([]))})
    frame.write_ipc_stream(tmp_path / "a.arrow")
    arguments = ["data", "dedup", str(tmp_path / "a.arrow"), "--column", "text", "--out"]
    assert main([*arguments, str(tmp_path / "b.parquet")]) == 2
    err = capfd.readouterr().err
    assert "column 'x': got Struct({}) with objects without a field" in err
    assert "hint: write .jsonl" in err
    assert main([*arguments, str(tmp_path / "b.jsonl")]) == 0
    assert json.loads((tmp_path / "b.jsonl").read_text()) == {"text": "a", "x": {}}


def test_numbers_of_csv_stay_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n007,a\n08,b\n")
    out = tmp_path / "b.parquet"
    assert main(["data", "dedup", str(tmp_path / "a.csv"), "--column", "text", "--out", str(out)]) == 0
    assert READERS["pyarrow"](out) == [{"id": "007", "text": "a"}, {"id": "08", "text": "b"}]


PLAIN = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=5)
NESTED = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def same(got: Any, wanted: Any) -> bool:
    """Whether a value is the one that went in, as itself or as its JSON; fields that only other rows have are null."""
    if got == wanted and type(got) is type(wanted):
        return True
    if isinstance(got, dict) and isinstance(wanted, dict):
        return all(same(value, wanted.get(name)) for name, value in got.items()) and set(wanted) <= set(got)
    if isinstance(got, list) and isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(got, float) and isinstance(wanted, int):
        return got == wanted
    return isinstance(got, str) and not isinstance(wanted, str | None) and json.loads(got) == wanted


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(NESTED, min_size=1, max_size=4))
def test_any_values_come_back(values: list[Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows = [{"text": f"row {number}", "x": value} for number, value in enumerate(values)]
    out, _ = deduplicated(tmp_path, "\n".join(map(json.dumps, rows)), capfd)
    assert all(map(same, [row["x"] for row in READERS["pyarrow"](out)], values))
    assert len(READERS["duckdb"](out)) == len(values)  # it renames fields: "A" and "a" are one


def test_a_shard_in_which_a_column_is_null_throughout_is_written_with_the_others(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for n, remark in enumerate(("one", None, "three")):
        pl.DataFrame({"prompt": f"Number {n}?", "remark": remark}).write_parquet(tmp_path / f"{n}.parquet")
    assert pl.read_parquet_schema(tmp_path / "1.parquet")["remark"] == pl.Null
    names = [str(tmp_path / f"{n}.parquet") for n in range(3)]
    assert main(["data", "dedup", *names, "--exact", "--out", str(tmp_path / "out.parquet")]) == 0
    assert pl.read_parquet(tmp_path / "out.parquet")["remark"].to_list() == ["one", None, "three"]
    assert main(["data", "dedup", names[1], names[0], "--exact", "--out", str(tmp_path / "b.parquet")]) == 2
    assert "whose columns differ (remark Null, remark String)" in capfd.readouterr().err
