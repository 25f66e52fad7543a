"""A JSON array, member by member. It is read as one text and then decoded row by row, so that every row has its line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sctk_core.reading.decoding import DECODER
from sctk_core.reading.faults import no_json, no_object, no_utf8
from sctk_core.reading.inputs import Input
from sctk_core.reading.lines import Parsed
from sctk_core.reading.packing import BOM, told, unpacked

_SPACE = " \t\r\n"


def json_text(source: Input) -> str:
    """The whole text of a file of JSON; a ConfigError with its line where it is no UTF-8."""
    with source.opened() as raw, told(source.name):
        data = unpacked(raw, source.name).read()
    mark = len(BOM) if data.startswith(BOM) else 0
    try:
        text: str = data[mark:].decode("utf-8")
    except UnicodeDecodeError as error:
        raise no_utf8(source.name, 1 + data.count(b"\n", 0, mark + error.start), error, mark).error() from error
    return text


def begins_array(text: str) -> bool:
    """Whether a text of JSON is an array, or nothing but white space."""
    return text.lstrip(_SPACE)[:1] in ("", "[")


def parsed_members(text: str, source: Input) -> Iterator[tuple[Parsed, float]]:
    """Every member of the array as a row, and the share of the text before it; its numbers stay as they are written."""
    n_characters = len(text) or 1
    for line, value, start, end in members(text, source.name):
        values = value if isinstance(value, dict) else no_object(f"{source.name}:{line}", value)
        written = text[start:end].replace("\r", " ").replace("\n", " ")  # never inside a string: JSON has none there
        yield Parsed(line=line, values=values, text=written.encode("utf-8") + b"\n"), end / n_characters


def members(text: str, name: str) -> Iterator[tuple[int, object, int, int]]:
    """(line, value, where it begins and ends in the text) of every member of the array."""
    position, line, counted = _skip(text, 0), 1, 0
    if position == len(text):
        return
    position, more = _skip(text, position + 1), True
    while more and text[position : position + 1] != "]":
        line, counted = line + text.count("\n", counted, position), position
        try:
            value, end = DECODER.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            at = error.lineno if isinstance(error, json.JSONDecodeError) else line
            raise no_json(name, at, error).error() from error
        yield line, value, position, end
        position = _skip(text, end)
        more = text[position : position + 1] == ","
        position = _skip(text, position + 1) if more else position
    if text[position : position + 1] != "]" or _skip(text, position + 1) < len(text):
        line += text.count("\n", counted, position)
        why = ValueError("the array is not closed, a comma is missing, or something follows it")
        raise no_json(name, line, why).error()


def _skip(text: str, position: int) -> int:
    """The position of the next character that is no JSON white space."""
    while position < len(text) and text[position] in _SPACE:
        position += 1
    return position
