"""The way back: from any record of a run to the prompt, the replies, the critique, the scores and what made them.

`why()` gives passages in the order in which things happened; whoever shows them must treat every text as untrusted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.store.reader import RunReader

_LINKS: Mapping[str, tuple[str, ...]] = {
    "pairs": ("prompt", "chosen", "rejected"),
    "samples": ("prompt", "critique"),
    "critiques": ("sample",),
    "scores": ("sample",),
    "decisions": ("kept", "dropped"),
    "failures": (),
    "prompts": (),
}
_ORDER = ("prompts", "samples", "scores", "decisions", "pairs", "failures")


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """One record on the way: its table, its id, its facts by name, its texts by name (untrusted)."""

    table: str
    id: str
    facts: Mapping[str, Any]
    texts: Mapping[str, str] = field(default_factory=dict)


def why(path: Path, prefix: str) -> list[Passage]:
    """Everything that led to the record whose id begins with `prefix`, oldest first, and what made the run."""
    reader = RunReader(path)
    start = _the_one(reader, prefix)
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    _gather(reader, start, found)
    for sample in [row["id"] for table, row in found.values() if _kind(table) == "samples"]:
        for table, row in reader.find(sample, column="sample"):
            if _kind(table) == "scores":
                found[row["id"]] = (table, row)
        for table, row in reader.find(sample, column="kept") + reader.find(sample, column="dropped"):
            found[row["id"]] = (table, row)
    passages = [_passage(reader, table, row) for table, row in sorted(found.values(), key=_when)]
    left_out = [_left_out(reader, *item) for record in reversed(found) for item in reader.find(record, column="row")]
    return [*passages, *left_out, _made_by(reader)]


def _when(item: tuple[str, dict[str, Any]]) -> tuple[int, int]:
    """When a record came to be: the prompt, then sweep by sweep critique and sample, then scores, decisions, rows."""
    kind, sweep = _kind(item[0]), item[1].get("sweep") or 0
    if kind in ("critiques", "samples"):
        return _ORDER.index("samples"), 2 * sweep - (kind == "critiques")
    return _ORDER.index(kind), sweep


def _the_one(reader: RunReader, prefix: str) -> tuple[str, dict[str, Any]]:
    found = reader.find(prefix)
    ids = {row["id"] for _, row in found}
    if not ids:
        raise ConfigError(
            f"{reader.path}: got no record whose id begins with {prefix!r}",
            hint="ids stand in the column `id` of every table; `sctk show` lists some training rows",
        )
    if len(ids) > 1:
        raise ConfigError(f"{reader.path}: {len(ids)} records begin with {prefix!r}", hint="give more digits of the id")
    by_kind = {_kind(table): (table, row) for table, row in found}
    return by_kind[max(by_kind, key=lambda kind: kind == "pairs")]


def _gather(reader: RunReader, item: tuple[str, dict[str, Any]], found: dict[str, tuple[str, dict[str, Any]]]) -> None:
    table, row = item
    if row["id"] in found:
        return
    found[row["id"]] = item
    for link in _LINKS[_kind(table)]:
        if row[link]:
            parents = sorted(reader.find(row[link]), key=lambda parent: len(parent[0]))
            for parent in parents[:1]:  # the sample itself, rather than its copy in a training table
                _gather(reader, parent, found)


def _kind(table: str) -> str:
    return table.rpartition("/")[2].rpartition("-")[2]


def _passage(reader: RunReader, table: str, row: dict[str, Any]) -> Passage:
    texts = {name: row[name] for name in ("text", "reference", "document") if row.get(name)}
    if _kind(table) == "prompts":
        texts = {f"{role} {i}": text for i, (role, text) in enumerate(json.loads(row["messages"]))} | texts
    hidden = {"id", "text", "messages", "reference", "document", "token_ids", "chosen_text", "rejected_text", "given"}
    facts = {name: value for name, value in row.items() if name not in hidden and value is not None}
    if row.get("token_ids") is not None:
        facts["n_tokens"] = len(row["token_ids"])
    exchange = reader.exchange(row["reply"]) if row.get("reply") else None
    if exchange is not None:
        request, _ = exchange
        facts |= {name: request[name] for name in ("seed", "sampling", "model", "backend") if name in request}
        asked = request["messages"]
        texts = {f"asked, {message['role']} {i}": message["content"] for i, message in enumerate(asked)} | texts
    return Passage(table=table, id=row["id"], facts=facts, texts=texts)


def _left_out(reader: RunReader, table: str, row: dict[str, Any]) -> Passage:
    """Why curation left a row out, with what stands for it or what it shares with the held-out prompts."""
    facts = {name: value for name, value in row.items() if name not in ("row", "detail") and value not in (None, "")}
    texts = {"detail": row["detail"]} if row["detail"] else {}
    for other, record in reader.find(row["because"])[:1] if row["because"] else []:
        shown = _passage(reader, other, record | {"reply": None})
        sides = {name: record[f"{name}_text"] for name in ("chosen", "rejected") if f"{name}_text" in record}
        texts |= {f"because of, {name}": text for name, text in (dict(shown.texts) | sides).items()}
    return Passage(table=table, id=row["row"], facts=facts, texts=texts)


def _made_by(reader: RunReader) -> Passage:
    """What made the run: components with versions and settings (templates among them), model digest, fingerprint."""
    manifest = reader.manifest
    facts: dict[str, Any] = {"fingerprint": manifest.fingerprint, "model": manifest.model}
    return Passage(table="made by", id=manifest.method, facts=facts | dict(manifest.components))
