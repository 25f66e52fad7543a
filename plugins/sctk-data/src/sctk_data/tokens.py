"""The token columns of rows: which there are, and frames of them whose every row can be packed.

From Parquet they stay in Arrow; from JSONL they are parsed, and are whole numbers (int64) or fractions (float64) as the first
rows show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sctk_core import ConfigError, suggestion
from sctk_core.reading import Chunk, Fault, Lines, Table, listed, objects

from sctk_data.bad_rows import BadRows

if TYPE_CHECKING:
    import polars as pl

MADE = ("position_ids", "seq_lengths", "cu_seqlens")
SIDES = ("chosen_", "rejected_")
_LARGEST = 1 << 63


class Tokens:
    """Reads the columns to pack: those named, or every list of numbers; of pairs, those that have both sides."""

    def __init__(self, columns: Sequence[str], bad: BadRows, *, capacity: int | None, pairs: bool) -> None:
        self._wanted, self._bad, self._capacity, self._pairs = columns, bad, capacity, pairs
        self._columns: dict[str, pl.DataType] = {}
        self.n_rows = 0
        self.left_out: list[str] = []

    @property
    def names(self) -> list[str]:
        """The columns that the output has of the input's tokens."""
        return list(self.sides) if self._pairs else list(self._columns)

    @property
    def sides(self) -> dict[str, tuple[str, str]]:
        """Of pairs each output column's two sides."""
        first, second = SIDES
        return {
            name.removeprefix(first): (name, second + name.removeprefix(first))
            for name in self._columns
            if name.startswith(first)
        }

    def of(self, chunk: Chunk) -> pl.DataFrame:
        """The tokens of a chunk's good rows."""
        frame, indices = self._of_table(chunk) if isinstance(chunk, Table) else self._of_lines(chunk)
        frame = self._checked(frame, indices, chunk)
        self.n_rows += frame.height
        return frame

    def _of_table(self, chunk: Table) -> tuple[pl.DataFrame, Sequence[int]]:
        import polars as pl

        frame = chunk.frame.with_columns(
            pl.col(name).arr.to_list() for name, kind in chunk.frame.schema.items() if isinstance(kind, pl.Array)
        )
        kinds = {
            name: kind
            for name, kind in frame.schema.items()
            if isinstance(kind, pl.List) and kind.inner is not None and kind.inner.is_numeric()
        }
        self._choose(kinds, list(frame.schema), chunk.source.name)
        for name, kind in self._columns.items():
            if frame.schema.get(name) != kind:
                raise ConfigError(
                    f"{chunk.source.name}: column {name!r}: got {frame.schema.get(name)}, wanted {kind} as in the first file",
                    hint="give all files the same columns",
                )
        return frame.select(list(self._columns)), range(frame.height)

    def _of_lines(self, chunk: Lines) -> tuple[pl.DataFrame, Sequence[int]]:
        import polars as pl

        rows = list(objects(chunk, self._bad))
        if rows and not self._columns:
            index, row = rows[0]
            self._choose(_kinds([values for _, values in rows]), list(row), chunk.where(index))
        good, values = [], []
        for index, row in rows:
            reason = next((why for name, kind in self._columns.items() if (why := _refused(row, name, kind))), "")
            if reason:
                self._bad(Fault(where=chunk.where(index), reason=reason))
            else:
                good.append(index)
                values.append(row)
        columns = {
            name: pl.Series(name, [row[name] for row in values], dtype=kind) for name, kind in self._columns.items()
        }
        return pl.DataFrame(columns), good

    def _choose(self, kinds: Mapping[str, Any], names: Sequence[str], where: str) -> None:
        """Settles the columns, once: the first rows show them."""
        if self._columns:
            return
        for name in self._wanted:
            if name not in kinds:
                raise ConfigError(
                    f"{where}: got no column {name!r} of lists of numbers (there are: {listed(list(kinds))})",
                    hint=suggestion(name, kinds) or "name one that is there with --column",
                )
        chosen = {name: kinds[name] for name in self._wanted or kinds if name not in MADE}
        if self._pairs:
            chosen = {name: kind for name, kind in chosen.items() if _other_side(name) in kinds}
        if not chosen:
            wanted = "chosen_NAME and rejected_NAME, both" if self._pairs else "one, like input_ids,"
            raise ConfigError(
                f"{where}: got no column to pack (columns: {listed(names)}), wanted {wanted} of lists of numbers",
                hint="tokenise the text first" if not self._pairs else "name the two sides alike",
            )
        self._columns = chosen
        self.left_out = [name for name in names if name not in chosen]

    def _checked(self, frame: pl.DataFrame, indices: Sequence[int], chunk: Chunk) -> pl.DataFrame:
        """The rows without null and whose lists have one length; a row longer than a bin ends the command where it must."""
        import polars as pl

        if not frame.height:
            return frame
        whole = pl.all_horizontal(
            pl.col(name).is_not_null() & (pl.col(name).list.drop_nulls().list.len() == pl.col(name).list.len())
            for name in self._columns
        ).fill_null(value=False)
        lengths = [[pl.col(name).list.len() for name in group] for group in self._groups()]
        equal = pl.all_horizontal(group[0] == one for group in lengths for one in group)
        total = pl.sum_horizontal(group[0].cast(pl.Int64) for group in lengths)
        found = frame.select(whole.alias("whole"), equal.alias("equal"), total.alias("total"))
        if self._capacity is not None and (found["total"].max() or 0) > self._capacity:  # type: ignore[operator]
            self._too_long(found["total"], indices, chunk)
        good = found["whole"] & found["equal"].fill_null(value=False)
        for at in (~good).arg_true().to_list():
            why = "lists of different lengths" if found["whole"][at] else "null among its tokens"
            self._bad(Fault(where=chunk.where(indices[at]), reason=why))
        return frame if good.all() else frame.filter(good)

    def _groups(self) -> list[list[str]]:
        """The columns whose lists have one length: all, or those of each side."""
        if not self._pairs:
            return [list(self._columns)]
        return [[name for name in self._columns if name.startswith(side)] for side in SIDES]

    def _too_long(self, totals: pl.Series, indices: Sequence[int], chunk: Chunk) -> None:
        at = (totals > self._capacity).arg_true()[0]
        raise ConfigError(
            f"{chunk.where(indices[at])}: got {totals[at]:,} tokens, wanted at most the capacity, {self._capacity:,}",
            hint=f"--overflow truncate{'' if self._pairs else ', split'} or drop; the summary counts the tokens lost",
        )


