"""What a limit leaves: a sample of all rows, spread over their kinds, that a larger limit holds whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes import tables
from sctk_core.run import drawing
from sctk_core.run.drawing import draw
from toy_run import toy_run


def sample(rows: Sequence[tuple[str, str]], limit: int, seed: int = 0) -> list[tuple[str, str]]:
    drawn = draw(rows, limit, seed)
    return [row for row in rows if drawn is None or drawn.holds(*row)]


def rows_of(**kinds: int) -> list[tuple[str, str]]:
    """Rows sorted by kind, as files often are."""
    return [(f"{kind}-{number}", kind) for kind, n in kinds.items() for number in range(n)]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 3), st.data())
def test_every_kind_gets_one_share_to_within_one_and_a_larger_limit_holds_the_smaller(
    sizes: list[int], seed: int, data: st.DataObject
) -> None:
    rows = rows_of(**{f"k{number}": size for number, size in enumerate(sizes)})
    limit = data.draw(st.integers(1, len(rows)))
    found = sample(rows, limit, seed)
    assert len(found) == limit
    assert set(sample(rows, data.draw(st.integers(1, limit)), seed)) <= set(found)
    assert set(sample(rows[::-1], limit, seed)) == set(found)
    counts = Counter(kind for _, kind in found)
    shares = [(counts[f"k{number}"], size) for number, size in enumerate(sizes)]
    assert max((n - 1) / size for n, size in shares) < min((n + 1) / size for n, size in shares)


def test_one_kind_is_a_plain_sample_of_all_places() -> None:
    places = [int(name.partition("-")[2]) for name, _ in sample(rows_of(one=1000), 100)]
    assert len(places) == 100
    assert 400 < sum(places) / 100 < 600
    assert sample(rows_of(one=1000), 100, seed=1) != sample(rows_of(one=1000), 100, seed=0)


def test_every_prompt_is_as_likely_as_any_other() -> None:
    """Of 3 common and 40 rare kinds, over 300 seeds: a rare kind has no less than its share."""
    rows = rows_of(a=60, b=30, c=30, **{f"rare{number}": 1 for number in range(40)})
    counts = Counter(kind[:4] for seed in range(300) for _, kind in sample(rows, 16, seed))
    assert counts["rare"] / (300 * 16) == pytest.approx(40 / 160, abs=0.02)
    assert counts["a"] / (300 * 16) == pytest.approx(60 / 160, abs=0.02)


def test_a_column_that_names_every_row_tells_no_kinds_apart() -> None:
    rows = [(f"{number}", f"url {number}") for number in range(3000)]
    assert len(rows) > drawing.MOST_KINDS
    drawn = draw(rows, 50, 0)
    assert drawn is not None
    assert drawn.counts == {"": (50, 3000)}
    assert sum(drawn.holds(*row) for row in rows) == 50
    plain = [(name, "") for name, _ in rows]
    assert [name for name, _ in sample(rows, 50)] == [name for name, _ in sample(plain, 50)]


# -- in runs --


def sorted_file(folder: Path, n: int = 60) -> Path:
    """Harmless rows first, then harmful ones."""
    path = folder / "rows.jsonl"
    kinds = ["harmless"] * (n // 2) + ["harmful"] * (n // 2)
    rows = [{"prompt": f"Ask {number} of {kind}", "category": kind} for number, kind in enumerate(kinds)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def kinds_in(files: Path) -> Counter[str]:
    return Counter(json.loads(meta)["kind"] for meta in pl.read_parquet(files / "*.parquet")["meta"])


def evaluated(run: Path, arm: str) -> list[str]:
    return pl.read_parquet(run / f"evaluation/{arm}/answers/*.parquet")["prompt_id"].to_list()  # type: ignore[no-any-return]


def test_a_file_that_is_sorted_by_kind_is_walked_and_evaluated_in_all_its_kinds(tmp_path: Path) -> None:
    file = sorted_file(tmp_path)
    changes: dict[str, Any] = {
        "source": {"use": "file", "path": str(file), "held_out_share": 0.5},
        "run": {"limit": 8, "eval_limit": 10, "shard_rows": 3},
    }
    result = toy_run(tmp_path, changes)
    assert kinds_in(result.run / "prompts/rows") == {"harmless": 4, "harmful": 4}
    assert any(note.startswith("prompts: run.limit: 8 of ") and "over 2 kinds" in note for note in result.notes)
    assert any("run.eval_limit: 10 of " in note for note in result.notes)
    asked = evaluated(result.run, "base")
    assert asked == evaluated(result.run, "student")
    held_out = pl.read_parquet(result.run / "held-out/rows/*.parquet")
    rows = held_out.filter(pl.col("id").is_in(asked))
    assert rows["id"].to_list() == asked  # in the order of the file
    counts = Counter(json.loads(meta)["kind"] for meta in rows["meta"])
    assert counts.total() == 10
    assert min(counts.values()) >= 4


def test_the_sample_is_the_same_again_and_a_larger_one_asks_only_what_is_new(tmp_path: Path) -> None:
    source = {"use": "file", "path": str(sorted_file(tmp_path)), "held_out_share": 0.2}
    small = toy_run(tmp_path, {"source": source, "run": {"limit": 6, "eval_limit": 4}}, out="small")
    assert tables(toy_run(tmp_path / "other", {"source": source, "run": {"limit": 6, "eval_limit": 4}}).run) == tables(
        small.run
    )
    large = toy_run(tmp_path, {"source": source, "run": {"limit": 12, "eval_limit": 6}}, out="large")
    asked = {one.part: one for one in large.usage if one.role == "student"}
    assert asked["evaluation/base"].recalled == 4
    ids = [pl.read_parquet(run / "prompts/rows/*.parquet")["id"].to_list() for run in (small.run, large.run)]
    assert set(ids[0]) < set(ids[1])


def test_a_limit_that_leaves_all_changes_nothing(tmp_path: Path) -> None:
    whole = toy_run(tmp_path, {}, out="whole")
    limited = toy_run(tmp_path, {"run": {"limit": 12, "eval_limit": 10}}, out="limited")
    assert tables(whole.run) == tables(limited.run)
    assert not any("drawn by seed" in note for note in limited.notes)
