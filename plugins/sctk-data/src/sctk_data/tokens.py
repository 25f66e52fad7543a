"""The token columns of rows: which there are, and frames of them whose every row can be packed.

From Parquet they stay in Arrow; from JSONL they are parsed, and are whole numbers (int64) or fractions (float64) as the first
rows show. So do they show which lists are of tokens: those as long as `input_ids` (scores and embeddings beside are not).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sctk_core import ConfigError, suggestion
from sctk_core.reading import Chunk, Fault, Lines, Table, json_in, listed, objects, shown

from sctk_data.bad_rows import BadRows

if TYPE_CHECKING:
    import polars as pl

MADE = ("position_ids", "seq_lengths", "cu_seqlens")
IDS = "input_ids"
OF_TOKENS = frozenset(
    (IDS, "labels", "attention_mask", "token_type_ids", "loss_mask", "completion_mask", "assistant_masks")
)
"""Columns that are of tokens whatever their lengths: where those differ, the row is at fault."""
WHOLE = frozenset((IDS, "labels", "attention_mask", "token_type_ids"))
"""Columns of whole numbers: fractions without a part behind the point, as a column with nulls leaves them, are read as such."""
SIDES = ("chosen_", "rejected_")
_LARGEST = 1 << 63
Lengths = Mapping[str, Sequence[int | None]]


class Tokens:
    """Reads the columns to pack: those named, or every list of numbers; of pairs, those that have both sides."""

    def __init__(self, columns: Sequence[str], bad: BadRows, *, capacity: int | None, pairs: bool) -> None:
        self._wanted, self._bad, self._capacity, self._pairs = columns, bad, capacity, pairs
        self._columns: dict[str, pl.DataType] = {}
        self.n_rows = 0
        self.left_out: list[str] = []
        self.of_other_lengths: list[str] = []

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
        frame, indices = self._without_parts(frame, chunk)
        kinds = {
            name: kind
            for name, kind in frame.schema.items()
            if isinstance(kind, pl.List) and kind.inner is not None and kind.inner.is_numeric()
        }
        if not self._columns:
            lengths = {name: frame[name].list.len().to_list() for name in kinds}
            held = {name: str(kind) for name, kind in frame.schema.items() if _named_of_tokens(name, self._wanted)}
            self._choose(kinds, lengths, list(frame.schema), chunk.source.name, held)
        for name, kind in self._columns.items():
            if frame.schema.get(name) == pl.List(pl.Null):  # every list is empty
                frame = frame.with_columns(pl.col(name).cast(kind))
            if frame.schema.get(name) != kind:
                raise ConfigError(
                    f"{chunk.source.name}: column {name!r}: got {frame.schema.get(name)}, wanted {kind} as in the first file",
                    hint="give all files the same columns",
                )
        return frame.select(list(self._columns)), indices

    def _without_parts(self, frame: pl.DataFrame, chunk: Table) -> tuple[pl.DataFrame, Sequence[int]]:
        """Columns of whole numbers that are stored as fractions, as whole ones; rows that hold another one are told."""
        import polars as pl

        def stored(kind: pl.DataType) -> bool:
            return isinstance(kind, pl.List) and kind.inner in (pl.Float32, pl.Float64)

        names = [name for name, kind in frame.schema.items() if _is_whole(name) and stored(kind)]
        good = pl.Series(values=[True] * frame.height, dtype=pl.Boolean)
        for name in names:
            number = pl.element()
            fits = number.is_finite() & (number == number.floor()) & (number.abs() < float(_LARGEST))
            fitting = frame.select(pl.col(name).list.eval(fits).list.all()).to_series().fill_null(value=True)
            for at in (~fitting & good).arg_true().to_list():
                row = {name: frame[name][at].to_list()}
                reason = f"a list of other things than whole numbers in {name!r}"
                self._bad(Fault(where=chunk.where(at), reason=reason, detail=_first_other(row, row)))
            good &= fitting
        kept = frame.filter(good).with_columns(pl.col(name).cast(pl.List(pl.Int64)) for name in names)
        return kept, good.arg_true().to_list() if names else range(frame.height)

    def _of_lines(self, chunk: Lines) -> tuple[pl.DataFrame, Sequence[int]]:
        import polars as pl

        rows = [(index, _as_whole(_unwritten(row, self._wanted))) for index, row in objects(chunk, self._bad)]
        if rows and not self._columns:
            index, row = rows[0]
            kinds = _kinds([values for _, values in rows], self._wanted)
            lengths = {name: [_length(values.get(name)) for _, values in rows] for name in kinds}
            held = {name: shown(value) for name, value in row.items() if _named_of_tokens(name, self._wanted)}
            self._choose(kinds, lengths, list(row), chunk.where(index), held)
        good, values = [], []
        for index, row in rows:
            reason = next((why for name, kind in self._columns.items() if (why := _refused(row, name, kind))), "")
            if reason:
                self._bad(Fault(where=chunk.where(index), reason=reason, detail=_first_other(row, self._columns)))
            else:
                good.append(index)
                values.append(row)
        columns = {
            name: pl.Series(name, [row[name] for row in values], dtype=kind) for name, kind in self._columns.items()
        }
        return pl.DataFrame(columns), good

    def _choose(
        self, kinds: Mapping[str, Any], lengths: Lengths, names: Sequence[str], where: str, held: Mapping[str, str]
    ) -> None:  # fmt: skip
        """Settles the columns: the first rows show them. `held` is what those hold that are called as columns of tokens."""
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
                hint=_instead(held) or ("name the two sides alike" if self._pairs else "tokenise the text first"),
            )
        if not self._wanted:
            chosen = self._of_one_length(chosen, lengths, where)
        self._columns = chosen
        self.left_out = [name for name in names if name not in chosen]

    def _of_one_length(self, chosen: dict[str, Any], lengths: Lengths, where: str) -> dict[str, Any]:
        """Without the columns that differ from the ids in most rows; where there are no ids, all must be of one length."""
        apart: set[str] = set()
        for side in SIDES if self._pairs else ("",):
            group = [name for name in chosen if name.startswith(side)]
            ids = next((name for name in group if name == side + IDS), None)
            differing = {name for name in group if _differ(lengths[name], lengths[ids or group[0]])}
            if ids is None and differing:
                other = min(differing)
                raise ConfigError(
                    f"{where}: got lists of different lengths in {group[0]!r} and {other!r}, wanted one length, or {side}{IDS}",
                    hint=f"say which are of tokens, like --column {group[0]}",
                )
            apart |= {name for name in differing if name.removeprefix(side) not in OF_TOKENS}
        self.of_other_lengths = sorted(apart)
        kept = {name: kind for name, kind in chosen.items() if name not in apart}
        return {name: kind for name, kind in kept.items() if _other_side(name) in kept} if self._pairs else kept

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
            if found["whole"][at]:
                self._bad(self._of_lengths(frame[at], chunk.where(indices[at])))
            else:
                self._bad(Fault(where=chunk.where(indices[at]), reason="null among its tokens"))
        return frame if good.all() else frame.filter(good)

    def _of_lengths(self, row: pl.DataFrame, where: str) -> Fault:
        """What is wrong with a row whose lists differ in length: the first two that do."""
        for first, *others in self._groups():
            for other in others:
                one, two = (row[name].list.len().item() for name in (first, other))
                if one != two:
                    reason = f"lists of different lengths in {first!r} and {other!r}"
                    return Fault(where=where, reason=reason, detail=f"{one} and {two}; --column names what is packed")
        raise AssertionError(where)

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


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else None


def _differ(lengths: Sequence[int | None], wanted: Sequence[int | None]) -> bool:
    """Whether most rows that have both lists have them of different lengths.

    >>> _differ([3, 3, None], [3, 3, 3]), _differ([3, 4, 5], [3, 9, 9])
    (False, True)
    """
    both = [(one, other) for one, other in zip(lengths, wanted, strict=True) if None not in (one, other)]
    return 2 * sum(one != other for one, other in both) > len(both)


def _other_side(name: str) -> str:
    """The other side's column, or "" for a column that is no side.

    >>> _other_side("chosen_ids"), _other_side("rejected_ids"), _other_side("ids")
    ('rejected_ids', 'chosen_ids', '')
    """
    for side, other in (SIDES, SIDES[::-1]):
        if name.startswith(side):
            return other + name.removeprefix(side)
    return ""


def _kinds(rows: Sequence[Mapping[str, Any]], wanted: Sequence[str]) -> dict[str, Any]:
    """The columns that are lists of numbers in the first row, as these rows show them; those of tokens with null among them too."""
    import polars as pl

    found: dict[str, Any] = {}
    for name, value in rows[0].items():
        if not isinstance(value, list):
            continue
        if set(map(type, value)) <= {int, float} or _is_of_tokens(name, value, wanted):
            kinds: set[type] = set()
            for row in rows:
                if isinstance(row.get(name), list):
                    kinds |= set(map(type, row[name]))
            found[name] = pl.List(pl.Float64 if float in kinds and not _is_whole(name) else pl.Int64)
    return found


def _is_of_tokens(name: str, value: list[Any], wanted: Sequence[str]) -> bool:
    """Whether a list is one of tokens by its name, and holds a number at all."""
    return _named_of_tokens(name, wanted) and not {int, float}.isdisjoint(map(type, value))


def _is_whole(name: str) -> bool:
    return name.removeprefix(SIDES[0]).removeprefix(SIDES[1]) in WHOLE


def _as_whole(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with whole numbers in the columns of such, where all of a list are.

    >>> _as_whole({"input_ids": [1.0, 2], "labels": [1.5], "loss_mask": [1.0]})
    {'input_ids': [1, 2], 'labels': [1.5], 'loss_mask': [1.0]}
    """
    found = {
        name: [int(one) if isinstance(one, float) else one for one in value]
        for name, value in row.items()
        if isinstance(value, list) and float in map(type, value) and _is_whole(name) and not any(map(_has_part, value))
    }
    return {**row, **found} if found else row


