"""Rows at random through the readers: an error that names the row, or a prompt of which nothing was lost without a line."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from rows_world import PATHS, a_row, some_columns
from sctk_core import ConfigError
from sctk_core.builtin.file_source import FileSource
from sctk_core.config import parse
from sctk_core.reading import Fault, Input, TextColumn, chunks_of, holds_text, is_id, turns_of
from sctk_core.records import Prompt

SHORT, LONG_S = 400, 600


@pytest.mark.parametrize("first", range(0, SHORT, 50))
def test_nothing_is_lost_without_a_line(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 50):
        check_seed(seed, tmp_path)


def test_an_empty_list_is_nothing_in_lines_and_in_tables(tmp_path: Path) -> None:
    check_seed(402284104427, tmp_path)  # once an empty conversation was `[]` in lines and nothing in a table


@pytest.mark.sweep
@pytest.mark.timeout(LONG_S * 2)
def test_nothing_is_lost_without_a_line_for_ten_minutes(tmp_path: Path) -> None:
    first = int(os.environ.get("SCTK_FUZZ_SEED", SHORT))
    end, seed = time.monotonic() + LONG_S, first
    while time.monotonic() < end:
        check_seed(seed, tmp_path)
        seed += 1
    print(f"{seed - first} rows")
    assert seed > first


def check_seed(seed: int, folder: Path) -> None:
    random = Random(seed)
    rows = [a_row(random) for _ in range(random.randrange(1, 4))]
    columns = some_columns(random)
    try:
        check_prompts(folder / "rows.jsonl", rows, columns)
        check_texts(folder, rows, random)
    except Exception as error:
        raise AssertionError(f"seed {seed}: {columns}: {json.dumps(rows)}") from error


def check_prompts(path: Path, rows: list[dict[str, Any]], columns: dict[str, Any]) -> None:
    """What `sctk run` reads."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = {"path": str(path), "held_out_share": 0.0, "columns": columns}
    found = read_or_refused(options)
    if isinstance(found, ConfigError):
        assert "rows.jsonl" in found.message
        assert found.hint
        return
    source, prompts = found
    assert len(prompts) == len(rows)
    told = " ".join(source.notes)
    for row, prompt in zip(rows, prompts, strict=True):
        last = prompt.messages[-1]
        assert last.role == "tool" or (last.role == "user" and last.content.strip())
        for name, value in row.items():
            assert not holds_text(value) or is_id(name) or name in told, (name, told)
        for text in said_in(row, columns):
            assert any(text in one for one in told_of(prompt)) or "[-1]" in told, (text, prompt)


def read_or_refused(options: dict[str, Any]) -> tuple[FileSource, list[Prompt]] | ConfigError:
    try:
        source = FileSource(parse(FileSource.Config, options, where="[source]"))
        return source, list(source.prompts())
    except ConfigError as error:
        return error


def said_in(row: dict[str, Any], columns: dict[str, Any]) -> Iterator[str]:
    """The texts of the turns of the conversation that is asked, where one is found by its column."""
    name = next((name for name in ("messages", "conversations") if name in row), None)
    if name and not columns and isinstance(row[name], list):
        yield from (turn.text for turn in turns_of(row[name]) or ())


def told_of(prompt: Prompt) -> list[str]:
    return [*(message.content for message in prompt.messages), *prompt.references]


def check_texts(folder: Path, rows: list[dict[str, Any]], random: Random) -> None:
    """What `sctk data` reads: the same out of a table as out of the lines that it is written as; by any path, too."""
    try:
        frame = pl.DataFrame(rows, strict=False, infer_schema_length=None)
        frame.write_parquet(folder / "a.parquet")
        held: list[dict[str, Any]] | None = frame.to_dicts()
    except Exception:  # noqa: BLE001 - polars refuses what no table can hold, in many words
        held = None
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in held or rows))
    found, names = texts_of(Input.at(folder / "a.jsonl", "jsonl")), random.sample(PATHS, 2)
    texts_of(Input.at(folder / "a.jsonl", "jsonl"), names)
    if held and held[0]:
        assert texts_of(Input.at(folder / "a.parquet", "parquet")) == found
        texts_of(Input.at(folder / "a.parquet", "parquet"), names)
        found = texts_of(Input.at(folder / "a.jsonl", "jsonl"), guiding=False)
        assert texts_of(Input.at(folder / "a.parquet", "parquet"), guiding=False) == found


def texts_of(
    source: Input, names: list[str] | None = None, *, guiding: bool = True
) -> tuple[list[int], list[str], list[list[str]]] | str:
    """(indices of good rows, their texts, the parts of each), or what is said of the whole file."""
    faults: list[Fault] = []
    column = TextColumn(names, faults.append, guiding=guiding)
    try:
        ((chunk, _),) = chunks_of(source)
        indices, texts, ends = column.in_parts(chunk)
    except ConfigError as error:
        return f"refused, hint: {bool(error.hint)}"
    assert all(fault.reason and fault.where for fault in faults)
    assert len(indices) + len(faults) == len(chunk)
    assert not column.read_as or column.name
    cuts = [[]] * len(texts) if ends is None else ends.to_list()
    return indices, texts.to_list(), [cut(text, ends) for text, ends in zip(texts, cuts, strict=True)]


def cut(text: str, ends: list[int]) -> list[str]:
    """The parts of a text that hold something."""
    whole = text.encode()
    assert not ends or (ends == sorted(ends) and ends[-1] == len(whole))
    parts = [whole[begin:end].decode() for begin, end in pairwise([0, *ends])] if ends else [text]
    return [part.strip() for part in parts if part.strip()]
