"""A conversation as its chat template writes it, checked: every turn's text comes out whole, or there is no conversation.

Content is shielded (`twin.Shield`) while the template is rendered, so that a template can trim it, and neither change nor obey
it. Where a template does not take text, content is given to it as a list of parts; where it has no place for a system message,
that is put before the first user message. What is then still missing is an error that names the template's family.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from itertools import product
from typing import Any

from sctk_core import GUIDING, ConfigError, Message

from sctk_chat.definitions import offered
from sctk_chat.families import family_of
from sctk_chat.tools import USUAL, Manner, behind_calls, covered, given, manners, texts_of
from sctk_chat.twin import Shield, Twin

TODAY = datetime(2024, 7, 26)
PLAIN_TEMPLATE = (
    "{% for m in messages %}{{ {'system': 'System', 'user': 'User', 'assistant': 'Assistant'}[m.role] }}: {{ m.content }}"
    "{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
NO_VARIABLES: Mapping[str, Any] = {}
RESERVED = (
    "messages", "conversation", "chat_template", "add_generation_prompt", "continue_final_message", "tokenize",
    "return_dict", "return_tensors", "return_assistant_tokens_mask", "padding", "truncation", "max_length",
)  # fmt: skip
"""Names that a template is given by us."""
FORMS: tuple[tuple[str, ...], ...] = ((), ("system", "user", "assistant"), ("system", "user"), ("user",))
"""Whose content is given as a list of parts: what is tried, in order."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A conversation as its template writes it, content still shielded.

    `moved`: the system message went to a user turn. `tools`: the tools that it defines are shown.
    """

    text: str
    turns: tuple[Message, ...]
    shield: Shield
    form: tuple[str, ...]
    moved: bool
    tools: bool = False

    def uncovered(self, twin: Twin, stop: int | None = None) -> str:
        """The text up to `stop`, in which the template's control strings go by their secret names, and no others do."""
        return self.shield.uncover(twin.name_controls(self.text[:stop]))

    def place_of_last(self) -> tuple[int, int]:
        """Where the last turn's text begins and ends, with its outer white space where that came out; (-1, -1): it has none."""
        said = self.turns[-1].content
        bare = said.strip()
        start = self.text.rfind(bare) if bare else -1
        whole = start - (len(said) - len(said.lstrip()))
        if whole >= 0 and self.text.startswith(said, whole):
            return whole, whole + len(said)
        return (start, start + len(bare)) if start >= 0 else (-1, -1)


def template_of(tokenizer: Any) -> str:
    """The tokenizer's chat template; a plain `User: ... Assistant:` one where it has none."""
    return str(tokenizer.get_chat_template()) if tokenizer.chat_template else PLAIN_TEMPLATE


def written(
    tokenizer: Any, messages: Sequence[Message], add_generation_prompt: bool = True,
    variables: Mapping[str, Any] = NO_VARIABLES, shield: Shield | None = None,
) -> Written:  # fmt: skip
    """The conversation with all of its texts; raises a ConfigError where the template refuses it, or leaves some text out."""
    shield = shield or Shield(texts_of(messages))
    complaint = ""
    arrangements = tuple(_arrangements(as_known(tokenizer, messages)))
    for tools, (moved, turns) in product(offered(messages, template_of(tokenizer), shield), arrangements):
        for manner, form in product(manners(turns, template_of(tokenizer)), FORMS):
            said = tuple(covered(turn, shield, manner) for turn in turns)
            known = variables if tools is None else {**variables, "tools": list(tools.tools)}
            made = partial(rendered, tokenizer, add_generation_prompt=add_generation_prompt, variables=known)
            try:
                text = made(said, form=form, manner=manner)
                lost = lost_turn(text, said, manner) or _mistaken(text, said, partial(made, form=form, manner=manner))
            except refusals() as error:
                complaint = complaint or f"which it does not take ({_uncovered(error, shield)})"
                continue
            if lost is None and (tools is None or tools.came_out(text)):
                return Written(text=text, turns=said, shield=shield, form=form, moved=moved, tools=tools is not None)
            if lost is None:
                continue
            complaint = complaint or f"and its text for the {_kind(lost)} turn does not hold what was said there"
    roles = ", ".join(map(_kind, messages)) or "no messages"
    raise ConfigError(
        f"chat template ({family_of(template_of(tokenizer))}): got {roles}, {complaint}; wanted every turn's text",
        hint="most templates want an optional system message, then user and assistant in turn; give the tokenizer another template",
    )


