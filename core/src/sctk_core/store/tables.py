"""The finished tables: what each record looks like as a row, and how a sealed shard is written and read.

Shards are Parquet (zstd), in input order, immutable. Parents are ids. The same rows give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sctk_core.identity import file_digest
from sctk_core.records import Critique, Decision, Failure, Given, Message, Pair, Prompt, Sample, Score
from sctk_core.store.failures import writing

if TYPE_CHECKING:
    import polars as pl

Row = dict[str, Any]
_TEXT, _INT, _FLOAT, _BOOL, _IDS = "text", "int", "float", "bool", "ids"

_SAMPLE_COLUMNS = {
    "id": _TEXT, "prompt": _TEXT, "text": _TEXT, "token_ids": _IDS, "tokenizer": _TEXT, "prompt_tokens": _TEXT,
    "chain": _INT, "sweep": _INT, "rank": _INT, "backend": _TEXT, "finish": _TEXT, "logprob": _FLOAT,
    "critique": _TEXT, "reply": _TEXT,
}  # fmt: skip
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "prompts": {
        "id": _TEXT, "messages": _TEXT, "reference": _TEXT, "document": _TEXT, "meta": _TEXT, "occurrence": _INT,
        "given": _TEXT,
    },
    "samples": _SAMPLE_COLUMNS,
    "critiques": {
        "id": _TEXT, "sample": _TEXT, "text": _TEXT, "verdict": _TEXT, "findings": _TEXT, "sweep": _INT, "reply": _TEXT,
    },
    "scores": {"id": _TEXT, "sample": _TEXT, "name": _TEXT, "value": _FLOAT, "scale": _TEXT},
    "decisions": {
        "id": _TEXT, "kept": _TEXT, "dropped": _TEXT, "accepted": _BOOL, "log_alpha": _FLOAT, "reason": _TEXT,
        "sweep": _INT,
    },
    "failures": {
        "id": _TEXT, "of": _TEXT, "stage": _TEXT, "component": _TEXT, "kind": _TEXT, "message": _TEXT,
        "retryable": _BOOL,
    },
    "pairs": {
        "id": _TEXT, "prompt": _TEXT, "chosen": _TEXT, "rejected": _TEXT, "chosen_text": _TEXT, "rejected_text": _TEXT,
        "margin": _FLOAT, "probability": _FLOAT,
    },
    "ledger": {"stage": _TEXT, "id": _TEXT, "outcome": _TEXT, "record": _TEXT, "reason": _TEXT},
    "curations": {
        "row": _TEXT, "stage": _TEXT, "reason": _TEXT, "because": _TEXT, "similarity": _FLOAT, "detail": _TEXT,
    },
    "notes": {"stage": _TEXT, "text": _TEXT},
    "values": {"arm": _TEXT, "prompt": _TEXT, "sample": _TEXT, "metric": _TEXT, "value": _FLOAT},
}  # fmt: skip


def row_of(record: Any) -> Row:
    """A record as one row of its table."""
    if isinstance(record, Prompt):
        given = None if record.given is None else _json([record.given.texts, record.given.scores])
        turns = _json([[message.role, message.content] for message in record.messages])
        named = {"messages": turns, "meta": _json(dict(record.meta)), "given": given}
        return _fields(record, "prompts") | named
    if isinstance(record, Sample):
        return _fields(record, "samples") | {"prompt": record.prompt.id}
    if isinstance(record, Critique):
        return _fields(record, "critiques") | {"sample": record.sample.id, "findings": _json(record.findings)}
    if isinstance(record, Score):
        return _fields(record, "scores") | {"sample": record.sample.id}
    if isinstance(record, Decision):
        return _fields(record, "decisions") | {"kept": record.kept.id, "dropped": record.dropped.id}
    if isinstance(record, Pair):
        parents = {name: getattr(record, name).id for name in ("prompt", "chosen", "rejected")}
        texts = {"chosen_text": record.chosen.text, "rejected_text": record.rejected.text}
        return {"id": record.id, "margin": record.margin, "probability": record.probability} | parents | texts
    assert isinstance(record, Failure), record
    return _fields(record, "failures")


def _fields(record: Any, table: str) -> Row:
    return {name: getattr(record, name) for name in COLUMNS[table]}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def prompt_from(row: Row) -> Prompt:
    """A Prompt out of its row."""
    given = None
    if row["given"] is not None:
        texts, scores = json.loads(row["given"])
        given = Given(texts=tuple(texts), scores=tuple(scores))
    turns = tuple(Message(role=role, content=content) for role, content in json.loads(row["messages"]))
    plain = {name: row[name] for name in ("reference", "document", "occurrence")}
    return Prompt(messages=turns, meta=json.loads(row["meta"]), given=given, **plain)


def sample_from(row: Row, prompt: Prompt) -> Sample:
    """A Sample out of its row and its prompt."""
    values = {name: value for name, value in row.items() if name in _SAMPLE_COLUMNS and name != "id"}
    ids = values["token_ids"]
    return Sample(**values | {"prompt": prompt, "token_ids": None if ids is None else tuple(ids)})


def write_shard(path: Path, table: str, rows: Sequence[Row]) -> str:
    """Writes one shard and gives its digest; the file appears whole or not at all."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        _frame(table, rows).write_parquet(part, compression="zstd", statistics=True)
        digest = file_digest(part)
        part.replace(path)
    return digest


def _frame(table: str, rows: Sequence[Row]) -> pl.DataFrame:
    import polars as pl

    types = {_TEXT: pl.String(), _INT: pl.Int64(), _FLOAT: pl.Float64(), _BOOL: pl.Boolean(), _IDS: pl.List(pl.Int32)}
    schema = {name: types[kind] for name, kind in COLUMNS[table].items()}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema, orient="row")


def read_shards(paths: Sequence[Path]) -> list[Row]:
    """All rows of some shards, in order."""
    import polars as pl

    return [row for path in paths for row in pl.read_parquet(path).iter_rows(named=True)]
