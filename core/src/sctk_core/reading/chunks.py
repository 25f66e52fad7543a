"""Rows in, some thousand at a time: lines of JSONL as the bytes that they are, or a frame out of Parquet or Arrow.

Memory does not grow with the file, save that a JSON array is held as a whole. Who keeps rows as they were read, or computes on
whole columns, reads chunks; who wants one row after the other reads `rows.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sctk_core.reading.arrays import begins_array, json_text, parsed_members
from sctk_core.reading.delimited import parsed_rows
from sctk_core.reading.inputs import Input
from sctk_core.reading.lines import Lines, Parsed, in_chunks, lines_of
from sctk_core.reading.objects import parsed_object, single_object
from sctk_core.reading.squad import begins_squad, parsed_questions
from sctk_core.reading.tables import Table, tables_of

CHUNK_BYTES = 4 << 20
Chunk = Lines | Table


def chunks_of(source: Input, *, n_bytes: int = CHUNK_BYTES) -> Iterator[tuple[Chunk, float]]:
    """All rows of one input in order, `n_bytes` of lines at a time, each time with the share of it that was read."""
    if source.typed:
        yield from tables_of(source)
    elif source.form == "json":
        rows = _rows_of_json(source)
        yield from lines_of(source, n_bytes) if rows is None else in_chunks(source, rows, n_bytes)
    else:
        yield from (
            lines_of(source, n_bytes) if source.form == "jsonl" else in_chunks(source, parsed_rows(source), n_bytes)
        )


def _rows_of_json(source: Input) -> Iterator[tuple[Parsed, float]] | None:
    """The rows of an array, of SQuAD's object or of any other one; None for one object per line, as many a .json is."""
    text = json_text(source)
    if begins_squad(text):
        return parsed_questions(text, source)
    if begins_array(text):
        return parsed_members(text, source)
    value = single_object(text)
    return None if value is None else parsed_object(value, source)
