"""What a file is, by its ending. Who reads files says which of these endings it takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Form = Literal["json", "jsonl", "parquet"]
ENDINGS: dict[str, Form] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".jsonl.gz": "jsonl",
    ".ndjson.gz": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def form_of(name: str, among: Iterable[str] = tuple(ENDINGS)) -> Form | None:
    """What the ending of a file's name says it is; None where it is none of those.

    >>> form_of("rows.JSONL.gz"), form_of("rows.jsonl.gz", [".jsonl", ".parquet"])
    ('jsonl', None)
    """
    return next((ENDINGS[ending] for ending in among if name.lower().endswith(ending)), None)
