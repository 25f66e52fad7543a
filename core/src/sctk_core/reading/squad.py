"""SQuAD's own file: one object whose `data` are articles, of paragraphs, of questions. Each question is a row, with its context.

The layout is that of the file of https://rajpurkar.github.io/SQuAD-explorer, which many question sets of other languages share.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from sctk_core.reading.decoding import loads
from sctk_core.reading.faults import no_json, no_object
from sctk_core.reading.inputs import Input
from sctk_core.reading.lines import Parsed

_BEGINS = re.compile(r'\s*\{\s*"(data|version)"\s*:')
_PARTS = ("paragraphs", "qas")


def begins_squad(text: str) -> bool:
    """Whether a JSON text begins as such files do, and has their parts.

    >>> begins_squad('{"version": "1.1", "data": [{"paragraphs": [{"qas": []}]}]}'), begins_squad('{"data": "x"}')
    (True, False)
    """
    return _BEGINS.match(text) is not None and all(f'"{part}"' in text for part in _PARTS)


def parsed_questions(text: str, source: Input) -> Iterator[tuple[Parsed, float]]:
    """Every question as a row, and the share of the text before it. A row's line is that of its id."""
    try:
        articles = loads(text)["data"]
    except (ValueError, RecursionError) as error:
        at = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        raise no_json(source.name, at, error).error() from error
    place, line = 0, 1
    for row in _rows(articles):
        found = text.find(json.dumps(row.get("id"), ensure_ascii=False), place) if isinstance(row, dict) else -1
        if found >= 0:
            line, place = line + text.count("\n", place, found), found
        values = row if isinstance(row, dict) else no_object(f"{source.name}:{line}", row)
        told = json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")
        yield Parsed(line=line, values=values, text=told + b"\n"), place / len(text)


def _rows(articles: Any) -> Iterator[Any]:
    """The questions in order; what is no object where one belongs comes as it is, to be told."""
    for article in _members(articles):
        for paragraph in _parts(article, "paragraphs"):
            for question in _parts(paragraph, "qas"):
                if isinstance(question, dict) and isinstance(paragraph, dict):
                    beside = {"title": article.get("title"), "context": paragraph.get("context")}
                    yield {**{name: value for name, value in beside.items() if value is not None}, **question}
                else:
                    yield question


def _parts(value: Any, name: str) -> list[Any]:
    """The members of an object's list; of what is no object that itself."""
    return _members(value.get(name)) if isinstance(value, dict) else [value]


def _members(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
