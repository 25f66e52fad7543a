"""Rows out of JSON, JSONL and Parquet, one by one, each with the place that a complaint about it names.

JSONL and Parquet are streamed: memory does not grow with the file. A JSON array is read as one text and then decoded row by
row, so that every row has its line. Whatever is wrong with the bytes is a ConfigError with file and line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sctk_core.errors import ConfigError

Format = Literal["auto", "json", "jsonl", "parquet"]
_ENDINGS: dict[str, Format] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_BATCH_ROWS = 2000
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row; `where` is `file:line`, or `file, row N` where there are no lines."""

    where: str
    values: dict[str, Any]


def readable(path: Path, format: Format = "auto") -> Format:  # noqa: A002 - the setting's own name
    """The format to read `path` in; a ConfigError where there is no such file, or nothing in it, or its ending says nothing."""
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise ConfigError(f"{path}: got a directory, wanted a file", hint="name one JSON, JSONL or Parquet file")
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: got no such file, wanted a file of prompts", hint="check the path") from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}, wanted a readable file", hint="check its permissions") from error
    if size == 0:
        raise ConfigError(f"{path}: got an empty file, wanted at least one row", hint="was it written to its end?")
    if format != "auto":
        return format
    if path.suffix.lower() not in _ENDINGS:
        raise ConfigError(
            f"{path}: got the ending {path.suffix!r}, wanted {', '.join(_ENDINGS)}",
            hint='rename it, or say what it is with source.format = "jsonl"',
        )
    return _ENDINGS[path.suffix.lower()]


def rows_of(path: Path, format: Format) -> Iterator[Row]:  # noqa: A002 - the setting's own name
    """All rows of a file in order; at least one, or a ConfigError."""
    readers = {"json": _json_rows, "jsonl": _jsonl_rows, "parquet": _parquet_rows}
    n_rows = 0
    for row in readers[readable(path, format)](path):
        n_rows += 1
        yield row
    if not n_rows:
        raise ConfigError(f"{path}: got no row, wanted at least one", hint="was it written to its end?")


def _jsonl_rows(path: Path) -> Iterator[Row]:
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            text = _decoded(line.removeprefix(_BOM) if number == 1 else line, path, number, offset)
            offset += len(line)
            if text.strip():
                yield _row(_parsed(text, path, number), f"{path}:{number}")


def _json_rows(path: Path) -> Iterator[Row]:
    """The members of an array; a file that is no array but holds one object per line is read as JSONL."""
    data = path.read_bytes().removeprefix(_BOM)
    text = _decoded(data, path, 1, 0)
    position = _skip(text, 0)
    if position == len(text):
        return
    if text[position] != "[":
        yield from _jsonl_rows(path)
        return
    line, counted, decoder = 1, 0, json.JSONDecoder()
    position, more = _skip(text, position + 1), True
    while more and text[position : position + 1] != "]":
        line, counted = line + text.count("\n", counted, position), position
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            at = error.lineno if isinstance(error, json.JSONDecodeError) else line
            raise _no_json(path, at, error) from error
        yield _row(value, f"{path}:{line}")
        position = _skip(text, end)
        more = text[position : position + 1] == ","
        position = _skip(text, position + 1) if more else position
    if text[position : position + 1] != "]" or _skip(text, position + 1) < len(text):
        line += text.count("\n", counted, position)
        raise _no_json(path, line, ValueError("the array is not closed, a comma is missing, or something follows it"))


def _parquet_rows(path: Path) -> Iterator[Row]:
    import polars
    from polars.exceptions import PolarsError

    try:
        scan = polars.scan_parquet(path)
        n_rows = scan.select(polars.len()).collect().item()
        for start in range(0, n_rows, _BATCH_ROWS):
            for number, values in enumerate(
                scan.slice(start, _BATCH_ROWS).collect().iter_rows(named=True), start=start + 1
            ):
                yield Row(where=f"{path}, row {number}", values=values)
    except PolarsError as error:
        first = (str(error).splitlines() or [""])[0]
        raise ConfigError(
            f"{path}: got a file that is not Parquet ({first})", hint="was it written to its end?"
        ) from error


def _row(value: object, where: str) -> Row:
    if not isinstance(value, dict):
        shown = "a list" if isinstance(value, list) else f"the value {json.dumps(value)[:60]}"
        raise ConfigError(f"{where}: got {shown}, wanted an object with named columns", hint='like {"prompt": "..."}')
    return Row(where=where, values=value)


def _decoded(data: bytes, path: Path, line: int, offset: int) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        raise ConfigError(
            f"{path}:{line}: got the byte 0x{data[error.start]:02x} at position {offset + error.start}, wanted UTF-8",
            hint="save the file as UTF-8",
        ) from error


def _parsed(text: str, path: Path, line: int) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_json(path, line, error) from error


def _no_json(path: Path, line: int, error: Exception) -> ConfigError:
    why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    column = f", column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
    return ConfigError(
        f"{path}:{line}{column}: got no valid JSON ({why})", hint="one object per line, or one array of objects"
    )


def _skip(text: str, position: int) -> int:
    """The position of the next character that is no JSON white space."""
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def names(values: Sequence[str]) -> str:
    """Column names as a complaint lists them."""
    shown = ", ".join(values[:12])
    return f"{shown}, and {len(values) - 12} more" if len(values) > 12 else shown or "none"
