"""The text of a row: which column holds it, and why a row has none.

A column is taken as one Arrow column for each chunk, whatever the form of the file; the turns of a chat are joined by line feeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sctk_core.errors import ConfigError
from sctk_core.reading.chunks import Chunk
from sctk_core.reading.columns import listed, named_usually, no_column
from sctk_core.reading.faults import Fault
from sctk_core.reading.lines import Lines, objects
from sctk_core.reading.tables import Table

if TYPE_CHECKING:
    import polars as pl

USUAL = (
    "text",
    "content",
    "document",
    "messages",
    "prompt",
    "question",
    "instruction",
    "completion",
    "response",
    "answer",
)


class TextColumn:
    """The text column of a command: named, or found in the first row by its usual name. `bad` is told of rows without a text."""

    def __init__(self, name: str | None, bad: Callable[[Fault], object], *, option: str = "--column") -> None:
        self.name, self._bad, self._option = name, bad, option

    def of(self, chunk: Chunk) -> tuple[list[int], pl.Series]:
        """(index of every good row, their texts as one Arrow column)."""
        return self._of_table(chunk) if isinstance(chunk, Table) else self._of_lines(chunk)

    def _of_lines(self, chunk: Lines) -> tuple[list[int], pl.Series]:
        import polars as pl

        good, found = [], []
        for index, row in objects(chunk, self._bad):
            self.settle(row, chunk.where(index))
            text = text_of(row, self.name or "")
            if isinstance(text, Reason):
                self._bad(Fault(where=chunk.where(index), reason=text))
            else:
                good.append(index)
                found.append(text)
        return good, pl.Series("text", found, dtype=pl.String)

    def settle(self, row: Mapping[str, Any], where: str) -> None:
        """Finds the column in the first row, where no name was given."""
        if self.name is None:
            self.name = self._found(list(row), [name for name, value in row.items() if isinstance(value, str)], where)

    def _of_table(self, chunk: Table) -> tuple[list[int], pl.Series]:
        import polars as pl

        schema = chunk.frame.schema
        if self.name is None:
            self.name = self._found(
                list(schema), [name for name, kind in schema.items() if kind == pl.String], chunk.source.name
            )
        if self.name not in schema:
            hint = f"name one that is there with {self._option}"
            raise no_column(chunk.source.name, self.name, schema, hint=hint)
        texts = _as_text(chunk.frame[self.name], chunk.source.name)
        missing = texts.is_null()
        for index in missing.arg_true().to_list():
            self._bad(Fault(where=chunk.where(index), reason=f"null in {self.name!r}"))
        good = (~missing).arg_true()
        return good.to_list(), texts if len(good) == len(texts) else texts.gather(good)

    def _found(self, names: Sequence[str], texts: Sequence[str], where: str) -> str:
        usual = named_usually(USUAL, names)
        if "text" in usual or len(usual) == 1:
            return usual[0]
        if not usual and len(texts) == 1:
            return texts[0]
        raise ConfigError(
            f"{where}: got {'several columns' if usual else 'no column'} that may be the text (columns: {listed(names)})",
            hint=f"say which it is with {self._option} {(usual or list(names) or ['NAME'])[0]}",
        )


class Reason(str):
    """Why a row has no text, apart from its text."""

    __slots__ = ()


def text_of(row: Mapping[str, Any], name: str) -> str | Reason:
    """The row's text in column `name`, or the reason why there is none; turns of a chat are joined by line feeds."""
    if name not in row:
        return Reason(f"no column {name!r}")
    value = row[name]
    if isinstance(value, list) and value and all(isinstance(turn, dict) for turn in value):
        contents = [turn.get("content") for turn in value]
        value = "\n".join(contents) if all(isinstance(one, str) for one in contents) else contents
    if value is None:
        return Reason(f"null in {name!r}")
    if not isinstance(value, str):
        return Reason(f"no text but a {type(value).__name__} in {name!r}")
    return value if whole(value) else Reason(f"half a surrogate pair in {name!r}")


def half_pair(text: str) -> int | None:
    r"""Where the text has half a surrogate pair, which is no Unicode; None: nowhere.

    >>> half_pair("a\ud83d"), half_pair("a\U0001f3ac")
    (1, None)
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return error.start
    return None


def whole(text: str) -> bool:
    """Whether the text has no half of a surrogate pair."""
    return half_pair(text) is None


def _as_text(column: pl.Series, source: str) -> pl.Series:
    """The column as text; of chat turns the contents, joined by line feeds, null where one of them is."""
    import polars as pl

    kind = column.dtype
    if kind == pl.String:
        return column
    if isinstance(kind, (pl.Categorical, pl.Enum)):
        return column.cast(pl.String)
    if isinstance(kind, pl.List) and _is_turn(kind.inner):
        turns = pl.col(column.name)
        joined = turns.list.eval(pl.element().struct.field("content")).list.join("\n", ignore_nulls=False)
        return column.to_frame().select(pl.when(turns.list.len() > 0).then(joined)).to_series()
    raise ConfigError(f"{source}: column {column.name!r}: got {kind}, wanted text", hint="name another column")


def _is_turn(kind: object) -> bool:
    import polars as pl

    return isinstance(kind, pl.Struct) and pl.Field("content", pl.String) in kind.fields
