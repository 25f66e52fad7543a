"""Every table of a run opens in pyarrow, pandas, DuckDB and Hugging Face datasets, with as many rows as polars finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from sctk_core.run import execute
from sctk_core.store.reader import RunReader
from toy_run import toy_assembly, toy_run


def by_datasets(path: Path) -> int:
    from datasets import Dataset

    return len(Dataset.from_parquet(str(path), cache_dir=str(path.with_suffix(".cache"))))


READERS: dict[str, Callable[[Path], int]] = {
    "pyarrow": lambda path: len(pq.read_table(path).to_pylist()),
    "pandas": lambda path: len(pd.read_parquet(path)),
    "duckdb": lambda path: len(duckdb.sql("SELECT * FROM read_parquet($1)", params=[str(path)]).fetchall()),
    "datasets": by_datasets,
}


@pytest.mark.parametrize("method", ["dsc", "rdpo"])
def test_every_table_of_a_run_opens_everywhere(method: str, tmp_path: Path) -> None:
    tables = sorted(toy_run(tmp_path, {}, method).run.rglob("*.parquet"))
    assert len(tables) > 5
    kinds: set[str] = set()
    for path in tables:
        frame = pl.read_parquet(path)
        kinds |= {str(kind) for kind in frame.dtypes}
        for name, read in READERS.items():
            if frame.height or name != "datasets":  # which refuses every file without rows
                assert read(path) == frame.height, (name, path)
    assert {"String", "Int64", "Float64"} <= kinds


@pytest.mark.parametrize("name", ["a?", "a[b1]", "~", "~root"])
def test_a_run_beside_others_of_like_names_reads_its_own_tables(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`[`, `?` and `~` in the directory of a run are characters: the tables of its neighbours are not its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    execute(toy_assembly(tmp_path, {"run": {"limit": 3}}, "rdpo"), out=Path("a1"))
    plain = execute(toy_assembly(tmp_path, {}, "rdpo"), out=Path("ab"))
    assembly = toy_assembly(tmp_path, {}, "rdpo")
    for made in (execute(assembly, out=Path(name)), execute(assembly, out=Path(name))):  # and goes on with itself
        assert made.run == Path(name)
        assert tables_in(made.run) == tables_in(plain.run)
    assert made.exit_code == 0
    assert len(RunReader(Path(name)).find("")) == len(RunReader(Path("ab")).find("")) > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({"a1", "ab", "base", "replies.sqlite", name})


def tables_in(run: Path) -> dict[Path, bytes]:
    return {path.relative_to(run): path.read_bytes() for path in run.rglob("*.parquet")}
