"""The tokenizer of a student as the door that rows pass through: one renderer of templates, one end of a turn."""

from __future__ import annotations

from functools import cache

from sctk_chat import completion_ids, end_ids, end_of_turn, render, tokenizer_digest
from sctk_core import Message, Sample
from transformers import PreTrainedTokenizerBase

from sctk_trl.rows import Tokens
from sctk_trl.student import Student, context_length


def tokens_of(student: Student, max_length: int) -> Tokens:
    """How texts become ids for this student; no row is longer than `max_length` or than the model can read."""
    tokenizer = student.tokenizer

    @cache
    def rendered(messages: tuple[Message, ...]) -> tuple[int, ...]:
        return tuple(render(tokenizer, messages))

    def encode(sample: Sample) -> list[int]:
        ids = completion_ids(tokenizer, sample.text, sample.prompt.messages)
        return ids[:-1] if sample.finish == "length" else ids

    return Tokens(
        render=lambda prompt: list(rendered(prompt.messages)),
        encode=encode,
        digest=tokenizer_digest(tokenizer),
        end=end_of_turn(tokenizer),
        ends=end_ids(tokenizer, getattr(student.found_generation_config, "eos_token_id", None)),
        max_length=min(max_length, context_length(student)),
    )


def pad_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """A token to fill short rows with: masked everywhere, so any will do."""
    for number in (tokenizer.pad_token_id, tokenizer.eos_token_id):
        if number is not None:
            return int(number)
    return 0
