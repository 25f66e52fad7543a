"""What was paid for before methods were plans still answers: the same keys, the same decisions, the same training rows."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sctk_core.assembly import assemble, with_defaults
from sctk_core.plugins import catalogue
from sctk_core.recipe import Layer
from sctk_core.run import RunResult, execute

RECORDED: dict[str, Any] = json.loads(
    gzip.decompress((Path(__file__).parent / "recorded/first_schema.json.gz").read_bytes())
)
COPIER = '''
"""A trainer that teaches nothing: its arm is the model that it was given, byte for byte, so that its answers are known."""
import shutil
from dataclasses import dataclass
from sctk_core import Component, ModelRef, TrainReport, hookimpl

class Copier:
    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Nothing to set."""
    def __init__(self, config): pass
    def train(self, data, model, out):
        shutil.copytree(model.path, out)
        n = len(data)
        return TrainReport(model=ModelRef(path=str(out)), n_rows=n, n_tokens=0, n_steps=1, n_retokenised=0, losses=(1.0,))

@hookimpl
def sctk_trainers():
    return [Component(name="copier", target=f"{__name__}:Copier", summary="copies")]
'''


def recorded_store(path: Path) -> None:
    """The recorded replies as the first schema had them."""
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE replies (key TEXT PRIMARY KEY, request TEXT, reply TEXT) WITHOUT ROWID")
        database.executemany("INSERT INTO replies VALUES (?, ?, ?)", RECORDED["replies"])


def rerun(root: Path, method: str, more: dict[str, dict[str, Any]]) -> RunResult:
    """The recorded run, again, beside the recorded replies."""
    (root / "copier.py").write_text(COPIER)
    recorded_store(root / "replies.sqlite")
    known = catalogue([root / "copier.py"])
    sections: dict[str, Any] = {"method": {"use": method}, "source": {"n_prompts": 24, "n_held_out": 12}}
    sections |= {"trainer": {"use": "copier"}, "baseline": {"use": "copier"}}
    for name, values in more.items():
        sections[name] = sections.get(name, {}) | values
    return execute(assemble(with_defaults([Layer(origin="test", sections=sections)], known), known), out=root / "run")


def table(run: Path, name: str, columns: dict[str, str]) -> list[dict[str, Any]]:
    """Rows of a table, with the names that the record has."""
    rows = pl.read_parquet(run / "chains" / name / "*.parquet")
    return rows.select(pl.col(new).alias(old) for old, new in columns.items()).to_dicts()


def same(*names: str, **renamed: str) -> dict[str, str]:
    return dict(zip(names, names, strict=True)) | renamed


@pytest.mark.parametrize("method", ["rdpo", "dsc"])
def test_every_recorded_reply_answers_and_nothing_is_asked(tmp_path: Path, method: str) -> None:
    more: dict[str, dict[str, Any]] = {"method": {"sweeps": 2}, "run": {"chains": 2}} if method == "dsc" else {}
    result = rerun(tmp_path, method, more)
    assert result.state == "done"
    assert {one.role for one in result.usage} == {"teacher", "student"}
    assert all(one.recalled == one.requests > 0 for one in result.usage)
    with sqlite3.connect(tmp_path / "replies.sqlite") as database:
        assert database.execute("SELECT count(*) FROM exchange").fetchone() == (0,)
    wanted = RECORDED["tables"][method]
    if method == "rdpo":
        ids = same("id", "margin", "probability", prompt="prompt_id", chosen="chosen_id", rejected="rejected_id")
        rows = table(result.run, "train", ids)
        assert [{name: row[name] for name in ids} for row in wanted["pairs"]] == rows
        texts = pl.read_parquet(result.run / "chains/train/*.parquet").select("chosen", "rejected").rows()
        said = [([turn["content"] for turn in a], [turn["content"] for turn in b]) for a, b in texts]
        assert said == [([row["chosen_text"]], [row["rejected_text"]]) for row in wanted["pairs"]]
        assert table(result.run, "drafts", same("id", "text", "token_ids", "reply")) == wanted["drafts"]
    else:
        kept = same("id", "accepted", "log_alpha", "reason", "sweep", kept="kept_id", dropped="dropped_id")
        rows = table(result.run, "decisions", kept)
        assert sorted(rows, key=lambda row: row["id"]) == sorted(
            ({name: row[name] for name in kept} for row in wanted["decisions"]), key=lambda row: row["id"]
        )
        state = same("id", "text", "token_ids", "chain", "sweep", "critique", "reply", prompt="prompt_id")
        assert table(result.run, "train", state) == [{name: row[name] for name in state} for row in wanted["train"]]
