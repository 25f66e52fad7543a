"""A file of JSON that is one object: one row over many lines, columns with a list each, or a table beside what is said of it.

Only a file with the ending `.json` that holds one object and nothing else is looked at in this way: in JSONL an object is a row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sctk_core.errors import ConfigError
from sctk_core.reading.decoding import DECODER
from sctk_core.reading.faults import no_object
from sctk_core.reading.inputs import Input
from sctk_core.reading.lines import Parsed

TABLES = frozenset(
    ("data", "rows", "examples", "items", "instances", "records", "train", "validation", "test", "dev", "questions")
)
"""Keys under which files keep their rows."""
_SPLIT = frozenset(("columns", "index", "data"))
"""Keys of a table that pandas writes split."""


def single_object(text: str) -> dict[str, Any] | None:
    """The object that a JSON text is, None where it is anything else (one object per line, say)."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value, end = DECODER.raw_decode(text, len(text) - len(text.lstrip()))
    except (ValueError, RecursionError):
        return None  # its lines are read one by one, and say what is wrong with them
    return value if not text[end:].strip() else None


def parsed_object(value: Mapping[str, Any], source: Input) -> Iterator[tuple[Parsed, float]]:
    """The rows that one object holds, by their numbers from 1: the lines on which they stand are not known."""
    rows = _rows(value, source.name)
    for n, row in enumerate(rows):
        values = row if isinstance(row, dict) else no_object(f"{source.name}:{n + 1}", row)
        text = json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
        yield Parsed(line=n + 1, values=values, text=text), (n + 1) / len(rows)


def _rows(value: Mapping[str, Any], name: str) -> list[Any]:
    """The object's table where it has one, its columns side by side, or itself.

    >>> _rows({"prompt": ["a", "b"], "answer": ["x", "y"]}, ""), _rows({"version": 1, "data": [{"prompt": "a"}]}, "")
    ([{'prompt': 'a', 'answer': 'x'}, {'prompt': 'b', 'answer': 'y'}], [{'prompt': 'a'}])
    >>> _rows({"prompt": {"0": "a", "1": "b"}}, ""), _rows({"prompt": "a", "tags": ["x"]}, "")
    ([{'prompt': 'a'}, {'prompt': 'b'}], [{'prompt': 'a', 'tags': ['x']}])
    >>> _rows({"columns": ["prompt"], "index": [0, 1], "data": [["a"], ["b"]]}, "")
    [{'prompt': 'a'}, {'prompt': 'b'}]
    """
    tables = [key for key, rows in value.items() if key.lower() in TABLES and _is_table(rows)]
    if len(tables) > 1:
        raise ConfigError(
            f"{name}: got one object with the tables {', '.join(tables)}, wanted one table",
            hint="write the one that you mean into a file of its own: an array of objects, or one object per line",
        )
    if tables:
        return list(value[tables[0]])
    if _is_split(value):
        return [dict(zip(value["columns"], cells, strict=True)) for cells in value["data"]]
    columns = _columns(value)
    return (
        [value]
        if columns is None
        else [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    )


def _is_split(value: Mapping[str, Any]) -> bool:
    """Whether an object is a table as pandas writes it split: the names of its columns, and its rows as lists."""
    names, rows = value.get("columns"), value.get("data")
    if not (value.keys() <= _SPLIT and isinstance(names, list) and isinstance(rows, list) and rows):
        return False
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        return False
    return all(isinstance(row, list) and len(row) == len(names) for row in rows)


def _is_table(rows: Any) -> bool:
    return isinstance(rows, list) and bool(rows) and all(isinstance(row, dict) for row in rows)


def _columns(value: Mapping[str, Any]) -> dict[str, list[Any]] | None:
    """Its columns where every value is a list of one length above 1, or an object of the same numbers (as pandas writes them)."""
    cells = list(value.values())
    if cells and all(_is_numbered(each) and each.keys() == cells[0].keys() for each in cells):
        return {name: list(each.values()) for name, each in value.items()}
    if not cells or not all(isinstance(each, list) and len(each) > 1 for each in cells) or any(map(_is_table, cells)):
        return None
    return dict(value) if len({len(each) for each in cells}) == 1 else None


def _is_numbered(cells: Any) -> bool:
    return isinstance(cells, dict) and bool(cells) and all(key.isdigit() for key in cells)
