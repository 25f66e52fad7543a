"""Texts of whole tables as one Arrow column, where the types of their columns allow it; else they are read row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sctk_core.reading.parts import Reading
from sctk_core.reading.turns import GUIDES

if TYPE_CHECKING:
    import polars as pl

_CONVERSATION = r"""^\s*(\[\s*[{"']|"\s*\[|\{\s*["']|Human:)"""
"""How text begins that may be a conversation (`turns.py` looks closer)."""
_TURNS = ({"role", "content"}, {"from", "value"})


def first_row(frame: pl.DataFrame) -> dict[str, Any]:
    """What the rows of a table look like: its first, or of a table without rows an empty value of every column's type."""
    if frame.height:
        return frame.row(0, named=True)
    return {name: _empty(kind) for name, kind in frame.schema.items()}


def _empty(kind: pl.DataType) -> Any:
    import polars as pl

    return "" if kind == pl.String else [] if isinstance(kind, pl.List) else None


def text_columns(frame: pl.DataFrame) -> list[str]:
    """The columns that hold text, however deep."""
    return [
        name for name, kind in frame.schema.items() if _holds_text(kind) and frame[name].null_count() < frame.height
    ]


def _holds_text(kind: Any) -> bool:
    import polars as pl

    if isinstance(kind, pl.Struct):
        return any(_holds_text(field.dtype) for field in kind.fields)
    if isinstance(kind, (pl.List, pl.Array)):
        return _holds_text(kind.inner)
    return kind == pl.String or isinstance(kind, (pl.Categorical, pl.Enum))


def quick_texts(
    frame: pl.DataFrame, reading: Reading, *, ends: bool = False
) -> tuple[pl.Series, pl.Series | None] | None:
    """(the texts of all rows, null where a row has none; with `ends` where their parts end, in bytes); None: look at each row.

    Ends are lists of uint32, None where each text is one column's.
    """
    import polars as pl

    names = reading.columns_of(frame.schema)
    if len(names) < len(reading.names):
        return None  # a path
    form = reading.form
    if form is not None and (form.turns or any(frame[name].dtype != pl.String for name in names if name != form.asked)):
        return None
    turns = [name for name in names if frame[name].dtype != pl.String]
    if ends and turns and len(names) > 1:
        return None  # each turn is a part, between others
    found = {name: _plain_text(frame[name], reading.aside) for name in names}
    if any(text is None for text in found.values()):
        return None
    texts = pl.DataFrame([text.alias(name) for name, text in found.items() if text is not None])
    if len(names) == 1:
        is_list = isinstance(frame[names[0]].dtype, pl.List)
        return texts.to_series(), _ends_of_turns(frame[names[0]], reading.aside) if ends and is_list else None
    if form is None:
        parts, there = [pl.col(name) for name in names], pl.any_horizontal(pl.col(name).is_not_null() for name in names)
    else:
        parts = _of_form(reading, names, is_turns=frame[reading.first].dtype != pl.String)
        there = pl.col(form.asked).is_not_null()
    whole = pl.when(there).then(pl.concat_str(parts, separator="\n", ignore_nulls=True))
    return texts.select(whole).to_series(), texts.select(_ends(parts)).to_series() if ends else None


def _of_form(reading: Reading, names: list[str], *, is_turns: bool) -> list[pl.Expr]:
    """The parts of what `parts.py` makes of a row of a form, for all rows; null where a row has none."""
    import polars as pl

    form = reading.form
    assert form is not None

    def one_of(columns: tuple[str, ...]) -> list[pl.Expr]:
        there = [pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name)) for name in columns if name in names]
        return [pl.coalesce(there)] if there and not is_turns else []

    answers = [pl.when(pl.col(name) != "").then(pl.col(name)) for name in form.answered if name in names]
    return [*one_of(form.before), pl.col(form.asked), *one_of(form.after), *answers]


def _ends(parts: list[pl.Expr]) -> pl.Expr:
    """Where the parts of each row end; one that is null ends where the one before it does."""
    import polars as pl

    ends, at = [], pl.lit(0, dtype=pl.UInt32)
    for part in parts:
        at = at + pl.coalesce(part.str.len_bytes() + 1, 0)
        ends.append(pl.max_horizontal(at, 1) - 1)
    return pl.concat_list(ends).cast(pl.List(pl.UInt32))


def _guiding(column: pl.Series) -> tuple[pl.Expr, set[str]]:
    """(whether a turn of a column guides, say of the system; the roles of such turns)."""
    import polars as pl

    name = "role" if _said(column) == "content" else "from"
    role = pl.element().struct.field(name).str.strip_chars().str.to_lowercase()
    there = column.explode().struct.field(name).str.strip_chars().str.to_lowercase()
    return role.is_in(sorted(GUIDES)).fill_null(value=False), set(there.unique().to_list()) & GUIDES


def _ends_of_turns(column: pl.Series, aside: set[str] | None) -> pl.Series:
    """Where the turns of each row of a column end."""
    import polars as pl

    ends = _turns_of(column, aside).list.eval((pl.element().str.len_bytes() + 1).cum_sum() - 1)
    return column.to_frame().select(ends.cast(pl.List(pl.UInt32))).to_series()


def _turns_of(column: pl.Series, aside: set[str] | None) -> pl.Expr:
    """What the turns of each row say, as a list; without those that guide, unless a row has no others."""
    import polars as pl

    turns, said = pl.col(column.name), pl.element().struct.field(_said(column))
    texts = turns.list.eval(said)
    if aside is None:
        return texts
    guides, found = _guiding(column)
    others = turns.list.eval(said.filter(~guides))
    aside |= found
    return pl.when(others.list.len() > 0).then(others).otherwise(texts)


def _said(column: pl.Series) -> str:
    """The field of a column of turns that holds what is said."""
    fields = {field.name for field in column.dtype.inner.fields}  # type: ignore[attr-defined]
    return "content" if "content" in fields else "value"


def _plain_text(column: pl.Series, aside: set[str] | None) -> pl.Series | None:
    """A column of text, or of chat turns with nothing but role and text (joined by line feeds, null where one is); else None."""
    import polars as pl

    kind = column.dtype
    if isinstance(kind, (pl.Categorical, pl.Enum)):
        return column.cast(pl.String)
    if kind == pl.String:
        return None if column.str.contains(_CONVERSATION).any() else column
    if not isinstance(kind, pl.List) or not isinstance(kind.inner, pl.Struct):
        return None
    fields = {field.name: field.dtype for field in kind.inner.fields}
    if set(fields) not in _TURNS or set(fields.values()) != {pl.String}:
        return None
    joined = _turns_of(column, aside).list.join("\n", ignore_nulls=False)
    return column.to_frame().select(pl.when(pl.col(column.name).list.len() > 0).then(joined)).to_series()
