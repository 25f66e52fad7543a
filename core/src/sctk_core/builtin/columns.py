"""From a row to a prompt: which column is what, by the recipe's word or by the names that such files usually carry.

A column that the recipe names must be in every row; a column found by its usual name is used where it is there. A row says
everything of its drafts and scores or nothing: a draft without its revision, or a score for one text of two, is an error,
because the rest would be made here, by another model and on another scale.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sctk_core.config import setting
from sctk_core.errors import ConfigError
from sctk_core.reading import Row, half_pair, listed, named_usually, no_column
from sctk_core.records import Given, Message, Prompt

PROMPTS = ("messages", "prompt", "instruction", "question", "query")
OTHERS: Mapping[str, tuple[str, ...]] = {
    "system": ("system",), "reference": ("reference", "answer", "gold"), "document": ("document", "context"), "group": ("group",),
}  # fmt: skip
TEXTS = (
    ("summary_pre", "summary_after"),
    ("draft", "revision"),
    ("response", "response_revised"),
    ("original", "revised"),
)
SCORES = (
    ("scores_pre", "scores_after"), ("draft_score", "revision_score"), ("score_response", "score_response_revised"),
    ("original_score", "revised_score"),
)  # fmt: skip
_LARGEST = sys.float_info.max


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column of the file is what; nothing: recognised by its usual name."""

    prompt: str = setting(
        "", help="the text, or the list of role and content, that is asked (prompt, messages, question, ...)"
    )
    system: str = setting("", help="a system turn before the prompt")
    reference: str = setting("", help="the gold answer (reference, answer, gold)")
    document: str = setting("", help="the context of knowledge methods (document, context)")
    group: str = setting("", help="the item (a film, a document) whose rows fall on one side of a split")
    texts: tuple[str, ...] = setting(
        (), help="draft, then revisions, made elsewhere (draft, revision; summary_pre, ...)"
    )
    scores: tuple[str, ...] = setting((), help="their scores, in the same order (draft_score, ...; scores_pre, ...)")


def prompt_of(row: Row, columns: Columns, *, trim: bool) -> Prompt:
    """The prompt of a row, its occurrence not yet counted; what the row cannot say is a ConfigError that names it."""
    messages, answer = _messages(row, columns)
    system = _optional(row, columns, "system")
    if system:
        messages = (Message(role="system", content=system), *messages)
    reference = _optional(row, columns, "reference")
    group = _optional(row, columns, "group")
    return Prompt(
        messages=messages,
        reference=answer if reference is None else reference,
        document=_optional(row, columns, "document"),
        meta={} if group is None else {"group": group},
        given=_given(row, columns, trim),
    )


def _messages(row: Row, columns: Columns) -> tuple[tuple[Message, ...], str | None]:
    """The turns up to the last that is not the assistant's, and the answer that followed it in the file, if one did."""
    name = columns.prompt or next(iter(named_usually(PROMPTS, row.values)), "")
    value = _named(row, name, "prompt") if name else _no_prompt(row)
    if isinstance(value, list):
        return _turns(row, name, value)
    text = _text(row, name, value)
    if name == "instruction" and not columns.prompt and row.values.get("input"):
        text = f"{text}\n\n{_text(row, 'input', row.values['input'])}"  # the Alpaca format's second half
    if not text.strip():
        raise ConfigError(f"{row.where}: got an empty {name!r}, wanted a prompt", hint="take the row out, or mend it")
    return (Message(role="user", content=text),), None


def _no_prompt(row: Row) -> Any:
    raise ConfigError(
        f"{row.where}: got no column with a prompt (columns: {listed(list(row.values))}), wanted one of {', '.join(PROMPTS)}",
        hint='say which column it is: [source.columns] prompt = "..."',
    )


def _turns(row: Row, name: str, value: Sequence[Any]) -> tuple[tuple[Message, ...], str | None]:
    turns = []
    for number, turn in enumerate(value):
        role = turn.get("role") if isinstance(turn, Mapping) else None
        if role not in ("system", "user", "assistant"):
            shown = repr(role) if isinstance(turn, Mapping) else type(turn).__name__
            raise ConfigError(
                f"{row.where}: {name}[{number}]: got {shown}, wanted a turn with role system, user or assistant",
                hint='like {"role": "user", "content": "..."}',
            )
        turns.append(Message(role=role, content=_text(row, f"{name}[{number}].content", turn.get("content"))))
    answer = turns.pop().content if turns and turns[-1].role == "assistant" else None
    if not turns or turns[-1].role != "user" or not turns[-1].content.strip():
        raise ConfigError(
            f"{row.where}: got {name!r} without a user's turn to answer, wanted one at its end (or before the last answer)",
            hint="take the row out, or mend it",
        )
    return tuple(turns), answer


def _optional(row: Row, columns: Columns, role: str) -> str | None:
    """The text of a column that a row may lack; a number is taken as it is written."""
    wanted = getattr(columns, role)
    usual = named_usually(OTHERS[role], row.values)
    value = _named(row, wanted, role) if wanted else row.values[usual[0]] if usual else None
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and role in ("reference", "group"):
        return str(value)
    return _text(row, wanted or role, value)


def _given(row: Row, columns: Columns, trim: bool) -> Given | None:
    texts = _gathered(row, columns.texts, TEXTS, "texts")
    scores = _gathered(row, columns.scores, SCORES, "scores")
    if scores and len(scores) != len(texts):
        raise ConfigError(
            f"{row.where}: got {len(scores)} scores of {len(texts)} texts, wanted as many of each",
            hint="name the columns of all texts, and of all their scores, or of no score",
        )
    if not texts:
        return None
    made = tuple(_text(row, name, value) for name, value in texts.items())
    return Given.chain(
        [text.strip() for text in made] if trim else made, [_number(row, name, value) for name, value in scores.items()]
    )


def _gathered(row: Row, named: tuple[str, ...], usual: Sequence[tuple[str, ...]], role: str) -> dict[str, Any]:
    """The columns of one role that the row fills: all of them, or none."""
    found = named or next((group for group in usual if all(name in row.values for name in group)), ())
    values = {name: _named(row, name, role) for name in found}
    empty = [name for name, value in values.items() if value is None]
    if empty and len(empty) < len(values):
        full = next(name for name in values if name not in empty)
        raise ConfigError(
            f"{row.where}: got {full!r} without {empty[0]!r}, wanted all of {listed(list(values))} or none",
            hint="take the row out, or mend it",
        )
    return {} if empty else values


def _named(row: Row, name: str, role: str) -> Any:
    if name not in row.values:
        raise no_column(row.where, name, row.values, wanted=f"source.columns.{role}")
    return row.values[name]


def _text(row: Row, name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ConfigError(
            f"{row.where}: {name}: got {_shown(value)}, wanted text", hint="mend the row, or name another column"
        )
    half = half_pair(value)
    if half is not None:
        raise ConfigError(
            f"{row.where}: {name}: got half a surrogate pair at character {half}, wanted whole characters",
            hint="the file escapes half of a character (\\ud83d, say) without its other half",
        )
    return value


def _number(row: Row, name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -_LARGEST <= value <= _LARGEST:
        raise ConfigError(f"{row.where}: {name}: got {_shown(value)}, wanted a finite number", hint="mend the row")
    return float(value)


def _shown(value: object) -> str:
    return "nothing (null)" if value is None else f"{type(value).__name__} {str(value)[:60]!r}"
