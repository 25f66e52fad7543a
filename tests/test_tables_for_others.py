"""The training tables in other people's hands: TRL's own trainers read them as they lie, and train on what was said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny_models import make_gpt2
from toy_run import toy_run

pytestmark = pytest.mark.slow


def rows_for_trl(root: Path, method: str) -> Any:
    """The student's training table, as anybody would load it."""
    from datasets import Dataset

    run = toy_run(root, {}, method).run
    shards = sorted(str(path) for path in (run / "chains" / "train").glob("*.parquet"))
    return Dataset.from_parquet(shards, cache_dir=str(root / "cache"))


def decoded(trainer: Any, column: str) -> str:
    tokenizer = trainer.processing_class
    return str(tokenizer.decode(trainer.train_dataset[0][column]))


def test_pairs_are_conversations_and_ids_are_called_ids(tmp_path: Path) -> None:
    from trl import DPOConfig, DPOTrainer
    from trl.data_utils import is_conversational

    class Silent(DPOTrainer):  # type: ignore[misc]
        """TRL's own trainer, save that a test makes no network request."""

        def _send_telemetry(self) -> None:
            """Nothing."""

    table = rows_for_trl(tmp_path, "rdpo")
    row = table[0]
    assert is_conversational(row)
    assert (row["prompt"][0]["role"], row["prompt"][0]["content"]) == ("user", "question 0")
    assert (row["chosen"][0]["role"], row["chosen"][0]["content"][:6]) == ("assistant", "better")
    assert 0 < row["probability"] < 1 < row["margin"] < 9
    assert all(len(row[name]) == 32 for name in ("id", "prompt_id", "chosen_id", "rejected_id"))
    model = make_gpt2(tmp_path / "gpt2", [turn["content"] for one in table for turn in one["prompt"]])
    settings = DPOConfig(output_dir=str(tmp_path / "out"), max_steps=1, report_to=[], use_cpu=True, bf16=False)
    trainer = Silent(model=str(model), args=settings, train_dataset=table)
    assert "question 0" in decoded(trainer, "prompt_ids")
    assert row["chosen"][0]["content"] in decoded(trainer, "chosen_ids")
    assert row["rejected"][0]["content"] in decoded(trainer, "rejected_ids")
    trainer.train()


def test_samples_are_prompts_and_completions(tmp_path: Path) -> None:
    from trl import SFTConfig, SFTTrainer
    from trl.data_utils import is_conversational

    table = rows_for_trl(tmp_path, "dsc")
    row = table[0]
    assert is_conversational(row)
    assert row["completion"] == [{"role": "assistant", "content": row["text"]}]
    model = make_gpt2(tmp_path / "gpt2", [turn["content"] for one in table for turn in one["prompt"]])

    class Silent(SFTTrainer):  # type: ignore[misc]
        """TRL's own trainer, save that a test makes no network request."""

        def _send_telemetry(self) -> None:
            """Nothing."""

    settings = SFTConfig(output_dir=str(tmp_path / "out"), max_steps=1, report_to=[], use_cpu=True, bf16=False)
    kept = table.select_columns(["prompt", "completion"])
    trainer = Silent(model=str(model), args=settings, train_dataset=kept)
    said = decoded(trainer, "input_ids")
    assert "question 0" in said
    assert row["text"] in said
