"""What is read of a model's generation_config.json, and of its config.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sctk_chat import own_sampling, stored_context
from sctk_core import ModelRef


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            '{"do_sample": true, "temperature": 0.6, "top_p": 0.9, "eos_token_id": 2}',
            {"temperature": 0.6, "top_p": 0.9},
        ),
        (
            '{"temperature": 1.0, "top_k": 0, "repetition_penalty": 1.0, "min_p": 0.05}',
            {"temperature": 1.0, "min_p": 0.05},
        ),
        ('{"do_sample": false, "temperature": 0.6}', {}),
        ('{"_from_model_config": true}', {}),
        ("[1]", {}),
        ("{", {}),
        (None, {}),
    ],
)
def test_it_says_what_changes_something(tmp_path: Path, text: str | None, wanted: dict[str, Any]) -> None:
    if text is not None:
        (tmp_path / "generation_config.json").write_text(text)
    assert own_sampling(ModelRef(path=str(tmp_path))) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"max_position_embeddings": 8192}', 8192),
        ('{"n_positions": 1024}', 1024),
        ('{"text_config": {"max_position_embeddings": 4096}}', 4096),
        ('{"max_position_embeddings": "many", "text_config": 3}', 0),
        ('{"max_position_embeddings": true}', 0),
        ("{", 0),
    ],
)
def test_the_context_that_a_model_was_built_for(tmp_path: Path, text: str, wanted: int) -> None:
    (tmp_path / "config.json").write_text(text)
    assert stored_context(ModelRef(path=str(tmp_path))) == wanted
