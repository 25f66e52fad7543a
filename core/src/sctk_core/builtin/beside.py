"""What stands beside the prompt in a row: right answers, a document, a system turn, a group.

Each is in the column that the recipe names, where what does not fit is an error, or in one of a usual name, where it is left
unread.
"""

from __future__ import annotations

from collections.abc import Collection

from sctk_core.builtin.looked import Looked
from sctk_core.builtin.options import OPTIONS, chosen, labelled
from sctk_core.builtin.row_values import misfit, named, text_in
from sctk_core.errors import ConfigError
from sctk_core.reading import Misfit, Row, context_of, named_usually, plain_answers, whole
from sctk_core.references import references_of

OTHERS = "other_references"  # as sctk's own tables have them, beside "reference"
KIND = ("kind", "category", "type", "subject", "source")
LABELS = ("harmful",)
"""Labels of a request that rewards read."""
_LONGEST_KIND = 100
REFERENCE, DOCUMENT = ("reference", "answer", "gold", "answers", "Answer", "answerKey"), ("document", "context")


def references_in(row: Row, wanted: str, looked: Looked) -> tuple[str, ...]:
    """The right answers: of the named column (what does not fit is an error), or of the first usual one that is there."""
    name = wanted or next(iter(named_usually(REFERENCE, row.values)), "")
    if not name:
        return ()
    value = named(row, name, "reference")
    for options in (labelled(row.values[one]) for one in looked.asked if one in OPTIONS and one in row.values):
        value = value if options is None else chosen(value, options)
    others = row.values.get(OTHERS) if name == "reference" else None
    try:
        found = _right(list(plain_answers([value, others])))
        if not all(map(whole, found)):
            raise Misfit("half a surrogate pair", "whole characters")
    except Misfit as error:
        if wanted:
            raise misfit(row, name, error) from error
        looked.misfits[name] = f"{error.got.partition(' ')[0]}, no answer"
        return ()
    if found:
        looked.roles["reference"] = (name, OTHERS) if others else (name,)
    return found


def _right(answers: list[str | float | bool]) -> tuple[str, ...]:
    try:
        return references_of(answers)
    except ConfigError as error:  # an infinite number, say
        raise Misfit("numbers that are not finite", "answers") from error


def text_beside(row: Row, wanted: str, role: str, looked: Looked) -> str | None:
    """The text of the column `system` or `group`, which a row may lack; a group's number is taken as it is written."""
    if not wanted and role not in row.values:
        return None
    name = wanted or role
    value = named(row, name, role)
    if value is None:
        return None
    if role == "group" and isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not wanted and not (isinstance(value, str) and whole(value)):
        looked.misfits[name] = f"{type(value).__name__}, no text"
        return None
    looked.roles[role] = (name,)
    return text_in(row, name, value)


def kinds_in(row: Row, wanted: Collection[str], looked: Looked, taken: Collection[str]) -> dict[str, str]:
    """What the row is one of, by column, and "kind", all of it together; of the named columns, or of free ones of usual names."""
    free = [name for name in named_usually((*KIND, *LABELS), row.values) if name not in {*taken, *looked.columns}]
    usual = [name for name in free if name in KIND][:1] + [name for name in free if name in LABELS]
    found = {name: _kind(row, name, looked, is_named=bool(wanted)) for name in wanted or usual}
    known = {name: value for name, value in found.items() if value is not None}
    if not known:
        return {}
    looked.roles["kind"] = tuple(known)
    return known | {"kind": " / ".join(known.values())}


def _kind(row: Row, name: str, looked: Looked, *, is_named: bool) -> str | None:
    """A short text, a number or a truth value as text; None: there is none, or it is left unread."""
    value = named(row, name, "kind")
    if value is None:
        return None
    value = str(value) if isinstance(value, int | float) else value
    short = isinstance(value, str) and whole(value) and 0 < len(value) <= _LONGEST_KIND and value.isprintable()
    if not is_named and not short:
        looked.misfits[name] = "no short text"
        return None
    return text_in(row, name, value)


def document_in(row: Row, wanted: str, looked: Looked) -> str | None:
    """The context that no model is shown but by methods about documents: named, or found where it is not asked already."""
    usual = [name for name in named_usually(DOCUMENT, row.values) if name not in looked.asked]
    name = wanted or next(iter(usual), "")
    if not name:
        return None
    value = named(row, name, "document")
    if value is None:
        return None
    try:
        text = context_of(value)
        if not wanted and not whole(text):
            raise Misfit("half a surrogate pair", "whole characters")
    except Misfit as error:
        if wanted:
            raise misfit(row, name, error) from error
        looked.misfits[name] = f"{error.got.partition(' ')[0]}, no text"
        return None
    looked.roles["document"] = (name,)
    return text_in(row, name, text)
