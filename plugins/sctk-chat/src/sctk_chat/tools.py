"""Calls of tools as a chat template is given them, and whether they came out of it.

Templates want a call's arguments as an object that they write as JSON, or as the JSON text that they copy; some know a turn that
calls by its content being nothing. What fits is found by trying: the name and every key and value must come out, in order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from sctk_core import Call, Message

from sctk_chat.twin import Shield


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """How turns of tools are given. `as_text`: arguments as JSON text; `bare`: keys and texts as they are, for templates that write
    no JSON of them; `no_content`: a turn that calls and says nothing has the content None; `quoted`: the template writes what a
    tool says as JSON."""

    as_text: bool = False
    bare: bool = False
    no_content: bool = False
    quoted: bool = False


USUAL = Manner()
QUOTE = '"'
_ARGUMENTS = ((False, False), (False, True), (True, False))


def manners(messages: Sequence[Message], template: str) -> Iterator[Manner]:
    """What is tried for a conversation, in order; content None is for templates that ask for it by name."""
    calls = any(turn.calls for turn in messages)
    asks_none = calls and re.search(r"\bnone\b", template, re.IGNORECASE) is not None
    answers = any(turn.role == "tool" for turn in messages)
    for quoted, no_content in product((False, True)[: 1 + answers], (False, True)[: 1 + asks_none]):
        for as_text, bare in _ARGUMENTS if calls else _ARGUMENTS[:1]:
            yield Manner(as_text=as_text, bare=bare, no_content=no_content, quoted=quoted)


def texts_of(messages: Sequence[Message]) -> list[str]:
    """Every text that somebody wrote, of turns and of calls, and what JSON escapes characters with."""
    calls = [call for turn in messages for call in turn.calls]
    named = [text for turn in messages for text in (turn.content, turn.tool, turn.call_id)]
    called = [text for call in calls for text in (call.name, call.id, _json(json.loads(call.arguments)))]
    defined = [turn.defines for turn in messages if turn.defines]
    quoted = ['\\"u0123456789abcdefnrt'] if calls or defined or any(turn.role == "tool" for turn in messages) else []
    return [*named, *called, *map(_json, map(json.loads, defined)), *quoted]


def covered(turn: Message, shield: Shield, manner: Manner) -> Message:
    """The turn in private characters; of a call's arguments the keys and texts, and not what JSON writes around them."""
    cover = shield.cover
    content = _json(turn.content)[1:-1] if manner.quoted and turn.role == "tool" else turn.content
    said = replace(turn, content=cover(content), tool=cover(turn.tool), call_id=cover(turn.call_id))
    if not turn.calls:
        return said
    calls = [
        Call(
            name=cover(call.name),
            id=cover(call.id),
            arguments=_json(_covered(json.loads(call.arguments), shield, manner)),
        )
        for call in turn.calls
    ]
    return replace(said, calls=tuple(calls))


def given(turn: Message, manner: Manner) -> dict[str, Any]:
    """What a template is given of a turn beside its role and content."""
    more: dict[str, Any] = {"name": turn.tool, "tool_call_id": turn.call_id}
    if turn.calls:
        more["tool_calls"] = [_given(call, manner) for call in turn.calls]
    return {key: value for key, value in more.items() if value}


def _given(call: Call, manner: Manner) -> dict[str, Any]:
    arguments = call.arguments if manner.as_text else json.loads(call.arguments)
    function = {"name": call.name, "arguments": arguments}
    return ({"id": call.id} if call.id else {}) | {"type": "function", "function": function}


def behind_calls(text: str, calls: Sequence[Call], place: int, manner: Manner) -> int:
    """Where the last of the calls ends in `text`, looked for from `place`; -1: some of it did not come out, or otherwise."""
    for call in calls:
        parts = (
            [(call.arguments, "")]
            if manner.as_text
            else _leaves(json.loads(call.arguments), "" if manner.bare else QUOTE)
        )
        for part, before in ((call.name, None), *parts):
            place = _behind(text, part, before, place)
            if place < 0:
                return -1
    return place


def _behind(text: str, part: str, before: str | None, place: int) -> int:
    """Where a part ends, and -1 where it is not there, or another quotation mark than `before` stands at its beginning."""
    found = text.find(part, place)
    if found < 0:
        return -1
    quote = text[found - 1] if found and text[found - 1] in "'\"\\" else ""
    return found + len(part) if before is None or quote == before else -1


def _leaves(value: Any, quote: str = QUOTE) -> Iterator[tuple[str, str]]:
    """Keys and values of a JSON value in order, as a template writes them; with each the quotation mark before it."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield key, quote
            yield from [(member, quote)] if isinstance(member, str) else _leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from _leaves(member)
    else:
        yield (value, QUOTE) if isinstance(value, str) else (_json(value), "")


def _covered(value: Any, shield: Shield, manner: Manner) -> Any:
    """Arguments whose keys and texts are covered as they are, or as JSON escapes them."""
    if not manner.bare:
        return _escaped(value, shield)
    return {
        shield.cover(key): shield.cover(member) if isinstance(member, str) else _escaped(member, shield)
        for key, member in value.items()
    }


def _escaped(value: Any, shield: Shield) -> Any:
    if isinstance(value, dict):
        return {shield.cover(_json(key)[1:-1]): _escaped(member, shield) for key, member in value.items()}
    if isinstance(value, list):
        return [_escaped(member, shield) for member in value]
    return shield.cover(_json(value)[1:-1]) if isinstance(value, str) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
