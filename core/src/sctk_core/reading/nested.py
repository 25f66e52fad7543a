"""Rows that stand inside of one row, where a file is written otherwise than one row to an object: how to bring them out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sctk_core.reading.row_forms import recognised

_DEEPEST = 3
"""Keys that lead to rows at most."""


def rows_elsewhere(row: Mapping[str, Any]) -> str:
    """How to bring out the rows that a row of no form holds, by a command that does it; "": it holds none.

    >>> rows_elsewhere({"version": 1, "data": [{"question": "Who?"}]})
    'the rows stand in \\'data\\': jq -c \\'."data"[]\\' FILE > rows.jsonl'
    >>> rows_elsewhere({"q1": {"question": "Who?"}, "q2": {"question": "Why?"}})
    "each row stands under its id: jq -c 'to_entries[] | {id: .key} + .value' FILE > rows.jsonl"
    >>> rows_elsewhere({"data": {"train": [{"prompt": "Hi"}]}}), rows_elsewhere({"title": "Hi"})
    ('the rows stand in \\'data.train\\': jq -c \\'."data"."train"[]\\' FILE > rows.jsonl', '')
    """
    for keys, held in _objects(row, ()):
        inside = "".join(f".{json.dumps(key)}" for key in keys)
        if isinstance(held, list):
            return f"the rows stand in {'.'.join(keys)!r}: {_command(f'{inside}[]')}"
        under = f" of {'.'.join(keys)!r}" if keys else ""
        return f"each row stands under its id{under}: {_command(f'{inside} | {_BY_KEY}' if keys else _BY_KEY)}"
    return ""


_BY_KEY = "to_entries[] | {id: .key} + .value"


def _command(program: str) -> str:
    quoted = program.replace("'", "'\\''")
    return f"jq -c '{quoted}' FILE > rows.jsonl"


def _objects(held: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What holds rows, with the keys that lead there: a list of them, or an object of several."""
    if len(held) > 1 and all(map(_is_row, held.values())):
        yield keys, held
    for key, value in held.items():
        if isinstance(value, list) and value and _is_row(value[0]):
            yield (*keys, key), value
        elif isinstance(value, dict) and len(keys) < _DEEPEST:
            yield from _objects(value, (*keys, key))


def _is_row(value: object) -> bool:
    return isinstance(value, dict) and recognised(value) is not None
