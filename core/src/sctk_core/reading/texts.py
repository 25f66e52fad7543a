"""The text of a row: out of the columns that were named, or out of those of the form that the file's first row shows.

`parts.py` says what the text of one row is; here a chunk becomes one Arrow column, whatever the form of the file. Of a form the
whole row is compared, what is asked and what is answered: rows with one instruction and other inputs are different rows. Where no
column is called as answers are, all columns with text are the row's, but for those that only tell of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sctk_core.errors import ConfigError
from sctk_core.reading.capitals import usual_names
from sctk_core.reading.chunks import Chunk
from sctk_core.reading.columns import headless, holds_text, is_about, is_bare, is_id, listed, named_usually, no_column
from sctk_core.reading.faults import Fault
from sctk_core.reading.forms import WRITTEN
from sctk_core.reading.frames import first_row, quick_texts, text_columns
from sctk_core.reading.inputs import Input
from sctk_core.reading.lines import Lines, objects
from sctk_core.reading.nested import rows_elsewhere
from sctk_core.reading.parts import Parts, Reading, Reason, answer_of, ends_of
from sctk_core.reading.paths import root_of
from sctk_core.reading.row_forms import (
    COLUMNS,
    SYSTEM,
    Found,
    RowForm,
    answered_in,
    named_form,
    parts_asked,
    recognised,
    where_asked,
)
from sctk_core.reading.tables import Table

if TYPE_CHECKING:
    import polars as pl

ALONE = "text"
"""A column of that name is the text, whatever is beside it."""
DOCUMENTS = ("content", "document")
ANSWERS = ("completion", "response", "answer")
TRANSLATION = ("source", "target")
"""Beside a target a source is a text, and not where the row is from."""
_BESIDE_TEXT = ("role", "from", "object", "finish_reason", "speaker", "author", "sender", "name", "type")
"""What tells of a text that stands beside it in an object."""
USUAL = COLUMNS | {ALONE, *DOCUMENTS, *ANSWERS, *TRANSLATION, *SYSTEM}


class TextColumn:
    """The text columns of a command: named, or found in the first row of each file. `bad` is told of rows without a text.

    `besides` are columns that have another part in the command; with them one column is looked for and no form. With `answers`
    numbers, and true or false, are texts too. Without `guiding` turns and columns of the system are left out, and `aside` has their
    roles. `read_as` are the forms that were found, `unread` the columns that hold text and
    were not read.
    """

    def __init__(
        self,
        names: str | Sequence[str] | None,
        bad: Callable[[Fault], object],
        *,
        option: str = "--column",
        besides: Sequence[str] = (),
        answers: bool = False,
        guiding: bool = True,
    ) -> None:
        self._named = (names,) if isinstance(names, str) else tuple(names or ())
        self._bad, self._option, self._besides, self._answers = bad, option, frozenset(besides), answers
        self.aside: set[str] | None = None if guiding else set()
        self._readings: dict[object, Reading] = {}
        self._read: dict[str, None] = dict.fromkeys(self._named)
        self._firsts: list[tuple[Mapping[str, Any], Reading]] = []
        self._others: dict[str, None] = {}
        self._left: dict[str, None] = {}
        self._called: dict[str, str] = {}
        self._as_written: set[str] = set()

    @property
    def name(self) -> str | None:
        """The columns that were read, as a summary names them; None: no row was seen."""
        found = [name for reading in self._readings.values() for name in reading.columns_of(self._read)]
        return " + ".join(dict.fromkeys([*self._named, *self._spelled(found)])) or None

    @property
    def read_as(self) -> list[str]:
        """The forms that rows were read as, in the words of the field."""
        return list(dict.fromkeys(reading.form.name for reading in self._readings.values() if reading.form))

    @property
    def unread(self) -> list[str]:
        """The columns that hold text and were read in no row, or in none of some files."""
        roots = {root_of(name, {}) for name in self._read} | set(self._read)
        names = [name for name in self._others | self._left if name in self._left or name not in roots]
        return list(dict.fromkeys(self._spelled(names)))

    def _spelled(self, names: Iterable[str]) -> Iterator[str]:
        """Columns as rows have them: one of a usual name may be called so in some, and in other capitals in others."""
        for name in names:
            if name not in self._called or name in self._as_written:
                yield name
            if name in self._called:
                yield self._called[name]

    def of(self, chunk: Chunk) -> tuple[list[int], pl.Series]:
        """(index of every good row, their texts as one Arrow column)."""
        good, texts, _ = self.in_parts(chunk, ends=False)
        return good, texts

    def in_parts(self, chunk: Chunk, *, ends: bool = True) -> tuple[list[int], pl.Series, pl.Series | None]:
        """(index of every good row, their texts, the bytes at which each text's parts end as lists of uint32).

        A text without ends is one text; None: all are.
        """
        return self._of_table(chunk, ends=ends) if isinstance(chunk, Table) else self._of_lines(chunk, ends=ends)

    def text(self, row: Mapping[str, Any], source: Input, where: str) -> str | Reason:
        """The text of one row, or the reason why it has none."""
        parts = self._parts(row, source, where)
        return parts if isinstance(parts, str) else "\n".join(parts)

    def _parts(self, row: Mapping[str, Any], source: Input, where: str) -> Parts:
        row = self._as_usual(row, where)
        reading = self._reading(row, source, where)
        if not self._named and reading.first not in row:
            reading = self._another(row, where) or reading
        columns, parts = reading.parts(row)
        if self._answers and isinstance(parts, Reason):
            parts = answer_of(row, reading.first, parts)
        self._read.update(dict.fromkeys(columns))
        written, own = source.form in WRITTEN, reading.roots
        for name, value in row.items():
            found = self._others if name in own else self._left
            if name in found or (name in own and name in self._read) or not self._may_be_text(name):
                continue
            if holds_text(value) and not (written and is_bare(value)):
                found[name] = None
        return parts

    def _as_usual(self, row: Mapping[str, Any], where: str) -> Mapping[str, Any]:
        """The row with its columns under their usual names, where they are called so but for their capitals."""
        called = self._usual(tuple(row), where)
        return {called.get(name, name): value for name, value in row.items()} if called else row

    def _usual(self, names: tuple[str, ...], where: str) -> dict[str, str]:
        if self._named:
            return {}
        hint = f"say which it is with {self._option}"
        try:
            found = dict(usual_names(names, USUAL, self._besides, hint))
        except ConfigError as error:
            raise ConfigError(f"{where}: {error.args[0]}", hint=error.hint) from error
        self._called |= {usual: name for name, usual in found.items()}
        self._as_written.update(names)
        return found

    def _of_lines(self, chunk: Lines, *, ends: bool) -> tuple[list[int], pl.Series, pl.Series | None]:
        return self._row_by_row(chunk, objects(chunk, self._bad), ends=ends)

    def _of_table(self, chunk: Table, *, ends: bool) -> tuple[list[int], pl.Series, pl.Series | None]:
        called = self._usual(tuple(chunk.frame.schema), chunk.source.name)
        chunk = replace(chunk, frame=chunk.frame.rename(called)) if called else chunk
        reading = self._reading(first_row(chunk.frame), chunk.source, chunk.source.name)
        self._check_columns(chunk)
        for name in text_columns(chunk.frame):
            if self._may_be_text(name):
                (self._others if name in reading.roots else self._left)[name] = None
        quick = quick_texts(chunk.frame, reading, ends=ends)
        if quick is None:
            return self._row_by_row(chunk, enumerate(chunk.frame.iter_rows(named=True)), ends=ends)
        texts, cuts = quick
        self._read.update(dict.fromkeys(reading.columns_of(chunk.frame.schema)))
        missing = texts.is_null()
        for index in missing.arg_true().to_list():
            self._bad(Fault(where=chunk.where(index), reason=f"null in {reading.first!r}"))
        good = (~missing).arg_true()
        if len(good) < len(texts):
            texts, cuts = texts.gather(good), None if cuts is None else cuts.gather(good)
        return good.to_list(), texts, cuts

    def _row_by_row(
        self, chunk: Chunk, rows: Iterable[tuple[int, Mapping[str, Any]]], *, ends: bool
    ) -> tuple[list[int], pl.Series, pl.Series | None]:
        import polars as pl

        good, found, cuts = [], [], list[list[int]]()
        for index, row in rows:
            parts = self._parts(row, chunk.source, chunk.where(index))
            if isinstance(parts, Reason):
                self._bad(Fault(where=chunk.where(index), reason=parts))
                continue
            good.append(index)
            if isinstance(parts, str):
                found.append(parts)
                cuts.append([])
            else:
                found.append("\n".join(parts))
                cuts.append(ends_of(parts) if ends else [])
        where = pl.Series("ends", cuts, dtype=pl.List(pl.UInt32)) if any(cuts) else None
        return good, pl.Series("text", found, dtype=pl.String), where

    def _check_columns(self, chunk: Table) -> None:
        """A ConfigError where a named column is not there, or can hold no text: so it is in every row."""
        schema = chunk.frame.schema
        for name in self._named:
            root = root_of(name, schema)
            if root not in schema:
                hint = f"name one that is there with {self._option}"
                raise no_column(chunk.source.name, name, schema, hint=hint)
            if (schema[root].is_numeric() and not self._answers) or schema[root].is_temporal():
                raise ConfigError(
                    f"{chunk.source.name}: column {root!r}: got {schema[root]}, wanted text", hint="name another column"
                )

    def _may_be_text(self, name: str) -> bool:
        return name not in self._besides and not is_id(name)

    def _reading(self, row: Mapping[str, Any], source: Input, where: str) -> Reading:
        """How the rows of a file are read: as its first row is, or as those of an earlier file with the same columns."""
        found = self._readings.get(id(source))
        if found is None:
            typed = {k: v for k, v in row.items() if k in USUAL or not is_bare(v)} if source.form in WRITTEN else row
            found = next((reading for first, reading in self._firsts if _same_columns(first, row)), None)
            found = found or (
                Reading(names=self._named) if self._named else self._found(typed, where, written=source.form in WRITTEN)
            )
            found = self._readings[id(source)] = replace(found, aside=self.aside)
            self._firsts.append((row, found))
        return found

    def _another(self, row: Mapping[str, Any], where: str) -> Reading | None:
        """How a row of another form than the first of its file is read; None: it has none."""
        shape = frozenset(row)
        if shape not in self._readings and not self._besides and recognised(row):
            self._readings[shape] = replace(self._found(row, where), aside=self.aside)
        return self._readings.get(shape)

    def _found(self, row: Mapping[str, Any], where: str, *, written: bool = False) -> Reading:
        form = None if self._besides else recognised(row)
        if ALONE in row and ALONE not in self._besides:
            parts = self._beside_text(row, form)
            return Reading(names=(ALONE, *parts), anyhow=bool(parts))
        documents = [name for name in named_usually(DOCUMENTS, row) if _is_text(row[name])]
        if form is not None and not documents:
            return self._whole(row, form.form, form.asked)
        unfit = named_form(row)
        if not self._besides and not documents and unfit and not isinstance(row[unfit.asked], dict):
            if unfit.turns and holds_text(row[unfit.asked]):  # it holds no turns, but text
                return Reading(names=tuple(self._holding(row)), anyhow=True)
            return self._whole(row, unfit, (unfit.asked,))  # the first row alone may be without a text
        if not self._besides and not documents and all(isinstance(row.get(name), str) for name in TRANSLATION):
            return Reading(names=TRANSLATION)
        usual = [*documents, *([form.form.asked] if form else [])] or self._one_column(row)
        if len(usual) == 1:
            return Reading(names=tuple(usual))
        longest = max(self._holding(row), key=lambda name: len(str(row[name])), default="")
        asked = where_asked(row)
        asked = text_within(row[asked], asked) if isinstance(row.get(asked), dict) else asked
        within = asked or (text_within(row[longest], longest) if longest else "")
        names = listed([self._called.get(name, name) for name in row])
        meant = [*usual, within or "NAME"][0]
        no_header = headless(row) if written and not usual else ""
        raise ConfigError(
            f"{where}: got {'several columns' if usual else 'no column'} that may be the text (columns: {names})",
            hint=no_header
            or rows_elsewhere(row)
            or f"say which it is with {self._option} {self._called.get(meant, meant)}",
        )

    def _whole(self, row: Mapping[str, Any], form: RowForm, asked: Sequence[str]) -> Reading:
        """The form; or all text of the row, where it has no answer by its usual name and other columns hold text: one may be it."""
        holding = self._holding(row)
        whole = tuple(name for name in row if name in asked or name in holding)
        answered = answered_in(row, form)
        if not (answered or set(whole) <= set(asked)):
            return Reading(names=whole, anyhow=True)
        parts = parts_asked(row, form, guiding=self.aside is None)
        names = tuple(name for name in row if name in parts or name in asked or name in answered)
        return Reading(names=names, anyhow=True) if parts else Reading(form=form)

    def _beside_text(self, row: Mapping[str, Any], found: Found | None) -> tuple[str, ...]:
        """What is asked and answered beside a column of text that does not hold it."""
        if found is None or not isinstance(row[ALONE], str):
            return ()
        asked = [name for name in found.asked if isinstance(row[name], str)]
        is_held = not asked or all(row[name].strip() in row[ALONE] for name in asked)
        beside = parts_asked(row, found.form, guiding=self.aside is None)
        return () if is_held else (*found.asked, *answered_in(row, found.form), *beside)

    def _one_column(self, row: Mapping[str, Any]) -> list[str]:
        """The text of a row of no form: its one column that holds text; of a row whose question is elsewhere the answer."""
        answers = [name for name in named_usually(ANSWERS, row) if name not in self._besides]
        if self._besides and answers:
            return answers
        texts = [name for name, value in row.items() if isinstance(value, str) and not self._tells(name)]
        return texts if len(texts) == 1 and (self._besides or set(self._holding(row)) <= set(texts)) else []

    def _holding(self, row: Mapping[str, Any]) -> list[str]:
        return [name for name, value in row.items() if holds_text(value) and not self._tells(name)]

    def _tells(self, name: str) -> bool:
        """Whether a column has another part, or only tells of its row."""
        return name in self._besides or is_about(name)


def _is_text(value: object) -> bool:
    return isinstance(value, str | list) and holds_text(value)


def _same_columns(first: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether two rows have the same columns, with values of the same kinds where both have one.

    >>> _same_columns({"text": "a", "n": None}, {"text": "b", "n": 1}), _same_columns({"text": "a"}, {"text": ["a"]})
    (True, False)
    """
    return first.keys() == row.keys() and all(
        value is None or first[name] is None or isinstance(value, type(first[name])) for name, value in row.items()
    )


def text_within(value: object, path: str) -> str:
    """The path of the first text in a value, or of a list of texts; "" where there is none.

    >>> text_within({"n": 1, "text": ["a", "b"]}, "choices"), text_within([{"prompt": "a"}], "data"), text_within(5, "x")
    ('choices.text', 'data[0].prompt', '')
    >>> text_within({"object": "chat.completion", "choices": [{"message": {"role": "assistant", "content": "Hi"}}]}, "body")
    'body.choices[0].message.content'
    >>> text_within([{"speaker": "A", "utterance": "Hi"}, {"speaker": "B", "utterance": "Yo"}], "turns")
    'turns[*].utterance'
    """
    if isinstance(value, str) or (isinstance(value, list) and value and all(isinstance(each, str) for each in value)):
        return path if holds_text(value) else ""
    if isinstance(value, dict):
        named = sorted((key for key in value if not is_id(key)), key=lambda key: is_about(key) or key in _BESIDE_TEXT)
        inside = (text_within(value[key], f"{path}.{key}") for key in named)
        return next(filter(None, inside), "")
    which = "[0]" if isinstance(value, list) and len(value) == 1 else "[*]"
    return text_within(value[0], f"{path}{which}") if isinstance(value, list) and value else ""
