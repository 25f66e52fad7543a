"""The tokenizer of a student as the door that rows pass through: one renderer of templates, one end of a turn."""

from __future__ import annotations

from functools import cache

from sctk_core import Message, Sample
from sctk_transformers import chat
from transformers import PreTrainedTokenizerBase

from sctk_trl.rows import Tokens
from sctk_trl.student import Student, context_length


def tokens_of(student: Student, max_length: int) -> Tokens:
    """How texts become ids for this student; no row is longer than `max_length` or than the model can read."""
    tokenizer = student.tokenizer
    end = chat.end_of_turn(tokenizer)

    @cache
    def render(messages: tuple[Message, ...]) -> tuple[int, ...]:
        return tuple(chat.render(tokenizer, messages))

    def encode(sample: Sample) -> list[int]:
        ids = chat.completion_ids(tokenizer, sample.text, sample.prompt.messages)
        return ids[:-1] if sample.finish == "length" else ids

    return Tokens(
        render=lambda prompt: list(render(prompt.messages)),
        encode=encode,
        digest=chat.tokenizer_digest(tokenizer),
        end=end,
        ends=frozenset({end, *_ends_of(student)}),
        max_length=min(max_length, context_length(student)),
    )


def pad_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """A token to fill short rows with: masked everywhere, so any will do."""
    for number in (tokenizer.pad_token_id, tokenizer.eos_token_id):
        if number is not None:
            return int(number)
    return 0


def _ends_of(student: Student) -> list[int]:
    """The tokens at which generation stops: one, several, or none, as the model's settings have it."""
    found = [student.tokenizer.eos_token_id]
    set_by_model = getattr(student.found_generation_config, "eos_token_id", None)
    found += set_by_model if isinstance(set_by_model, list) else [set_by_model]
    return [int(number) for number in found if number is not None]
