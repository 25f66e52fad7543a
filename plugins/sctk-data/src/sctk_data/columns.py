"""The text of a row: which column holds it, and what to do with a row that has none.

A bad row (no valid JSON, no such column, null, no text) ends the command with its file and line; where they are to be skipped
they are counted, by reason, and told in the summary.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sctk_core import ConfigError, suggestion

from sctk_data.chunks import Chunk, Lines, Table

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
_SHOWN = 12


class BadRows:
    """What becomes of rows that cannot be read: an error at once, or a count by reason."""

    def __init__(self, *, skip: bool) -> None:
        self._skip = skip
        self.reasons: Counter[str] = Counter()
        self.first: str | None = None

    def __call__(self, where: str, reason: str, detail: str = "") -> None:
        """Counts the row at `where`, or ends the command."""
        if not self._skip:
            raise ConfigError(
                f"{where}: got {reason}{f' ({detail})' if detail else ''}",
                hint="mend the row, or leave such rows out and have them counted with --skip-bad",
            )
        self.reasons[reason] += 1
        self.first = self.first or f"{where}: {reason}"

    @property
    def n_rows(self) -> int:
        """How many there were."""
        return sum(self.reasons.values())


def parsed(chunk: Lines, bad: BadRows) -> tuple[list[int], list[dict[str, Any]]]:
    """The index and the values of every row that is an object; blank lines are no rows."""
    good, rows = [], []
    for index, line in enumerate(chunk.lines):
        try:
            value = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            if line.strip():
                bad(chunk.where(index), *_no_json(error))
            continue
        if isinstance(value, dict):
            good.append(index)
            rows.append(value)
        else:
            bad(chunk.where(index), f"no object but a {type(value).__name__}")
    return good, rows


def _no_json(error: Exception) -> tuple[str, str]:
    if isinstance(error, UnicodeDecodeError):
        return "bytes that are not UTF-8", f"byte 0x{error.object[error.start]:02x} at position {error.start}"
    if isinstance(error, json.JSONDecodeError):
        return "no valid JSON", f"{error.msg}, column {error.colno}"
    return "no valid JSON", str(error)


class TextColumn:
    """The text column of a command: named, or found in the first row by its usual name."""

    def __init__(self, name: str | None, bad: BadRows, *, option: str = "--column") -> None:
        self.name, self._bad, self._option = name, bad, option

    def of(self, chunk: Chunk) -> tuple[list[int], pl.Series]:
        """(index of every good row, their texts as one Arrow column)."""
        return self._of_table(chunk) if isinstance(chunk, Table) else self._of_lines(chunk)

    def _of_lines(self, chunk: Lines) -> tuple[list[int], pl.Series]:
        import polars as pl

        indices, rows = parsed(chunk, self._bad)
        if rows:
            self.settle(rows[0], chunk.where(indices[0]))
        good, found = [], []
        for index, row in zip(indices, rows, strict=True):
            text = text_of(row, self.name or "")
            if isinstance(text, Reason):
                self._bad(chunk.where(index), text)
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
            raise ConfigError(
                f"{chunk.source.name}: got no column {self.name!r} (columns: {listed(list(schema))})",
                hint=suggestion(self.name, schema) or f"name one that is there with {self._option}",
            )
        texts = _as_text(chunk.frame[self.name], chunk.source.name)
        missing = texts.is_null()
        for index in missing.arg_true().to_list():
            self._bad(chunk.where(index), f"null in {self.name!r}")
        good = (~missing).arg_true()
        return good.to_list(), texts if len(good) == len(texts) else texts.gather(good)

    def _found(self, names: Sequence[str], texts: Sequence[str], where: str) -> str:
        usual = [name for name in USUAL if name in names]
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


def whole(text: str) -> bool:
    """False for text with half a surrogate pair, which is no Unicode."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


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


def listed(names: Sequence[str]) -> str:
    """Column names as a complaint lists them."""
    shown = ", ".join(names[:_SHOWN])
    return f"{shown}, and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown or "none"
