"""The turns of a conversation: who says what, what a turn asks of a tool, and which call a tool's turn answers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sctk_core.identity import canonical

Role = Literal["system", "developer", "user", "assistant", "tool"]
GUIDING = ("system", "developer")
"""The roles that say how to answer, and ask nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What a turn asks of a tool: its name, its arguments as the JSON text of an object, the call's id ("": it has none)."""

    name: str
    arguments: str
    id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One turn of a conversation; `content` and calls are untrusted text and never become a control token.

    `calls` are what an assistant's turn asks of tools. A tool's turn may name the tool, and the id of the call that it answers.
    `defines` are the tools that may be called in the conversation, on its first turn: JSON text of a list in OpenAI's form.
    """

    role: Role
    content: str
    calls: tuple[Call, ...] = ()
    tool: str = ""
    call_id: str = ""
    defines: str = ""

    @property
    def text(self) -> str:
        """What the turn says, and below it what it calls, for whoever reads conversations as text.

        >>> Message(role="assistant", content="I look.", calls=(Call(name="find", arguments='{"city": "Ur"}'),)).text
        'I look.\\nfind({"city": "Ur"})'
        """
        calls = [f"{call.name}({call.arguments})" for call in self.calls]
        return "\n".join([self.content, *calls] if self.content or not calls else calls)

    @property
    def values(self) -> list[str]:
        """Role and content, and where the turn has to do with tools a third text, JSON in the field's own words.

        >>> Message(role="tool", content="7", call_id="c1").values
        ['tool', '7', '{"tool_call_id":"c1"}']
        """
        if not (self.calls or self.tool or self.call_id or self.defines):
            return [self.role, self.content]
        calls = [_plain(call) for call in self.calls]
        told = {"tool_calls": calls, "name": self.tool, "tool_call_id": self.call_id, "tools": self.defines}
        return [self.role, self.content, canonical({name: value for name, value in told.items() if value})]

    @classmethod
    def of(cls, role: Any, content: Any, tools: str | None = None) -> Message:
        """The message of `values`."""
        told = json.loads(tools) if tools else {}
        calls = tuple(Call(id=one.get("id", ""), **one["function"]) for one in told.get("tool_calls", ()))
        return cls(
            role=role, content=content, calls=calls, tool=told.get("name", ""), call_id=told.get("tool_call_id", ""),
            defines=told.get("tools", ""),
        )  # fmt: skip


def has_unusual_turns(messages: Iterable[Message]) -> bool:
    """Whether there are turns that not every chat template takes: a developer's, a tool's, or calls of tools."""
    return any(turn.calls or turn.role in ("developer", "tool") for turn in messages)


def tools_defined(messages: Iterable[Message]) -> str:
    """The tools that may be called in a conversation, as the JSON text of a list in OpenAI's form; "": none are.

    >>> tools_defined([Message(role="user", content="Hi", defines='[{"type": "function"}]')])
    '[{"type": "function"}]'
    """
    return next((turn.defines for turn in messages if turn.defines), "")


def _plain(call: Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"type": "function", "function": function} | ({"id": call.id} if call.id else {})