def rendered(
    tokenizer: Any, messages: Sequence[Message], add_generation_prompt: bool, variables: Mapping[str, Any],
    form: Sequence[str] = (), manner: Manner = USUAL,
) -> str:  # fmt: skip
    """What the template makes of messages, on the fixed day; `form` names the roles whose content is a list of parts."""
    turns = [{"role": m.role, "content": _content(m, form, manner)} | given(m, manner) for m in messages]
    known = {"date_string": TODAY.strftime("%d %b %Y"), "strftime_now": TODAY.strftime} | dict(variables)
    return str(
        tokenizer.apply_chat_template(
            turns,
            chat_template=template_of(tokenizer),
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
            **known,
        )
    )


def lost_turn(text: str, turns: Sequence[Message], manner: Manner = USUAL) -> Message | None:
    """The first turn whose text, outer white space aside, or calls are not in `text`: those of system turns anywhere, as often as
    all turns hold them, the others' in order."""
    place = 0
    for turn in turns:
        said, guides = turn.content.strip(), turn.role in GUIDING
        found = text.find(said, 0 if guides else place)
        if found < 0 or (said and text[:found].endswith(("'text': '", '"text": "'))):
            return turn
        if guides and said and text.count(said) < sum(one.content.count(said) for one in turns):
            return turn
        if turn.role == "tool" and said and text[:found].endswith('"') != manner.quoted:
            return turn
        place = place if guides else behind_calls(text, turn.calls, found + len(said), manner)
        if place < 0:
            return turn
    return None


def _mistaken(text: str, turns: Sequence[Message], again: Callable[[Sequence[Message]], str]) -> Message | None:
    """The first tool's turn, where the template writes such turns as it writes those of the user or of the assistant."""
    tools = [turn for turn in turns if turn.role == "tool"]
    if not tools:
        return None
    for role in ("user", "assistant"):
        plain = [Message(role=role, content=turn.content) if turn.role == "tool" else turn for turn in turns]
        try:
            if again(plain) == text:
                return tools[0]
        except refusals():
            continue
    return None


def as_known(tokenizer: Any, messages: Sequence[Message]) -> Sequence[Message]:
    """The messages, with a developer's as the system's where the template knows no developer; two that follow become one."""
    if not any(turn.role == "developer" for turn in messages) or knows_developer(tokenizer):
        return messages
    found: list[Message] = []
    for turn in messages:
        if turn.role != "developer":
            found.append(turn)
        elif found and found[-1].role == "system":
            found[-1] = Message(role="system", content=f"{found[-1].content}\n\n{turn.content}")
        else:
            found.append(Message(role="system", content=turn.content))
    return found


def knows_developer(tokenizer: Any) -> bool:
    """Whether the chat template has a word for developer messages."""
    return re.search(r"""["']developer["']""", template_of(tokenizer)) is not None


def _kind(turn: Message) -> str:
    return f"{turn.role} (which calls a tool)" if turn.calls else turn.role


def _uncovered(error: Exception, shield: Shield) -> str:
    return shield.uncover(str(error))


def refuse_reserved(variables: Mapping[str, Any], where: str) -> None:
    """Raises where a variable has a name that means something else to the template."""
    for name in variables:
        if name in RESERVED:
            raise ConfigError(f"{where}: got the variable {name!r}, which sctk gives by itself", hint="take it out")


def _content(message: Message, form: Sequence[str], manner: Manner) -> Any:
    if manner.no_content and message.calls and not message.content:
        return None
    return [{"type": "text", "text": message.content}] if message.role in form else message.content


def _arrangements(messages: Sequence[Message]) -> Iterator[tuple[bool, Sequence[Message]]]:
    """The messages as they are, then with the system message put before the first user message, or made one."""
    yield False, messages
    if messages and messages[0].role == "system":
        system, rest = messages[0].content, messages[1:]
        if rest and rest[0].role == "user":
            yield True, (Message(role="user", content=f"{system}\n\n{rest[0].content}"), *rest[1:])
        else:
            yield True, (Message(role="user", content=system), *rest)


@cache
def refusals() -> tuple[type[Exception], ...]:
    """What a template raises that does not take what it is given."""
    from jinja2 import TemplateError

    return (TemplateError, TypeError, ValueError, KeyError, AttributeError, IndexError)
