"""What the columns of a table say of whether it is one of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest
from sctk_core import Pair, Prompt, Sample, Weighted
from sctk_core import records as ours
from sctk_core.store.columns import hollow, type_named, unlike
from sctk_core.store.rows import frame, schema
from sctk_core.store.shards import columns_at


@dataclass(frozen=True, kw_only=True)
class Score:
    """A plugin's own record, which has the name of one of ours."""

    grade: int
    id: str = field(init=False)


KINDS = [Prompt, Sample, Pair, Weighted, ours.Critique, ours.Score, ours.Decision, ours.Failure, Score]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("full", [True, False])
def test_what_is_written_is_ours(kind: type, full: bool) -> None:
    assert unlike(frame(schema(kind, full=full), []).schema, type_named(kind)) == ""


def test_a_table_of_before_a_field_came_is_ours() -> None:
    older = frame(schema(Sample), []).drop("thought", "teach_thought", "about")
    assert unlike(older.schema, "Sample") == ""
    assert unlike(older.drop("text").schema, "Sample") == "no column 'text'"


def test_a_column_of_another_type_is_told() -> None:
    table = frame(schema(ours.Score), [])
    assert unlike(table.with_columns(pl.lit(1).alias("name")).schema, "Score") == "a column 'name' of another type"
    assert unlike(table.with_columns(pl.lit(1).alias("x")).schema, "Score") == "a column 'x' that no such table has"
    assert type_named(Score) != "Score"


def test_a_row_that_holds_nothing_is_told() -> None:
    turn = {"role": "user", "content": "a"}
    assert hollow({"id": "1", "messages": [turn], "reference": None}, "Prompt") == ""
    assert hollow({"id": "1", "messages": None}, "Prompt") == "nothing in the column 'messages'"
    for turns in ([], [None], [turn | {"content": None}]):
        assert hollow({"id": "1", "messages": turns}, "Prompt") == "no conversation in the column 'messages'"


def test_the_columns_of_a_file_are_read_whatever_its_name_is(tmp_path: Path) -> None:
    for name, column in (("a[b]*?", "x"), ("ab", "y"), ("~c", "z")):
        (tmp_path / name).mkdir()
        pl.DataFrame({column: [1]}).write_parquet(tmp_path / name / "0.parquet")
    assert [list(columns_at(path / "0.parquet")) for path in sorted(tmp_path.iterdir())] == [["x"], ["y"], ["z"]]
