"""The answers of questions: a list in each row, or one answer in each row of a group.

Rows gain columns without being written anew: a line of JSONL keeps its bytes up to its closing brace.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sctk_core import ConfigError, suggestion
from sctk_core.reading import (
    Chunk,
    Fault,
    Input,
    Lines,
    Misfit,
    NoSuchPath,
    Reason,
    Table,
    TextColumn,
    answers_of,
    list_in,
    listed,
    named_usually,
    no_column,
    objects,
    root_of,
    value_at,
    whole,
)

from sctk_data.bad_rows import BadRows
from sctk_data.chunks import chunks
from sctk_data.jsonl import Output
from sctk_data.pace import Pace
from sctk_data.scores import Column, Columns
from sctk_data.seen import Seen

if TYPE_CHECKING:
    import polars as pl

USUAL = ("answers", "samples", "responses", "completions", "generations")


class AnswerLists:
    """Reads the column that holds each row's answers: named, or found by its usual name."""

    def __init__(self, name: str | None, bad: BadRows) -> None:
        self.name, self._bad = name, bad

    def of(self, chunk: Chunk) -> tuple[list[int], pl.Series, list[int]]:
        """(index of every good row, all their answers, n + 1 offsets into them)."""
        good, lists = self._of_table(chunk) if isinstance(chunk, Table) else self._of_lines(chunk)
        offsets = [0, *lists.list.len().cum_sum().to_list()]
        return good, lists.filter(lists.list.len() > 0).explode(), offsets

    def _of_lines(self, chunk: Lines) -> tuple[list[int], pl.Series]:
        return self._of_rows(chunk, objects(chunk, self._bad))

    def _of_rows(self, chunk: Chunk, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> tuple[list[int], pl.Series]:
        import polars as pl

        good, found = [], []
        for index, row in rows:
            if self.name is None:
                lists = {name: value for name, each in row.items() if (value := _list_in(each)) is not None}
                texts = [name for name, value in lists.items() if all(isinstance(one, str) for one in value)]
                self._settle(list(lists), texts, row, chunk.where(index))
            answers = _listed(row, self.name or "")
            if isinstance(answers, str):
                self._bad(Fault(where=chunk.where(index), reason=answers))
            else:
                good.append(index)
                found.append(answers)
        return good, pl.Series("answers", found, dtype=pl.List(pl.String))

    def _of_table(self, chunk: Table) -> tuple[list[int], pl.Series]:
        import polars as pl

        schema = chunk.frame.schema
        lists = {name: kind for name, kind in schema.items() if isinstance(kind, pl.List)}
        texts = [name for name, kind in lists.items() if kind == pl.List(pl.String)]
        written = [name for name, kind in schema.items() if kind == pl.String and _writes_lists(chunk.frame[name])]
        self._settle([*lists, *written], [*texts, *written], schema, chunk.source.name)
        name = self.name or ""
        kind = schema.get(root_of(name, schema))
        if not isinstance(kind, (pl.List, pl.Struct)) and name not in written:
            raise ConfigError(
                f"{chunk.source.name}: column {name!r}: got {kind or 'no such column'}, wanted lists of text",
                hint=suggestion(name, schema) or "name another with --column, or use --group-by",
            )
        if name not in schema or kind != pl.List(pl.String):
            return self._of_rows(chunk, enumerate(chunk.frame.iter_rows(named=True)))
        answers = chunk.frame[name].alias("answers")
        whole_ = (answers.list.drop_nulls().list.len() == answers.list.len()).fill_null(value=False)
        for index in (~whole_).arg_true().to_list():
            self._bad(Fault(where=chunk.where(index), reason=f"null in {name!r}"))
        return whole_.arg_true().to_list(), answers.filter(whole_)

    def _settle(self, lists: Sequence[str], texts: Sequence[str], names: Mapping[str, Any], where: str) -> None:
        """Finds the column, where none was named: a list of a usual name, or the only list of texts."""
        if self.name is not None:
            return
        usual = named_usually(USUAL, lists)
        if len(usual) != 1 and len(texts) != 1:
            raise ConfigError(
                f"{where}: got {len(texts)} columns that may hold the answers (columns: {listed(list(names))}), wanted one",
                hint="say which it is with --column, or use --group-by where each row holds one answer",
            )
        self.name = usual[0] if len(usual) == 1 else texts[0]


def _listed(row: Mapping[str, Any], name: str) -> list[str] | str:
    """The row's answers as texts, equal ones as often as they are there; or why they cannot be compared."""
    try:
        value = value_at(row, name)
    except NoSuchPath:
        return f"no column {name!r}"
    try:
        listed_ = list_in(value)
    except Misfit as error:
        return f"{error.got} in {name!r}"
    if listed_ is None:
        return f"null in {name!r}" if value is None else f"no list in {name!r}"
    try:
        found = [answers_of(each) for each in listed_]
    except Misfit:
        found = [[]]
    if not all(len(one) == 1 for one in found):
        return f"an answer that is no text in {name!r}"
    return [one for (one,) in found] if all(whole(one) for (one,) in found) else f"half a surrogate pair in {name!r}"


def _writes_lists(column: pl.Series) -> bool:
    """Whether a column of text writes lists, as far as its first text tells."""
    texts = column.drop_nulls()
    return bool(len(texts)) and _list_in(texts[0]) is not None


def _list_in(value: object) -> list[Any] | None:
    """The list that a value is or writes; None: it is none, or a torn one."""
    try:
        return list_in(value)
    except Misfit:
        return None


class Groups:
    """Rows with one answer each: their texts, and which question each is of, in order of first rows."""

    def __init__(self, column: TextColumn, group_by: str, bad: BadRows) -> None:
        self._column, self._by, self._bad = column, group_by, bad
        self._codes: dict[str, int] = {}
        self._code_of_row = array("Q")

    def read(self, sources: list[Input], pace: Pace) -> tuple[Seen, pl.Series]:
        """(which rows there are, their texts in the order of the files)."""
        import polars as pl

        seen, held = Seen(sources), [pl.Series("text", [], dtype=pl.String)]
        for chunk in chunks(sources, pace):
            indices, texts, keys = self._of_table(chunk) if isinstance(chunk, Table) else self._of_lines(chunk)
            for key in keys:
                self._code_of_row.append(
                    self._codes.setdefault(json.dumps(key, default=str, sort_keys=True), len(self._codes))
                )
            seen.add(chunk, indices)
            held.append(texts.alias("text"))
        return seen, pl.concat(held, rechunk=False)

    def sorted(self, texts: pl.Series) -> tuple[pl.Series, list[int], list[int]]:
        """(texts by question, offsets of questions, where each row of the files lies among them)."""
        import polars as pl

        codes = pl.Series("code", self._code_of_row, dtype=pl.UInt64)
        order = pl.DataFrame({"code": codes}).with_row_index("row").sort("code", "row")["row"]
        counts = [0] * len(self._codes)
        for code in self._code_of_row:
            counts[code] += 1
        offsets = [0]
        for count in counts:
            offsets.append(offsets[-1] + count)
        places = pl.DataFrame({"row": order}).with_row_index("place").sort("row")["place"].to_list()
        return texts.gather(order), offsets, places

    @property
    def column(self) -> str | None:
        """The name of the answers' column."""
        return self._column.name

    def place(self, question: int) -> str:
        """What a complaint calls a question."""
        return f"{self._by} {next(key for key, code in self._codes.items() if code == question)[:80]}"

    def question(self, row: int) -> int:
        """The question of a row."""
        return self._code_of_row[row]

    def _of_lines(self, chunk: Lines) -> tuple[list[int], pl.Series, list[Any]]:
        import polars as pl

        good, texts, keys = [], [], []
        for index, row in objects(chunk, self._bad):
            text = self._column.text(row, chunk.source, chunk.where(index))
            if row.get(self._by) is None:
                text = Reason(f"{'null in' if self._by in row else 'no column'} {self._by!r}")
            if isinstance(text, Reason):
                self._bad(Fault(where=chunk.where(index), reason=text))
            else:
                good.append(index)
                texts.append(text)
                keys.append(row[self._by])
        return good, pl.Series("text", texts, dtype=pl.String), keys

    def _of_table(self, chunk: Table) -> tuple[list[int], pl.Series, list[Any]]:
        if self._by not in chunk.frame.schema:
            raise no_column(chunk.source.name, self._by, chunk.frame.schema, wanted="--group-by")
        indices, texts = self._column.of(chunk)
        keys = chunk.frame[self._by].gather(indices)
        missing = keys.is_null()
        for at in missing.arg_true().to_list():
            self._bad(Fault(where=chunk.where(indices[at]), reason=f"null in {self._by!r}"))
        kept = (~missing).arg_true()
        return [indices[at] for at in kept.to_list()], texts.gather(kept), keys.gather(kept).to_list()


def put_with(output: Output, chunk: Chunk, indices: Sequence[int], columns: Columns, *, lists: bool) -> None:
    """Gives these rows with the columns added; `lists`: the columns have lists of what belongs to answers."""
    if isinstance(chunk, Lines):
        rows: list[dict[str, Any]] = [{} for _ in indices]
        for name, column in columns.items():
            for row, value in zip(rows, column.values, strict=True):
                row[name] = value
        output.lines([_spliced(chunk, index, row) for index, row in zip(indices, rows, strict=True)])
        return
    taken = sorted(set(columns) & set(chunk.frame.columns))
    if taken:
        raise _taken(chunk.source.name, taken)
    frame = chunk.frame if len(indices) == len(chunk) else chunk.frame[list(indices)]
    output.frame(frame.with_columns(_series(name, column, lists) for name, column in columns.items()))


def _spliced(chunk: Lines, index: int, more: Mapping[str, Any]) -> bytes:
    """The row's line with the values put in before its closing brace."""
    body = chunk.lines[index].strip()[:-1].rstrip()
    taken = sorted(name for name in more if f'"{name}"'.encode() in body and name in json.loads(body + b"}"))
    if taken:
        raise _taken(chunk.where(index), taken)
    comma = b"" if body == b"{" else b", "
    return body + comma + json.dumps(more, ensure_ascii=False, allow_nan=False)[1:].encode("utf-8") + b"\n"


def _taken(where: str, names: Sequence[str]) -> ConfigError:
    return ConfigError(
        f"{where}: got the column {names[0]!r}, wanted a name that is free: this command adds it",
        hint="rename the column",
    )


def _series(name: str, column: Column, lists: bool) -> pl.Series:
    import polars as pl

    inner: Any = {"float": pl.Float64, "int": pl.Int64, "text": pl.String}[column.kind]
    return pl.Series(name, column.values, dtype=pl.List(inner) if lists and column.per_answer else inner)
