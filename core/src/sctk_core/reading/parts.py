"""The text of one row, out of named columns or out of those of a form: its parts, one below the other.

Parts are what may differ by itself: each turn of a conversation, each column of what is asked and of what is answered. The text of
one column is one text, of no parts.
"""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sctk_core.reading.answers import answers_of
from sctk_core.reading.paths import NoSuchPath, root_of, value_at
from sctk_core.reading.row_forms import RowForm, answered_in, as_form, part_text
from sctk_core.reading.turns import Misfit, texts_of
from sctk_core.reading.written import listed_texts
from sctk_core.shown import kind_of


class Reason(str):
    """Why a row has no text, apart from its text."""

    __slots__ = ()


Parts = str | list[str] | Reason
"""One text, or the parts that a text is made of; or the reason why there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How the rows of a file are read: by `names` (paths), or as a form. `anyhow`: nobody named them, so lists and objects that are
    no text are compared as JSON. `aside`: what guides a conversation is left out, and its roles are put there.
    """

    names: tuple[str, ...] = ()
    form: RowForm | None = None
    anyhow: bool = False
    aside: set[str] | None = None

    @property
    def first(self) -> str:
        """The column without which a row has no text."""
        return self.form.asked if self.form else self.names[0]

    def columns_of(self, names: Container[str]) -> list[str]:
        """Those of its columns that are among `names`."""
        return [name for name in self._columns if name in names]

    @property
    def roots(self) -> frozenset[str]:
        """Its columns, and those that its paths begin at."""
        return _roots(self._columns)

    @property
    def _columns(self) -> tuple[str, ...]:
        form = self.form
        return self.names if form is None else (*form.before, form.asked, *form.after, *form.answered)

    def text(self, row: Mapping[str, Any]) -> tuple[tuple[str, ...], str | Reason]:
        """(the columns that were read, the text or the reason why there is none)."""
        columns, parts = self.parts(row)
        return columns, parts if isinstance(parts, str) else "\n".join(parts)

    def parts(self, row: Mapping[str, Any]) -> tuple[tuple[str, ...], Parts]:
        """(the columns that were read, the parts or the reason why there is no text)."""
        return (self.names, _named(row, self)) if self.form is None else _of_form(row, self.form, self.aside)


@cache
def _roots(columns: tuple[str, ...]) -> frozenset[str]:
    return frozenset((*columns, *(root_of(name, {}) for name in columns)))


def ends_of(parts: Sequence[str]) -> list[int]:
    """Where each part ends in the text, in bytes; the line feed after it belongs to the next one.

    >>> ends_of(["é", "", "ab"])
    [2, 3, 6]
    """
    ends, at = [], -1
    for part in parts:
        at += 1 + (len(part) if part.isascii() else len(part.encode()))
        ends.append(at)
    return ends


def text_of(row: Mapping[str, Any], name: str) -> str | Reason:
    """The row's text in column `name`, or the reason why there is none; turns of a chat are joined by line feeds."""
    parts = parts_of(row, name)
    return parts if isinstance(parts, str) else "\n".join(parts)


def parts_of(row: Mapping[str, Any], name: str, aside: set[str] | None = None) -> Parts:
    """The text in column `name`, or its turns, or the reason why there is none."""
    try:
        value = value_at(row, name)
    except NoSuchPath:
        return Reason(f"no column {name!r}")
    if value is None:
        return Reason(f"null in {name!r}")
    try:
        turns = texts_of(value, aside)
    except Misfit:
        return Reason(f"a turn that is no text alone in {name!r}")
    parts = turns or listed_texts(value) or (value if isinstance(value, str) else None)
    if parts is None:
        return Reason(f"no text but {kind_of(value)} in {name!r}")
    return parts if all(whole(part) for part in _listed(parts)) else Reason(f"half a surrogate pair in {name!r}")


def answer_of(row: Mapping[str, Any], name: str, reason: Reason) -> str | Reason:
    """The number, or true or false, that stands in column `name` as a text; else the reason why it has none."""
    try:
        value = value_at(row, name)
    except NoSuchPath:
        return reason
    is_one = isinstance(value, int | float | Decimal)
    return next(iter(answers_of(value)), Reason(f"null in {name!r}")) if is_one else reason


def _named(row: Mapping[str, Any], reading: Reading) -> Parts:
    """The named columns together; one alone must hold a text, of several those that are null are left out."""
    found = [parts_of(row, name, reading.aside) for name in reading.names]
    if reading.anyhow:
        found = [_or_json(name, row.get(name), text) for name, text in zip(reading.names, found, strict=True)]
        found = [
            text if name in row else Reason(f"null in {name!r}")
            for name, text in zip(reading.names, found, strict=True)
        ]
    if len(found) == 1:
        return found[0]
    null = [f"null in {name!r}" for name in reading.names]
    bad = [text for text, empty in zip(found, null, strict=True) if isinstance(text, Reason) and text != empty]
    there = [text for text in found if not isinstance(text, Reason)]
    return bad[0] if bad else [part for text in there for part in _listed(text)] if there else found[0]


def _listed(text: str | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else text


def _or_json(name: str, value: Any, text: Parts) -> Parts:
    """The text, or of a list or an object that is none its JSON; an empty one is nothing."""
    if not isinstance(text, Reason) or not isinstance(value, list | dict) or _is_turns(value):
        return text
    if not value:
        return Reason(f"null in {name!r}")
    written = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return written if whole(written) else text


def _of_form(row: Mapping[str, Any], form: RowForm, aside: set[str] | None) -> tuple[tuple[str, ...], Parts]:
    """All that is asked and answered in the row."""
    found = as_form(row, form)
    asked = parts_of(row, form.asked, aside)
    if isinstance(asked, Reason):
        return (form.asked,), asked
    if found is None:
        return (form.asked,), Reason(f"no row like the first ({form.name})")
    parts = []
    for name in found.asked:
        parts += _listed(asked) if name == form.asked else [part_text(name, row[name])]
    answered = answered_in(row, form)
    parts += ["\n".join(answers_of(row[name])) for name in answered]
    if not all(whole(part) for part in parts):
        return found.asked, Reason("half a surrogate pair")
    return (*found.asked, *answered), parts


def _is_turns(value: Any) -> bool:
    """Whether a value is a conversation, though one of its turns may be no text."""
    try:
        return texts_of(value) is not None
    except Misfit:
        return True


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
