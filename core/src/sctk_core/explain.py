"""The way back: from any record of a run to the prompt, the replies, the critique, the scores and what made them.

`why()` gives passages in the order in which things came to be; whoever shows them must treat every text as untrusted. A record's
parents are the columns of its row that end in `_id`, whatever its type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.store.reader import RunReader
from sctk_core.thoughts import parted

_LATE = {"Score": 1, "Decision": 2, "Pair": 3, "Weighted": 3, "Value": 4, "Failure": 5}
"""What is said of a text comes after all texts."""
_TEXTS = ("thought", "text", "reference", "document", "detail")
_HIDDEN = {
    "id",
    "item",
    "messages",
    "token_ids",
    "given",
    "parents",
    "prompt",
    "chosen",
    "rejected",
    "completion",
    *_TEXTS,
}
_COMES_WITH = ("Score", "Decision", "Weighted", "Value")
Row = dict[str, Any]


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
    found: dict[str, tuple[str, Row]] = {}
    _gather(reader, start, found)
    for name in [name for name, (table, _) in found.items() if reader.type_of(table) == "Sample"]:
        for column in ("sample_id", "kept_id", "dropped_id", "against_id"):
            for table, row in reader.find(name, column=column):
                if reader.type_of(table) in _COMES_WITH:
                    found.setdefault(row["id"], (table, row))
    passages = [_passage(reader, table, row) for table, row in _in_order(reader, found)]
    left_out = [_left_out(reader, *item) for record in reversed(found) for item in reader.find(record, column="row")]
    return [*passages, *left_out, _made_by(reader)]


def _the_one(reader: RunReader, prefix: str) -> tuple[str, Row]:
    found = reader.find(prefix)
    ids = {row["id"] for _, row in found}
    if not ids:
        raise ConfigError(
            f"{reader.path}: got no record whose id begins with {prefix!r}",
            hint="ids stand in the column `id` of every table; `sctk show` lists some training rows",
        )
    if len(ids) > 1:
        raise ConfigError(f"{reader.path}: {len(ids)} records begin with {prefix!r}", hint="give more digits of the id")
    return found[0]


def _parents(row: Row) -> Iterator[str]:
    """The ids that a row refers to."""
    names = [row[name] for name in row if name.endswith("_id")] + [row.get("critique"), row.get("about")]
    names += [
        one for name in row if name.endswith("_ids") and row["id"] for one in row[name] or () if isinstance(one, str)
    ]
    made_from = (row.get("item") or "").partition("/")[0]
    return (name for name in [*names, made_from] if name)


def _gather(reader: RunReader, item: tuple[str, Row], found: dict[str, tuple[str, Row]]) -> None:
    """The record and its ancestors, each after those that it came from."""
    _, row = item
    if row["id"] in found:
        return
    found[row["id"]] = item
    for name in _parents(row):
        for parent in reader.find(name)[:1]:
            _gather(reader, parent, found)


def _in_order(reader: RunReader, found: Mapping[str, tuple[str, Row]]) -> list[tuple[str, Row]]:
    """Texts by how much went before them, then what was said of them."""
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in depths:
            depths[name] = 0
            depths[name] = 1 + max((depth(parent) for parent in _parents(found[name][1]) if parent in found), default=0)
        return depths[name]

    return sorted(found.values(), key=lambda item: (_LATE.get(reader.type_of(item[0]), 0), depth(item[1]["id"])))


def _passage(reader: RunReader, table: str, row: Row) -> Passage:
    texts = {name: row[name] for name in _TEXTS if row.get(name)}
    if row.get("messages"):
        texts = {f"{turn['role']} {i}": turn["content"] for i, turn in enumerate(row["messages"])} | texts
    facts = {name: value for name, value in row.items() if name not in _HIDDEN and value not in (None, "", [])}
    if row.get("token_ids") is not None:
        facts["n_tokens"] = len(row["token_ids"])
    line = reader.line_of(row["id"])
    facts |= {name: line[name] for name in ("stage", "role") if line.get(name)}
    exchange = reader.exchange(row["reply"]) if row.get("reply") else None
    if exchange is not None:
        request, reply = exchange
        facts |= {name: request[name] for name in ("seed", "sampling", "model", "backend") if name in request}
        asked = request["messages"]
        said = {} if "text" in texts else {"said": reply["text"]}
        if "thought" not in texts and (found := parted(reply["text"], reply.get("opened", ""))) and found.thought:
            said = {"thought": found.thought} | said
        texts = {f"asked, {message['role']} {i}": message["content"] for i, message in enumerate(asked)} | texts | said
    return Passage(table=table, id=row["id"], facts=facts, texts=texts)


def _left_out(reader: RunReader, table: str, row: Row) -> Passage:
    """Why curation left a row out, with what stands for it or what it shares with the held-out prompts."""
    facts = {name: value for name, value in row.items() if name not in ("row", "detail") and value not in (None, "")}
    texts = {"detail": row["detail"]} if row["detail"] else {}
    for other, record in reader.find(row["because"])[:1] if row["because"] else []:
        shown = _passage(reader, other, record | {"reply": None})
        sides = {side: record[side][-1]["content"] for side in ("chosen", "rejected") if record.get(side)}
        texts |= {f"because of, {name}": text for name, text in (dict(shown.texts) | sides).items()}
    return Passage(table=table, id=row["row"], facts=facts, texts=texts)


def _made_by(reader: RunReader) -> Passage:
    """What made the run: components with versions and settings (templates among them), roles, model digest, fingerprint."""
    manifest = reader.manifest
    facts: dict[str, Any] = {"fingerprint": manifest.fingerprint, "model": manifest.model, "roles": manifest.roles}
    return Passage(table="made by", id=manifest.method, facts=facts | dict(manifest.components))
