"""Where the parts of many texts end, in the form in which the Rust core takes it."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


class Ends:
    """The bytes at which the parts of each text end, gathered chunk by chunk; of texts that are one piece each nothing is held."""

    def __init__(self) -> None:
        self._ends, self._offsets = array("I"), array("Q", [0])
        self._n_rows, self._most = 0, 0

    def add(self, n_rows: int, ends: pl.Series | None) -> None:
        """Takes in the next rows: their ends as lists of uint32; None: each of them is one text."""
        import polars as pl

        if ends is not None:
            self._catch_up()
            lengths = ends.list.len().cast(pl.UInt64)
            self._most = max(self._most, int(lengths.to_numpy().max(initial=0)))
            self._offsets.frombytes((lengths.cum_sum() + len(self._ends)).to_numpy().tobytes())
            self._ends.frombytes(ends.filter(lengths > 0).explode().cast(pl.UInt32).to_numpy().tobytes())
        self._n_rows += n_rows

    def parts(self) -> tuple[array[int], array[int]] | None:
        """(ends, offsets), as `near` takes them; None: each text is one piece."""
        if self._most <= 1:
            return None
        self._catch_up()
        return self._ends, self._offsets

    def _catch_up(self) -> None:
        """An offset for each row that came without ends."""
        last = self._offsets[-1]
        self._offsets.extend(last for _ in range(self._n_rows + 1 - len(self._offsets)))