def _has_part(value: object) -> bool:
    return isinstance(value, float) and not value.is_integer()


def _named_of_tokens(name: str, wanted: Sequence[str]) -> bool:
    return name in wanted or name.removeprefix(SIDES[0]).removeprefix(SIDES[1]) in OF_TOKENS


def _instead(held: Mapping[str, str]) -> str:
    """What is said of columns that are called as those of tokens and hold something else; "": there are none."""
    return "; ".join(f"{name!r} holds {what}, and no list of whole numbers" for name, what in held.items())


def _unwritten(row: Mapping[str, Any], wanted: Sequence[str]) -> Mapping[str, Any]:
    """The row with lists of tokens that a cell holds as text, as an export to CSV leaves them."""
    texts = {name: value for name, value in row.items() if isinstance(value, str) and _named_of_tokens(name, wanted)}
    lists = {name: found for name, value in texts.items() if (found := json_in(value)) and isinstance(found, list)}
    return {**row, **lists} if lists else row


def _first_other(row: Mapping[str, Any], columns: Mapping[str, Any]) -> str:
    """The first value in lists of tokens that is no number, or no whole one, with its place; "": there is none."""
    lists = ((name, row[name]) for name in columns if isinstance(row.get(name), list))
    others = (
        f"{name}[{at}] is {'null' if value is None else repr(value)[:40]}"
        for name, values in lists
        for at, value in enumerate(values)
        if type(value) not in (int, float) or (_has_part(value) and _is_whole(name))
    )
    return next(others, "")


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
