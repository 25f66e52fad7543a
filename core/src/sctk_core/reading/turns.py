"""Conversations in the shapes that files have them, as turns with a role and a text.

Lists of role and content (OpenAI), from and value (ShareGPT) or input and output (Capybara), one such turn alone, or a table of
roles and contents; content as text or as text parts; all of it, or each turn, as JSON text, or as Python text, as exports leave it;
transcripts of `Human: ` and `Assistant: ` with empty lines between them (HH). Roles go by many names.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sctk_core.reading.decoding import loads

ROLES: Mapping[str, str] = {
    "system": "system", "developer": "developer",
    "user": "user", "human": "user", "prompter": "user",
    "assistant": "assistant", "gpt": "assistant", "ai": "assistant", "bot": "assistant", "model": "assistant",
    "chatgpt": "assistant", "chatbot": "assistant",
}  # fmt: skip
"""What a role is called -> the role that it is."""
GUIDES = frozenset(("system", "developer"))
"""The roles that say how to answer, and ask nothing (`sctk_core.GUIDING`)."""
TOOLS = frozenset(("tool", "function", "tool_response", "observation", "ipython"))
CALLERS = frozenset(("function_call", "tool_call"))
"""What a turn is called that a tool says; and one whose text is what the assistant calls."""
_ROLE, _CONTENT, _CALLS = (
    ("role", "from"),
    ("content", "value", "parts", "text", "message"),
    ("tool_calls", "function_call"),
)
OF_TURNS = frozenset((*_ROLE, "content", "value", "parts", *_CALLS, "tools", "input", "output"))
"""What is read of a turn; of a tool's turn its name too."""
_WEIGHTS = ("weight", "training", "train")
"""What says of a turn whether it is learned from: 0 or false where it is not (OpenAI, Axolotl)."""
_TEXT_PARTS = ("text", "input_text", "output_text")
_TRANSCRIPT = re.compile(r"\n\n(Human|Assistant):")
_WRITTEN = re.compile(r"\s*(\[\s*[{\"']|\"\s*\[|\{\s*[\"'])")
"""How a text begins that may be turns as JSON or Python writes them: a list, an object, or the text of a list."""
_OF_OBJECTS = re.compile(r"\s*\[\s*\{\s*[\"']")
_SAYS = re.compile(r"[{,]\s*[\"'](content|value|parts)[\"']\s*:"), re.compile(r"[{,]\s*[\"'](role|from)[\"']\s*:")
_FIRST = re.compile(r"\s*\[\s*\{\s*[\"'](role|from|content|value|parts)[\"']\s*:")


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One turn: a role of ROLES, or "tool"; its text; `calls` is what it calls, as JSON ("": nothing).

    Of a tool's turn `tool` is the tool's name, and `call_id` the call that it answers, where the file says so. `defines` are the
    tools that a turn of our own tables defines for its conversation, as JSON text. `not_learned` is what the file says where a turn
    of the assistant is not to be learned from: `weight: 0`, as OpenAI's files for fine-tuning have it ("": it is not said).
    """

    role: str
    text: str
    calls: str = ""
    tool: str = ""
    call_id: str = ""
    defines: str = ""
    not_learned: str = ""


class Misfit(ValueError):
    """A value that is not what a column was taken for; `at` is where in it, as a path goes on."""

    def __init__(
        self, got: str, wanted: str, *, at: str = "", hint: str = "mend the row, or name another column"
    ) -> None:
        super().__init__(f"got {got}, wanted {wanted}")
        self.got, self.wanted, self.at, self.hint = got, wanted, at, hint


def shown(value: object) -> str:
    """A value as a complaint shows it.

    >>> shown(None), shown(7)
    ('nothing (null)', "int '7'")
    """
    return "nothing (null)" if value is None else f"{type(value).__name__} {str(value)[:60]!r}"


def listed_turns(value: object) -> list[Any] | None:
    """The single turns of a value that is a conversation, as the file has them; None: it is none.

    >>> listed_turns("\\n\\nHuman: Hi\\n\\nAssistant: Hello")
    [{'role': 'user', 'content': 'Hi'}, {'role': 'assistant', 'content': 'Hello'}]
    >>> listed_turns({"role": ["user", "assistant"], "content": ["Hi", "Hello"]}), listed_turns({"role": "user", "text": "Hi"})
    ([{'role': 'user', 'content': 'Hi'}, {'role': 'assistant', 'content': 'Hello'}], [{'role': 'user', 'text': 'Hi'}])
    """
    if isinstance(value, str):
        return _transcript(value) if _is_transcript(value) else _in_text(value)
    if isinstance(value, dict):
        return _of_object(value)
    if not isinstance(value, list) or not value:
        return None
    value = _each_parsed(value) if all(isinstance(turn, str) for turn in value) else value
    if value and all(isinstance(turn, dict) for turn in value):
        return value if any(name in value[0] for name in _ROLE) else _paired(value)
    return None


def _of_object(value: dict[str, Any]) -> list[Any] | None:
    """One turn alone, or a table of roles and contents, as Sequence of Hugging Face datasets makes it; None: neither."""
    role = next((name for name in _ROLE if name in value), None)
    said = next((name for name in _CONTENT if name in value), None)
    if role is None or said is None:
        return None
    roles, texts = value[role], value[said]
    if isinstance(roles, str):
        return [value] if roles.strip().lower() in ROLES else None
    fits = isinstance(roles, list) and isinstance(texts, list) and 0 < len(roles) == len(texts)
    return [{role: one, said: text} for one, text in zip(roles, texts, strict=True)] if fits else None


def _each_parsed(texts: list[str]) -> list[Any] | None:
    """Turns that are each written as JSON; None: not all of them are."""
    try:
        found = [loads(text) if text.lstrip().startswith("{") else None for text in texts]
    except (ValueError, RecursionError):
        return None
    return found if all(isinstance(turn, dict) and any(name in turn for name in _ROLE) for turn in found) else None


def _paired(pairs: list[dict[str, Any]]) -> list[Any] | None:
    """The turns of pairs of input and output (Capybara); None: the value is no such thing."""
    if not all(isinstance(pair.get(key), str) for pair in pairs for key in ("input", "output")):
        return None
    return [
        {"role": role, "content": pair[key]}
        for pair in pairs
        for role, key in (("user", "input"), ("assistant", "output"))
    ]


def turns_of(value: object) -> tuple[Turn, ...] | None:
    """The turns of a conversation; None: the value is none. What is wrong with a turn is a Misfit."""
    turns = listed_turns(value)
    return None if turns is None else tuple(turn_of(turn, f"[{at}]") for at, turn in enumerate(turns))


def texts_of(value: object, aside: set[str] | None = None) -> list[str] | None:
    """The texts of a conversation's turns, whoever says them, with what they call as JSON; None: the value is none.

    Where `aside` is a set, turns that guide (of the system or a developer) are left out, beside others, and their roles put there.
    """
    turns = listed_turns(value)
    if turns is None:
        return None
    found, guiding = [], []
    for at, turn in enumerate(turns):
        text, calls = _said(_told_by_us(turn), f"[{at}]")
        role = guiding_role(turn) if aside is not None else None
        if role is not None and not calls:
            guiding.append((role, text))
        else:
            found += [text, calls] if calls else [text]
    if not found:
        return [text for _, text in guiding]
    if aside is not None:
        aside.update(role for role, _ in guiding)
    return found


def guiding_role(turn: Mapping[str, Any]) -> str | None:
    """The role of a turn that guides the conversation, "system" or "developer"; None: it is another's."""
    role = _first(turn, _ROLE)
    role = ROLES.get(role.strip().lower()) if isinstance(role, str) else None
    return role if role in GUIDES else None


