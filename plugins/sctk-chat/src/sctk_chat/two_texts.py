"""An encoder-decoder's two texts: a conversation that its encoder reads, and an answer that its decoder says.

The conversation is the contents of its turns joined by a blank line, without a template, a role or a mark; both texts carry what
the tokenizer puts around every text (T5: `</s>` behind it; BART: `<s>` and `</s>`), and the answer ends in the eos token whatever
it does. Where content holds a control string (`</s>`, `<extra_id_0>`) it stays the plain characters that it is (`twin.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sctk_core import ConfigError, Message, ModelRef, content_id, tools_defined

from sctk_chat.generation import config_of
from sctk_chat.twin import twin_of

BETWEEN = "\n\n"
"""What stands between two turns."""
DIGEST = content_id("two texts", BETWEEN)
"""What names this way of reading a conversation, where others have the digest of a chat template."""


def is_encoder_decoder(model: ModelRef) -> bool:
    """Whether a model reads its conversation by an encoder and answers by a decoder, as its `config.json` says."""
    return bool(config_of(model).get("is_encoder_decoder"))


def source_ids(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """The token ids that the encoder reads; a ConfigError where a turn calls a tool or answers as one."""
    refuse_calls(messages)
    return twin_of(tokenizer).around(BETWEEN.join(turn.content for turn in messages))


def refuse_calls(messages: Sequence[Message]) -> None:
    """Raises where a turn calls a tool or answers as one."""
    for turn in messages:
        if turn.calls or turn.role == "tool":
            raise ConfigError(
                f"an encoder-decoder: got a {turn.role} turn that has to do with tools, wanted turns of text",
                hint="it reads one text and has no form for calls: take the conversation out, or name a model with a chat template",
            )


def target_ids(tokenizer: Any, text: str) -> list[int]:
    """The token ids that the decoder says where it answers `text`, the eos token the last of them."""
    ids, end = twin_of(tokenizer).around(text), end_of_answer(tokenizer)
    return ids if ids and ids[-1] == end else [*ids, end]


def notes_of(model: ModelRef, tokenizer: Any) -> list[str]:
    """What a user should know of how such a model is asked."""
    about = f"encoder-decoder {model.path}"
    end_of_answer(tokenizer)
    found = [
        f"{about}: it reads the texts of a conversation joined by a blank line, without roles and without a chat template"
    ]
    if model.variables:
        found.append(
            f"{about}: the [template] variables {', '.join(model.variables)} are of no use: there is no template"
        )
    return found


def notes_on(model: ModelRef, conversations: Iterable[tuple[str, tuple[Message, ...]]]) -> list[str]:
    """What becomes of tools that may be called; a ConfigError with its place for a conversation in which some were."""
    hidden = 0
    for where, messages in conversations:
        try:
            refuse_calls(messages)
        except ConfigError as error:
            raise ConfigError(f"{where}: {error.message}", hint="take the row out, or name another model") from error
        hidden += bool(tools_defined(messages))
    if not hidden:
        return []
    return [f"encoder-decoder {model.path}: the tools that {hidden:,} conversations define are not shown to it"]


def end_of_answer(tokenizer: Any) -> int:
    """The id of the token that ends an answer."""
    if tokenizer.eos_token_id is None:
        raise ConfigError(
            "tokenizer of an encoder-decoder: got no eos token, wanted one, which ends its answers",
            hint="set eos_token in tokenizer_config.json",
        )
    return int(tokenizer.eos_token_id)


def answer_ends(tokenizer: Any, named: int | list[int] | None) -> frozenset[int]:
    """The ids at which an answer ends: the eos token, and those that the model's settings name."""
    listed = named if isinstance(named, list) else [named]
    return frozenset((end_of_answer(tokenizer), *(int(number) for number in listed if number is not None)))
