"""The one place where a conversation becomes token ids, for sampling, scoring and training alike.

Harmless conversations come out exactly as the tokenizer's own chat template and encoding have them. Where content holds a
control string (`<|im_end|>`, `</s>`, `<think>`), or would form one at the border to the template's text, the template is
rendered over shielded content and only what the template itself wrote becomes a control token (`twin.py`).

What differs from `apply_chat_template(tokenize=True)`, and only then: a template that reads control strings inside content
(splitting at `</think>`, say) does not see them; a date that a template asks for is always 26 July 2024, because equal
requests must give equal tokens; a system message that a template refuses or drops is put before the first user message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sctk_core import ConfigError, Message, content_id

from sctk_chat.twin import Shield, twin_of

TODAY = datetime(2024, 7, 26)
PLAIN_TEMPLATE = (
    "{% for m in messages %}{{ {'system': 'System', 'user': 'User', 'assistant': 'Assistant'}[m.role] }}: {{ m.content }}"
    "{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}{{ '\\n\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)


def render(tokenizer: Any, messages: Sequence[Message], add_generation_prompt: bool = True) -> list[int]:
    """The token ids of a conversation, ready to be continued by the assistant; content never becomes a control token."""
    return twin_of(tokenizer).encode(_rendered(tokenizer, messages, add_generation_prompt))


def completion_ids(tokenizer: Any, text: str, messages: Sequence[Message] = ()) -> list[int]:
    """The ids that an assistant's `text` trains and scores as, its end of turn included.

    With the `messages` that it answers, its ids are those that the rendered conversation has after the prompt, which is
    right at every border; without, or where the template does not extend the prompt, the text is encoded by itself.
    """
    end = end_of_turn(tokenizer)
    if messages:
        prompt = render(tokenizer, messages)
        whole = render(tokenizer, (*messages, Message(role="assistant", content=text)), add_generation_prompt=False)
        rest = whole[len(prompt) :]
        if whole[: len(prompt)] == prompt and end in rest:
            return rest[: rest.index(end) + 1]
    twin = twin_of(tokenizer)
    name = twin.name_controls(str(tokenizer.convert_ids_to_tokens(end)))
    return [*twin.encode(name + text)[1:], end]


def end_of_turn(tokenizer: Any) -> int:
    """The id of the token that ends an assistant's turn: what the template writes after its text, else the eos token."""
    from jinja2 import TemplateError

    twin, shield = twin_of(tokenizer), Shield(["u", "a"])
    said, answered = shield.cover("u"), shield.cover("a")
    turns = [Message(role="user", content=said), Message(role="assistant", content=answered)]
    try:
        _, found, tail = _template(tokenizer, turns, False).rpartition(answered)
    except TemplateError:
        found, tail = "", ""
    after = twin.controls_in(tail) if found else []
    if after:
        return twin.controls[after[0]]
    if tokenizer.eos_token_id is None:
        raise ConfigError(
            "tokenizer: got neither an eos token nor a chat template that ends a turn, wanted one of them",
            hint="set eos_token in tokenizer_config.json",
        )
    return int(tokenizer.eos_token_id)


def end_ids(tokenizer: Any, named: int | list[int] | None) -> frozenset[int]:
    """The ids at which a reply ends: the template's end of turn, the eos token, those that the model's settings name."""
    listed = named if isinstance(named, list) else [named]
    found = (end_of_turn(tokenizer), tokenizer.eos_token_id, *listed)
    return frozenset(int(number) for number in found if number is not None)


def decode(tokenizer: Any, ids: Sequence[int]) -> str:
    """The text of sampled ids, special tokens left out."""
    return str(tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


def tokenizer_digest(tokenizer: Any) -> str:
    """32 hex digits: equal for tokenizers that give and read the same ids, whatever their padding or file layout.

    Over vocabulary, merges, normalizer, pre-tokenizer, added and special tokens, and the chat template.
    """
    spec = twin_of(tokenizer).spec
    added = [[token["id"], token["content"], token["special"]] for token in spec["added_tokens"]]
    ends = [tokenizer.bos_token, tokenizer.eos_token]
    return content_id(
        "tokenizer", spec["model"], spec["normalizer"], spec["pre_tokenizer"], added, ends, template_of(tokenizer)
    )


def template_digest(tokenizer: Any) -> str:
    """32 hex digits over the chat template and the day that it is told."""
    return content_id("template", template_of(tokenizer), TODAY.isoformat())


def tokens_digest(ids: Sequence[int]) -> str:
    """32 hex digits over token ids: what `prompt_tokens` of a reply holds."""
    return content_id("tokens", list(ids))


def template_of(tokenizer: Any) -> str:
    """The tokenizer's chat template; a plain `User: ... Assistant:` one where it has none."""
    return str(tokenizer.get_chat_template()) if tokenizer.chat_template else PLAIN_TEMPLATE


def _rendered(tokenizer: Any, messages: Sequence[Message], add_generation_prompt: bool) -> str:
    """The conversation as text in which the template's control strings go by their secret names, and no others do."""
    twin = twin_of(tokenizer)
    shield = Shield([message.content for message in messages])
    covered = _covered(tokenizer, messages, add_generation_prompt, shield)
    if covered is None:
        return _rendered(tokenizer, _without_system(messages), add_generation_prompt)
    if not any(twin.controls_in(message.content) for message in messages):
        plain = _template(tokenizer, messages, add_generation_prompt)
        if twin.controls_in(plain) == twin.controls_in(covered):
            return twin.name_controls(plain)
    return shield.uncover(twin.name_controls(covered))


def _covered(tokenizer: Any, messages: Sequence[Message], add_generation_prompt: bool, shield: Shield) -> str | None:
    """What the template makes of shielded content; None where it refuses or drops a system message."""
    from jinja2 import TemplateError

    has_system = bool(messages) and messages[0].role == "system"
    turns = [Message(role=message.role, content=shield.cover(message.content)) for message in messages]
    try:
        text = _template(tokenizer, turns, add_generation_prompt)
    except TemplateError as error:
        if has_system:
            return None
        roles = ", ".join(message.role for message in messages) or "no messages"
        raise ConfigError(
            f"chat template: got {roles}, which it does not take ({error})",
            hint="most templates want an optional system message, then user and assistant in turn",
        ) from error
    return None if has_system and turns[0].content.strip() not in text else text


def _without_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages with the system message put before the first user message, or made one."""
    system, rest = messages[0].content, messages[1:]
    if rest and rest[0].role == "user":
        return (Message(role="user", content=f"{system}\n\n{rest[0].content}"), *rest[1:])
    return (Message(role="user", content=system), *rest)


def _template(tokenizer: Any, messages: Sequence[Message], add_generation_prompt: bool) -> str:
    """The conversation as the template writes it, on the fixed day."""
    return str(
        tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.content} for message in messages],
            chat_template=template_of(tokenizer),
            tokenize=False,
            add_generation_prompt=add_generation_prompt,
            date_string=TODAY.strftime("%d %b %Y"),
            strftime_now=TODAY.strftime,
        )
    )
