"""What a turn asks of tools, and which tools there are, in the shapes that files have it: OpenAI's calls and definitions, with the
older `functions`, and ShareGPT's function_call turns.

Arguments are the JSON text of an object, or the object itself; they are kept as the text that they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sctk_core.reading.decoding import loads
from sctk_core.reading.parts import half_pair
from sctk_core.reading.turns import Misfit, shown

_ARGUMENTS = ("arguments", "parameters")
_HINT = 'like {"function": {"name": "find", "arguments": "{\\"city\\": \\"Ur\\"}"}}'


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """One call: the tool's name, its arguments as the JSON text of an object, the call's id ("": none)."""

    name: str
    arguments: str
    id: str = ""


def calls_of(given: str, at: str) -> tuple[ToolCall, ...]:
    """The calls of a turn out of the JSON that the file has for them; `at` is its place. What is wrong with one is a Misfit.

    >>> calls_of('{"name": "find", "arguments": {"city": "Ur"}}', "[1]")
    (ToolCall(name='find', arguments='{"city": "Ur"}', id=''),)
    >>> calls_of('"[{\\\\"name\\\\": \\\\"find\\\\"}]"', "[1]")
    (ToolCall(name='find', arguments='{}', id=''),)
    """
    value = _unpacked(_parsed(given, at), at)
    return tuple(_calls(value if isinstance(value, list) else [value], at))


def _unpacked(value: Any, at: str) -> Any:
    """What a value is that an export has written as JSON text."""
    return _parsed(value, at) if isinstance(value, str) else value


def definitions_of(value: object) -> str:
    """The JSON text of a list of tools in OpenAI's form, out of such a list, one of functions, or the text of one; "": it is empty.

    Tables give each object the fields of all: a field that holds nothing is left out. What is no such list is a Misfit.

    >>> definitions_of([{"name": "find", "parameters": {"type": "object", "required": None}}])
    '[{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]'
    """
    listed = _parsed(value, "") if isinstance(value, str) else value
    listed = [listed] if isinstance(listed, dict) else listed
    if not isinstance(listed, list):
        raise Misfit(shown(value), "a list of tools")
    found = [_definition(_parsed(one, "") if isinstance(one, str) else one) for one in listed]
    return json.dumps(found, ensure_ascii=False) if found else ""


def _definition(tool: object) -> Any:
    inner = tool.get("function", tool) if isinstance(tool, dict) else None
    if not isinstance(tool, dict) or not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
        raise Misfit(shown(tool), "a tool with a name")
    return _filled(tool if inner is not tool else {"type": "function", "function": tool})


def _filled(value: Any) -> Any:
    """The value without fields that hold nothing, however deep."""
    if isinstance(value, dict):
        return {key: _filled(member) for key, member in value.items() if member is not None}
    return [_filled(member) for member in value] if isinstance(value, list) else value


def _calls(listed: list[Any], at: str) -> Iterator[ToolCall]:
    for call in (_unpacked(call, at) for call in listed):
        inner = call.get("function", call) if isinstance(call, dict) else None
        name = inner.get("name") if isinstance(inner, dict) else None
        if not isinstance(inner, dict) or not isinstance(name, str) or not name:
            raise Misfit(shown(call), "a call with the name of a tool", at=at, hint=_HINT)
        arguments: Any = next((inner[key] for key in _ARGUMENTS if inner.get(key) is not None), {})
        number = "" if call.get("id") is None else str(call["id"])
        yield ToolCall(name=name, arguments=_arguments(arguments, at), id=number)


def _arguments(value: object, at: str) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if not isinstance(_parsed(text, at) if text.strip() else {}, dict):
        raise Misfit(shown(value), "arguments that are a JSON object", at=at, hint=_HINT)
    return text if text.strip() else "{}"


def _parsed(text: str, at: str) -> Any:
    try:
        value = loads(text)
    except (ValueError, RecursionError) as error:
        raise Misfit(shown(text), "a call of a tool as JSON", at=at, hint=_HINT) from error
    if half_pair(json.dumps(value, ensure_ascii=False)) is not None:
        raise Misfit("half a surrogate pair in what a turn calls", "whole characters", at=at)
    return value
