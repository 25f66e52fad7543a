"""What stands beside the prompt in a row: right answers, a document, a system turn, a group.

Each is in the column that the recipe names, where what does not fit is an error, or in one of a usual name, where it is left
unread.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sctk_core.builtin.looked import Looked
from sctk_core.builtin.options import chosen
from sctk_core.builtin.row_values import misfit, named, text_in
from sctk_core.conversation import GUIDING, Message
from sctk_core.errors import ConfigError
from sctk_core.reading import (
    KIND,
    OPTIONS,
    SYSTEM,
    Misfit,
    Row,
    context_of,
    definitions_of,
    holds_text,
    labelled,
    named_usually,
    plain_answers,
    truth_in,
    whole,
)
from sctk_core.references import references_of

OTHERS = {"reference": "other_references", "best_answer": "correct_answers"}
"""A column of gold answers -> the column beside it with more of them, in sctk's own tables and in TruthfulQA."""
LABELS = ("harmful",)
"""Labels of a request that rewards read."""
_LONGEST_KIND = 100
REFERENCE = (
    "reference", "ground_truth", "ground_truths", "gold", "gold_answer", "reference_answer", "expected_answer", "correct_answer",
    "best_answer", "Best Answer", "answer", "answers", "answerKey", "solution", "correct",
)  # fmt: skip
"""Where the truth is told apart from what a system answered, it comes first."""
DOCUMENT = ("document", "context")
TOOLS = ("tools", "functions")
"""Columns that define what a model may call."""
_OF_MODELS = frozenset(("model", "rank", "score", "rating", "overall_score", "generator"))
"""What is told of an answer that is one of several to choose from, and no gold answer."""


def references_in(row: Row, wanted: str, looked: Looked) -> tuple[str, ...]:
    """The right answers: of the named column (what does not fit is an error), or of the first usual one that is there."""
    usual = (one for one in named_usually(REFERENCE, row.values) if _may_be_right(row, one, looked))
    name = wanted or next(usual, "")
    if not name:
        return ()
    value = named(row, name, "reference")
    if not wanted and _is_of_models(value):
        looked.misfits[name] = "answers of models, and says of none that it is right"
        return ()
    for options in (labelled(row.values[one]) for one in looked.asked if one in OPTIONS and one in row.values):
        value = value if options is None else chosen(value, options)
    value = truth_in(value) if row.is_text else value
    others = row.values.get(OTHERS[name]) if name in OTHERS else None
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
        looked.roles["reference"] = (name, OTHERS[name]) if others else (name,)
    return found


def _may_be_right(row: Row, name: str, looked: Looked) -> bool:
    """Whether a column is one of gold answers in such a row: a solution beside a problem, what is correct by its letter."""
    if name == "correct":
        options = [labelled(row.values.get(one)) for one in looked.asked if one in OPTIONS]
        return any(row.values[name] in found for found in options if found and isinstance(row.values[name], str))
    return name != "solution" or "problem" in row.values


def _is_of_models(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) and not _OF_MODELS.isdisjoint(one) for one in value)


def _right(answers: list[str | float | bool]) -> tuple[str, ...]:
    """The answers that hold something."""
    try:
        return tuple(text for text in references_of(answers) if text.strip())
    except ConfigError as error:  # an infinite number, say
        raise Misfit("numbers that are not finite", "answers") from error


def text_beside(row: Row, wanted: str, role: str, looked: Looked) -> str | None:
    """The text of the column for `system` or `group`, which a row may lack; a group's number is taken as it is written."""
    name = wanted or next(iter(named_usually(SYSTEM if role == "system" else (role,), row.values)), "")
    value = named(row, name, role) if name else None
    if value is None:
        return None
    if role == "group" and isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not wanted and not (isinstance(value, str) and whole(value)):
        looked.misfits[name] = f"{type(value).__name__}, no text"
        return None
    if text_in(row, name, value).strip():
        looked.roles[role] = (name,)
    return text_in(row, name, value)


def system_turn(row: Row, wanted: str, messages: Sequence[Message], looked: Looked) -> tuple[Message, ...]:
    """The system turn that a column of its own holds; none where the conversation has that very turn, or another already, or where
    the column is named for what is asked.
    """
    if not wanted and any(name in looked.asked for name in SYSTEM):
        return ()
    text = text_beside(row, wanted, "system", looked)
    if not text or not text.strip():
        return ()
    own = messages[0].content if messages[0].role in GUIDING else None
    if own is not None and own != text and not wanted:
        (name,) = looked.roles.pop("system")
        looked.misfits[name] = "another system turn than the conversation"
        return ()
    return () if own == text else (Message(role="system", content=text),)


def tools_in(row: Row, looked: Looked) -> str:
    """The tools that may be called, as the JSON text of a list in OpenAI's form; "": none are defined."""
    name = next((one for one in named_usually(TOOLS, row.values) if holds_text(row.values[one])), "")
    if not name or name in looked.columns:
        return ""
    try:
        found = definitions_of(row.values[name])
        if not whole(found):
            raise Misfit("half a surrogate pair", "whole characters")
    except Misfit as error:
        looked.misfits[name] = f"{error.got}, no definitions of tools"
        return ""
    if found:
        looked.roles["tools"] = (name,)
    return found


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
    if not wanted and not text.strip():
        return None
    looked.roles["document"] = (name,)
    return text_in(row, name, text)
