"""What is asked: the turns of a conversation, or the texts of one or more columns as one user's turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sctk_core.builtin.looked import Looked
from sctk_core.builtin.options import shown
from sctk_core.builtin.row_values import misfit, named, text_in
from sctk_core.conversation import Call, Message
from sctk_core.errors import ConfigError
from sctk_core.reading import (
    OPTIONS,
    Misfit,
    Row,
    Turn,
    begins_turns,
    calls_of,
    context_of,
    json_in,
    labelled,
    listed_texts,
    listed_turns,
    no_list,
    turn_of,
    turns_of,
)

_OF_TURNS = ("messages", "conversations", "conversation")
"""Columns in which a text that begins like a list of turns is one that was torn, and no text about one."""

_OF_USER = "prompt"
"""The column in which a list of texts is a user's turns."""


def messages_of(row: Row, looked: Looked) -> tuple[tuple[Message, ...], str | None]:
    """The turns up to the last that is not the assistant's, and the text that answered it in the file, if one did."""
    if len(looked.asked) == 1:
        name = looked.asked[0]
        value = named(row, name, "prompt")
        if name == _OF_USER and (texts := _texts_asked(value)):
            return _first_of(row, name, texts, looked)
        turns = turns_in(row, name, value)
        if turns is not None:
            looked.is_turns = True
            return _conversation(row, name, turns, looked)
        if isinstance(value, list):
            raise _no_turns(row, name, value)
    text = "\n\n".join(text for name in looked.asked if (text := _asked_text(row, name, alone=len(looked.asked) == 1)))
    if not text.strip():
        names = " and ".join(repr(row.name(name)) for name in looked.asked)
        raise ConfigError(f"{row.where}: got an empty {names}, wanted a prompt", hint="take the row out, or mend it")
    return (Message(role="user", content=text),), None


def _texts_asked(value: Any) -> list[str] | None:
    """A user's turns as a list of texts, or as JSON text of one; None: the value is none, or its first turn is empty."""
    if isinstance(value, str):
        value = json_in(value) if value.startswith("[") and value.rstrip().endswith("]") else None
    texts = listed_texts(value)
    return texts if texts and texts[0].strip() and listed_turns(texts) is None else None


def _first_of(row: Row, name: str, texts: Sequence[str], looked: Looked) -> tuple[tuple[Message, ...], None]:
    """The first of a user's turns is asked, for what was answered to it is not known."""
    looked.asked = (f"{name}[0]",)
    looked.unread = f"{name}[1:]" if len(texts) > 1 else ""
    return (Message(role="user", content=text_in(row, looked.asked[0], texts[0])),), None


def _asked_text(row: Row, name: str, *, alone: bool) -> str:
    """The text of one column of what is asked; beside others it may be empty, or a context in any shape."""
    value = named(row, name, "prompt")
    if alone or isinstance(value, str):
        return text_in(row, name, value)
    if name in OPTIONS and (options := labelled(value)) is not None:
        return text_in(row, name, shown(options))
    try:
        if listed_turns(value) is not None:
            raise Misfit("a conversation", "text beside the other columns", hint="name the conversation alone")
        return text_in(row, name, context_of(value))
    except Misfit as error:
        raise misfit(row, name, error) from error


def turns_in(row: Row, name: str, value: Any) -> tuple[Turn, ...] | None:
    """The turns of a column that holds a conversation; None: it holds none."""
    try:
        turns = turns_of(value)
        if turns is None and name in _OF_TURNS and isinstance(value, str):
            _check_is_text(name, value)
    except Misfit as error:
        raise misfit(row, name, error) from error
    return turns


def _check_is_text(name: str, value: str) -> None:
    """A Misfit where text in a column of turns is torn turns, or an object that holds them somewhere."""
    if begins_turns(value):
        raise no_list()
    found = json_in(value) if value.lstrip().startswith("{") else None
    if isinstance(found, dict):
        inside = next((key for key, held in found.items() if isinstance(held, list)), "...")
        hint = f'name what is asked in it: [source.columns] prompt = "{name}.{inside}"'
        raise Misfit("an object as JSON text", "turns", hint=hint)


def _conversation(row: Row, name: str, turns: Sequence[Turn], looked: Looked) -> tuple[tuple[Message, ...], str | None]:
    said = [_message(row, f"{name}[{number}]", turn) for number, turn in enumerate(turns)]
    last = said.pop() if said and said[-1].role == "assistant" else None
    if not _is_asked(said):
        raise _no_user(row, name)
    if last is not None and last.calls:  # what it calls is no text to compare with
        looked.unread, last = f"{name}[-1]", None
    if last is not None and turns[-1].not_learned:
        looked.unread, last = f"{name}[-1] ({turns[-1].not_learned}, so no answer to learn from)", None
    return tuple(said), None if last is None else last.content


def _is_asked(said: Sequence[Message]) -> bool:
    """Whether there is something to answer: a user's turn, or a tool's after one."""
    asking = [turn for turn in said if turn.role in ("user", "tool")]
    if not said or said[-1].role not in ("user", "tool") or asking[0].role == "tool":
        return False
    return said[-1].role == "tool" or bool(said[-1].content.strip())


def _message(row: Row, at: str, turn: Turn) -> Message:
    try:
        calls = calls_of(turn.calls, "") if turn.calls else ()
    except Misfit as error:
        raise misfit(row, at, error) from error
    return Message(
        role=turn.role,  # type: ignore[arg-type]
        content=text_in(row, f"{at}.content", turn.text),
        calls=tuple(Call(name=call.name, arguments=call.arguments, id=call.id) for call in calls),
        tool=text_in(row, f"{at}.name", turn.tool),
        call_id=text_in(row, f"{at}.tool_call_id", turn.call_id),
        defines=turn.defines,
    )


def _no_turns(row: Row, name: str, value: Sequence[Any]) -> ConfigError:
    """What is wrong with a list that is no conversation."""
    if (texts := listed_texts(value)) and any(text.strip() for text in texts):
        one = name.replace("[*]", "[0]") if "[*]" in name else f"{name}[0]"
        return ConfigError(
            f"{row.where}: {row.name(name)}: got a list of {len(texts):,} texts, wanted a text, or turns with their roles",
            hint=f'name the one that is asked: [source.columns] prompt = "{row.name(one)}"',
        )
    try:
        for number, turn in enumerate(value):
            turn_of(turn, f"[{number}]")
    except Misfit as error:
        return misfit(row, name, error)
    return _no_user(row, name)


def _no_user(row: Row, name: str) -> ConfigError:
    return ConfigError(
        f"{row.where}: got {row.name(name)!r} without a user's turn to answer, wanted one at its end (or before the last answer)",
        hint="take the row out, or mend it",
    )