def turn_of(turn: object, at: str) -> Turn:
    """One turn; `at` is its place."""
    role = _first(turn, _ROLE) if isinstance(turn, dict) else None
    name = role.strip().lower() if isinstance(role, str) else ""
    if not isinstance(turn, dict) or not (name in ROLES or name in TOOLS or name in CALLERS):
        raise Misfit(
            repr(role) if isinstance(turn, dict) else type(turn).__name__,
            "a turn with role system, user, assistant or tool",
            at=at, hint='like {"role": "user", "content": "..."}',
        )  # fmt: skip
    given, turn = turn, _told_by_us(turn)
    text, calls = _said(turn, at)
    if name in CALLERS:
        return Turn(role="assistant", text="", calls=calls or text, not_learned=_not_learned(turn))
    if name in ROLES:
        defines = turn.get("tools") if turn is not given else ""
        return Turn(
            role=ROLES[name],
            text=text,
            calls=calls,
            defines=defines if isinstance(defines, str) else "",
            not_learned=_not_learned(turn) if ROLES[name] == "assistant" else "",
        )
    return Turn(role="tool", text=text, tool=_named(turn, "name", at), call_id=_named(turn, "tool_call_id", at))


def _told_by_us(turn: Mapping[str, Any]) -> Mapping[str, Any]:
    """The turn with what a table of prompts has of its tools, an object as JSON text in the field `tools`."""
    told = turn.get("tools")
    if not isinstance(told, str) or not told.startswith("{"):
        return turn
    try:
        return {**turn, "tools": None, **loads(told)}
    except ValueError:
        return turn


