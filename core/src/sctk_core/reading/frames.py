"""Texts of whole tables as one Arrow column, where the types of their columns allow it; else they are read row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sctk_core.reading.parts import Reading

if TYPE_CHECKING:
    import polars as pl

_CONVERSATION = r"^(\s*\[\s*\{|\n\nHuman:)"
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


def quick_texts(frame: pl.DataFrame, reading: Reading) -> pl.Series | None:
    """The texts of all rows, null where a row has none; None: the rows must be looked at one by one."""
    import polars as pl

    names = reading.columns_of(frame.schema)
    if len(names) < len(reading.names):
        return None  # a path
    form = reading.form
    if form is not None and (form.turns or any(frame[name].dtype != pl.String for name in names if name != form.asked)):
        return None
    found = {name: _plain_text(frame[name]) for name in names}
    if any(text is None for text in found.values()):
        return None
    texts = pl.DataFrame([text.alias(name) for name, text in found.items() if text is not None])
    if len(names) == 1:
        return texts.to_series()
    if reading.form is None:
        whole = pl.concat_str(names, separator="\n", ignore_nulls=True)
        some = pl.any_horizontal(pl.col(name).is_not_null() for name in names)
        return texts.select(pl.when(some).then(whole)).to_series()
    return texts.select(_of_form(reading, names, is_turns=frame[reading.first].dtype != pl.String)).to_series()


def _of_form(reading: Reading, names: list[str], *, is_turns: bool) -> pl.Expr:
    """What `parts.py` makes of a row of a form, for all rows."""
    import polars as pl

    form = reading.form
    assert form is not None

    def one_of(columns: tuple[str, ...]) -> list[pl.Expr]:
        there = [pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name)) for name in columns if name in names]
        return [pl.coalesce(there)] if there and not is_turns else []

    answers = [pl.when(pl.col(name) != "").then(pl.col(name)) for name in form.answered if name in names]
    parts = [*one_of(form.before), pl.col(form.asked), *one_of(form.after), *answers]
    return pl.when(pl.col(form.asked).is_not_null()).then(pl.concat_str(parts, separator="\n", ignore_nulls=True))


def _plain_text(column: pl.Series) -> pl.Series | None:
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
    turns, said = pl.col(column.name), pl.element().struct.field("content" if "content" in fields else "value")
    joined = turns.list.eval(said).list.join("\n", ignore_nulls=False)
    return column.to_frame().select(pl.when(turns.list.len() > 0).then(joined)).to_series()
