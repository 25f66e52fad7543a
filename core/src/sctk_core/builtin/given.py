"""What was made of a row's prompt elsewhere: a draft and its revisions, with their scores.

A row says everything of its drafts and scores or nothing: a draft without its revision, or a score for one text of two, is an
error, because the rest would be made here, by another model and on another scale. A text may be a conversation that begins with the
prompt's turns, as preference rows have it: its last turn is the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sctk_core.builtin.looked import Looked
from sctk_core.builtin.row_values import as_number, misfit, named, number_in, text_in
from sctk_core.conversation import GUIDING
from sctk_core.errors import ConfigError
from sctk_core.reading import Misfit, Row, Turn, listed, no_answer, turns_of
from sctk_core.records import Given, Message

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


def given_of(
    row: Row,
    texts: tuple[str, ...],
    scores: tuple[str, ...],
    messages: Sequence[Message],
    looked: Looked,
    *,
    trim: bool,
) -> Given | None:
    """The drafts, revisions and scores of the row that asks `messages`; `looked` is told which columns they are. None: none."""

    def may_be_text(name: str, value: Any) -> bool:
        return isinstance(value, str) or _is_made(row, name, value, messages)

    found = _gathered(row, texts, _fitting(row, TEXTS, may_be_text, looked), "texts")
    scored = _gathered(row, scores, _fitting(row, SCORES, _may_be_number, looked), "scores")
    if scored and len(scored) != len(found):
        raise ConfigError(
            f"{row.where}: got {len(scored)} scores of {len(found)} texts, wanted as many of each",
            hint="name the columns of all texts, and of all their scores, or of no score",
        )
    if not found:
        return None
    looked.roles |= {"texts": tuple(found)} | ({"scores": tuple(scored)} if scored else {})
    made = tuple(_made(row, name, value, messages) for name, value in found.items())
    return Given.chain(
        [text.strip() for text in made] if trim else made, [number_in(row, name, one) for name, one in scored.items()]
    )


def _fitting(
    row: Row, usual: Sequence[tuple[str, ...]], fits: Callable[[str, Any], bool], looked: Looked
) -> Iterator[tuple[str, ...]]:
    """Those groups of usual names that are there and hold what they are called after; of others it is noted that they do not."""
    for group in usual:
        values = {name: row.values[name] for name in group if name in row.values}
        if len(values) < len(group):
            continue
        wrong = [name for name, value in values.items() if value is not None and not fits(name, value)]
        if not wrong:
            yield group
        else:
            looked.misfits |= {name: _why_not(name, wrong, value) for name, value in values.items()}


def _why_not(name: str, wrong: Sequence[str], value: Any) -> str:
    kind = type(value).__name__
    return f"{kind}, which it cannot be" if name in wrong else f"{kind}, beside {wrong[0]!r}, which does not fit"


def _may_be_number(_: str, value: Any) -> bool:
    return (isinstance(value, int | float) and not isinstance(value, bool)) or as_number(value) is not None


def _gathered(row: Row, wanted: tuple[str, ...], usual: Iterator[tuple[str, ...]], role: str) -> dict[str, Any]:
    """The columns of one role that the row fills: all of them, or none."""
    found = wanted or next(usual, ())
    values = {name: named(row, name, role) for name in found}
    empty = [name for name, value in values.items() if value is None]
    if empty and len(empty) < len(values):
        full = next(name for name in values if name not in empty)
        raise ConfigError(
            f"{row.where}: got {full!r} without {empty[0]!r}, wanted all of {listed(list(values))} or none",
            hint="take the row out, or mend it",
        )
    return {} if empty else values


def _is_made(row: Row, name: str, value: Any, messages: Sequence[Message]) -> bool:
    """Whether a value is a text, or a conversation that answers the prompt."""
    try:
        _made(row, name, value, messages)
    except ConfigError:
        return False
    return True


def _made(row: Row, name: str, value: Any, messages: Sequence[Message]) -> str:
    """A text, or the last turn of a conversation whose turns before it are those of the prompt."""
    try:
        turns = turns_of(value)
        if turns is not None:
            no_answer(turns[-1], f"[{len(turns) - 1}]")
    except Misfit as error:
        raise misfit(row, name, error) from error
    if turns is None:
        return text_in(row, name, value)
    if turns[-1].role != "assistant":
        raise ConfigError(
            f"{row.where}: {name}: got a conversation that ends with a {turns[-1].role} turn, wanted the assistant's",
            hint="take the row out, or mend it",
        )
    if not _is_of(turns[:-1], messages):
        raise ConfigError(
            f"{row.where}: {name}: got an answer to other turns, wanted it after those of the prompt",
            hint="is the prompt another column? [source.columns] prompt says which",
        )
    return text_in(row, name, turns[-1].text)


def _is_of(turns: Sequence[Turn], messages: Sequence[Message]) -> bool:
    """Whether turns are none, or those of the prompt; a system turn may be in one of them alone, white space at ends differ."""
    told = [(turn.role, turn.text.strip(), bool(turn.calls)) for turn in turns if turn.role not in GUIDING]
    asked = [(turn.role, turn.content.strip(), bool(turn.calls)) for turn in messages if turn.role not in GUIDING]
    return not told or told == asked