def _not_learned(turn: Mapping[str, Any]) -> str:
    """What a turn says that is not to be learned from; "": nothing."""
    found = ((key, turn[key]) for key in _WEIGHTS if isinstance(turn.get(key), int | float) and not turn[key])
    return next((f"{key}: {value}" for key, value in found), "")


def _named(turn: Mapping[str, Any], key: str, at: str) -> str:
    """The text of a key that a turn need not have."""
    value = turn.get(key)
    if not isinstance(value, str | None):
        raise Misfit(shown(value), "text", at=f"{at}.{key}")
    return value or ""


def _said(turn: Mapping[str, Any], at: str) -> tuple[str, str]:
    """(a turn's text, what it calls as JSON); one that calls something need not say anything."""
    calls = next((turn[key] for key in _CALLS if turn.get(key)), None)
    key = said_in(turn)
    text = "" if calls is not None and turn.get(key) is None else content_text(turn.get(key), f"{at}.{key}")
    return text, "" if calls is None else json.dumps(calls, sort_keys=True, default=str)


def said_in(turn: Mapping[str, Any]) -> str:
    """The key of a turn whose value is what it says."""
    return next((key for key in _CONTENT if turn.get(key) is not None), _CONTENT[0])


def content_text(content: object, at: str) -> str:
    """The text of a turn's content: text, or text parts, one below the other."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not any(isinstance(part, (str, dict)) for part in content):
        raise Misfit(shown(content), "text", at=at)
    return "\n".join(_part(part, f"{at}[{number}]") for number, part in enumerate(content))


def _part(part: object, at: str) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        raise Misfit(shown(part), "a part of text", at=at)
    text, kind = part.get("text"), part.get("type", "text")
    if kind in _TEXT_PARTS and isinstance(text, str):
        return text
    raise Misfit(f"a part of type {kind!r}", "text parts alone", at=at, hint="only text can be asked: take the row out")


def _first(turn: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((turn[name] for name in names if turn.get(name) is not None), None)


def _is_transcript(text: str) -> bool:
    """Whether a text begins with what a human says, with an empty line before it, or before what the assistant answers."""
    if text.startswith("\n\nHuman:"):
        return True
    return text.lstrip().startswith("Human:") and "\n\nAssistant:" in text.replace("\r\n", "\n")


def _transcript(text: str) -> list[dict[str, str]]:
    """The turns of a transcript; a last one that is empty was left for the answer."""
    _, *parts = _TRANSCRIPT.split("\n\n" + text.replace("\r\n", "\n").lstrip())
    who = {"Human": "user", "Assistant": "assistant"}
    turns = [{"role": who[name], "content": said.strip()} for name, said in zip(parts[::2], parts[1::2], strict=True)]
    return turns[:-1] if turns and turns[-1] == {"role": "assistant", "content": ""} else turns


def _in_text(text: str) -> list[Any] | None:
    """Turns that are written as JSON, or as Python writes them; None: the text is no such thing."""
    if not _WRITTEN.match(text) or text.rstrip()[-1] not in ']}"':
        return None
    for read in (loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return listed_turns(found) if not isinstance(found, str) or _WRITTEN.match(found) else None
    if begins_turns(text) and text.rstrip()[-1] == "]":
        raise no_list()
    return None


def begins_turns(text: str) -> bool:
    """Whether a text begins like a list of turns; what follows may make it a text about one.

    >>> begins_turns('[{"role": "user"'), begins_turns('[{"id": 7, "role": "user", "content": "Hi'), begins_turns('[{"id": 7}]')
    (True, True, False)
    """
    if not _OF_OBJECTS.match(text):
        return False
    return bool(_FIRST.match(text)) or all(said.search(text) for said in _SAYS)


def no_list() -> Misfit:
    """What is said of a list of turns that is torn, or written in no known way (say by NumPy, without commas)."""
    return Misfit("text that looks like a list of turns and is no JSON", "turns", hint="export the column as JSON")


def no_answer(turn: Turn, at: str) -> None:
    """A Misfit for an answer that is no text (a tool's turn, or one that calls a tool), or is not to be learned from."""
    if turn.not_learned:
        raise Misfit(
            f"a turn that is not to be learned from ({turn.not_learned})", "an answer", at=at, hint="take the row out"
        )
    if turn.role == "tool" or turn.calls:
        what = "a turn of a tool" if turn.role == "tool" else "a turn that calls a tool"
        raise Misfit(what, "an answer of text", at=at, hint="take the row out")
