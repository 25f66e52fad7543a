"""Definitions of tools as a chat template is given them, and whether they came out of it.

Templates write them as JSON, or in words of their own, which ask for JSON Schema's keywords and types: these stay as they are, and
every other key and text is shielded, as all that a file says is. What a template is held to is the name and the description of
each tool and the names of its parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sctk_core import Message, tools_defined

from sctk_chat.twin import Shield

_KEYWORDS = frozenset((
    "type", "function", "name", "description", "parameters", "properties", "required", "items", "enum", "default", "strict",
    "title", "anyOf", "oneOf", "allOf", "format", "const", "additionalProperties", "minimum", "maximum", "minItems", "maxItems",
    "minLength", "maxLength", "uniqueItems", "pattern", "nullable", "examples", "$ref", "$defs", "return", "returns",
))  # fmt: skip
_TYPES = frozenset(("string", "number", "integer", "object", "array", "boolean", "null", "function"))
_OF_NAMES = ("properties", "$defs")
"""Keywords whose objects have names for keys."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """Tools in private characters, as a template is given them, and what of them must come out.

    `quoted`: their texts are as JSON escapes them, and stand behind a quotation mark.
    """

    tools: tuple[Any, ...]
    wanted: tuple[str, ...]
    quoted: bool

    def came_out(self, text: str) -> bool:
        """Whether a template wrote them."""
        return all(self._is_in(text, one) for one in self.wanted)

    def _is_in(self, text: str, one: str) -> bool:
        before = re.escape(one) if not self.quoted else f"[\"']{re.escape(one)}"
        return re.search(before, text) is not None


def offered(messages: Sequence[Message], template: str, shield: Shield) -> Iterator[Offered | None]:
    """What is tried for a conversation, in order; None, the last: the template is not told of tools."""
    told = tools_defined(messages)
    if told and re.search(r"\btools\b", template):
        for quoted in (True, False):
            tools = [_covered(tool, shield, quoted) for tool in json.loads(told)]
            yield Offered(tools=tuple(tools), wanted=tuple(dict.fromkeys(_wanted(tools))), quoted=quoted)
    yield None


def _covered(value: Any, shield: Shield, quoted: bool, key: str = "", names: bool = False) -> Any:
    """A value whose texts, and keys that are no keywords or are `names`, are in private characters."""

    def cover(text: str) -> str:
        return shield.cover(json.dumps(text, ensure_ascii=False)[1:-1] if quoted else text)

    if isinstance(value, dict):
        return {
            (name if name in _KEYWORDS and not names else cover(name)): _covered(
                member, shield, quoted, name, not names and name in _OF_NAMES
            )
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_covered(member, shield, quoted, key) for member in value]
    return value if not isinstance(value, str) or (key == "type" and value in _TYPES) else cover(value)


def _wanted(tools: Sequence[Any]) -> Iterator[str]:
    for tool in tools:
        function = tool.get("function", tool)
        yield function["name"]
        yield from filter(None, (function.get("description"),))
        parameters = function.get("parameters")
        properties = parameters.get("properties") if isinstance(parameters, dict) else None
        yield from properties if isinstance(properties, dict) else ()