def _other_side(name: str) -> str:
    """The other side's column, or "" for a column that is no side.

    >>> _other_side("chosen_ids"), _other_side("rejected_ids"), _other_side("ids")
    ('rejected_ids', 'chosen_ids', '')
    """
    for side, other in (SIDES, SIDES[::-1]):
        if name.startswith(side):
            return other + name.removeprefix(side)
    return ""


def _kinds(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The columns that are lists of numbers in the first row, as these rows show them."""
    import polars as pl

    found: dict[str, Any] = {}
    for name, value in rows[0].items():
        if isinstance(value, list) and set(map(type, value)) <= {int, float}:
            kinds: set[type] = set()
            for row in rows:
                if isinstance(row.get(name), list):
                    kinds |= set(map(type, row[name]))
            found[name] = pl.List(pl.Float64 if float in kinds else pl.Int64)
    return found


def _refused(row: Mapping[str, Any], name: str, kind: Any) -> str:
    """Why the row's list cannot be packed, or nothing."""
    import polars as pl

    value = row.get(name)
    if not isinstance(value, list):
        return f"no list in {name!r}"
    kinds = set(map(type, value))
    if kind == pl.List(pl.Int64):
        if kinds <= {int}:
            return (
                ""
                if not value or -_LARGEST <= min(value) <= max(value) < _LARGEST
                else f"a number too large in {name!r}"
            )
        return f"a list of other things than whole numbers in {name!r}"
    return "" if kinds <= {int, float} else f"a list of other things than numbers in {name!r}"
