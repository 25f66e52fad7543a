"""Which rows were read, so that the same rows are found again on a second reading without parsing anything."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from sctk_core.reading import Chunk, Input, TextColumn

from sctk_data.chunks import chunks
from sctk_data.ends import Ends
from sctk_data.pace import Pace

if TYPE_CHECKING:
    import polars as pl


class Seen:
    """Which rows were read: for every input the numbers of its rows, 8 bytes each."""

    def __init__(self, sources: Sequence[Input]) -> None:
        self.sources = list(sources)
        self.numbers = {id(source): array("Q") for source in sources}

    def add(self, chunk: Chunk, indices: Sequence[int]) -> None:
        """Takes in the rows of a chunk that are good."""
        self.numbers[id(chunk.source)].extend(chunk.first + index for index in indices)

    def place(self, row: int) -> tuple[str, int]:
        """(file, number) of a row, which is counted over all files."""
        at = bisect_right(self._starts, row) - 1
        source = self.sources[at]
        return source.name, self.numbers[id(source)][row - self._starts[at]]

    @cached_property
    def _starts(self) -> list[int]:
        """The first row of every input, counted over all; complete after the first reading."""
        counts = [len(self.numbers[id(source)]) for source in self.sources]
        return list(accumulate(counts, initial=0))[:-1]

    def again(self, pace: Pace) -> Iterator[tuple[Chunk, int, list[int]]]:
        """(chunk, the first of its rows, their indices in the chunk), read a second time.

        A file that was changed is an error, before the reading and after it: one that was emptied gives no chunk at all.
        """
        self._check_unchanged()
        before, current = 0, None
        for chunk in chunks(self.sources, pace):
            if current is not chunk.source:
                before += len(self.numbers[id(current)]) if current is not None else 0
                current = chunk.source
            numbers = self.numbers[id(chunk.source)]
            low, high = bisect_left(numbers, chunk.first), bisect_left(numbers, chunk.first + len(chunk))
            yield chunk, before + low, [numbers[at] - chunk.first for at in range(low, high)]
        self._check_unchanged()

    def _check_unchanged(self) -> None:
        for source in self.sources:
            source.check_unchanged()


def read_texts(
    sources: Sequence[Input], column: TextColumn, pace: Pace, ends: Ends | None = None
) -> tuple[Seen, pl.Series]:
    """Which rows there are, and their texts as one column in as many pieces as it came in; where their parts end goes to `ends`."""
    import polars as pl

    seen, held = Seen(sources), [pl.Series("text", [], dtype=pl.String)]
    for chunk in chunks(seen.sources, pace):
        indices, texts, cuts = column.in_parts(chunk, ends=ends is not None)
        seen.add(chunk, indices)
        if ends is not None:
            ends.add(len(texts), cuts)
        held.append(texts.alias("text"))
    return seen, pl.concat(held, rechunk=False)
