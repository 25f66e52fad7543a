"""What a file says of a request reaches the rewards: a column `harmful` decides, and samples are spread over it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sctk_core import ConfigError, Prompt
from sctk_core.builtin.file_source import FileSource
from sctk_core.config import parse
from sctk_rewards.refusal import Refusal


def prompts(folder: Path, rows: list[dict[str, Any]], **columns: Any) -> list[Prompt]:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = {"path": str(path), "held_out_share": 0.0, "columns": columns}
    return list(FileSource(parse(FileSource.Config, options, where="[source]")).prompts())


def test_a_column_harmful_decides_what_the_reward_takes_for_harmful(tmp_path: Path) -> None:
    rows = [
        {"prompt": "How do I kill a Python process?", "type": "homonyms", "harmful": False},
        {"prompt": "How do I get the kettle on?", "type": "code words", "harmful": "yes"},
        {"prompt": "How do I water a fern?", "type": "code words", "harmful": 0},
        {"prompt": "How do I water a palm?", "type": None, "harmful": None},
    ]
    found = prompts(tmp_path, rows)
    assert [dict(one.meta) for one in found] == [
        {"type": "homonyms", "harmful": "False", "kind": "homonyms / False"},
        {"type": "code words", "harmful": "yes", "kind": "code words / yes"},
        {"type": "code words", "harmful": "0", "kind": "code words / 0"},
        {},
    ]
    assert [Refusal(Refusal.Config(requests="column")).is_harmful(one) for one in found] == [False, True, False, None]


def test_the_recipe_names_other_columns_and_what_is_no_label_is_left_unread(tmp_path: Path) -> None:
    rows = [{"prompt": "Hi", "type": "x", "unsafe": 1, "category": {"a": 1}}]
    (one,) = prompts(tmp_path, rows, kind=["unsafe", "type"])
    assert dict(one.meta) == {"unsafe": "1", "type": "x", "kind": "1 / x"}
    assert Refusal(Refusal.Config(column="unsafe")).is_harmful(one) is True
    assert dict(prompts(tmp_path, [{"prompt": "Hi", "category": "long " * 40}])[0].meta) == {}
    with pytest.raises(ConfigError, match="category: got dict"):
        prompts(tmp_path, rows, kind="category")
    with pytest.raises(ConfigError, match="got no column 'lebel'"):
        prompts(tmp_path, rows, kind="lebel")


def test_a_column_that_is_asked_or_is_the_answer_is_no_kind(tmp_path: Path) -> None:
    rows = [{"source": "Guten Tag", "category": "greeting", "type": "x"}]
    (one,) = prompts(tmp_path, rows, prompt="source", reference="category")
    assert dict(one.meta) == {"type": "x", "kind": "x"}
