"""All rows of all inputs, a few thousand at a time, with the pace that a person sees."""

from __future__ import annotations

from collections.abc import Iterator

from sctk_core.reading import Chunk, Input, chunks_of

from sctk_data.pace import Pace


def chunks(sources: list[Input], pace: Pace) -> Iterator[Chunk]:
    """All rows of all inputs in order. A Parquet file without rows gives one empty frame, which knows its columns."""
    sizes = [source.size for source in sources]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    before = 0
    for source in sources:
        for chunk, share in chunks_of(source):
            yield chunk
            pace.rows(len(chunk), (before + share * (source.size or 0)) / total if total else None)
        before += source.size or 0
