"""The tokenizer of a student as the door that rows pass through: one renderer of templates, one end of a turn."""

from __future__ import annotations

from functools import cache

from sctk_chat import (
    answer_ends,
    decode,
    end_ids,
    end_of_answer,
    end_of_turn,
    ids_before,
    render,
    source_ids,
    target_ids,
    tokenizer_digest,
    turn_ids,
    whole_ids,
)
from sctk_core import Message, Sample
from transformers import PreTrainedTokenizerBase

from sctk_trl.rows import Tokens
from sctk_trl.student import Student, context_length


def tokens_of(student: Student, max_length: int) -> Tokens:
    """How texts become ids for this student; no row is longer than `max_length` or than the model can read."""
    if student.two_texts:
        return _of_two_texts(student, max_length)
    tokenizer, variables = student.tokenizer, student.ref.variables

    @cache
    def rendered(messages: tuple[Message, ...]) -> tuple[int, ...]:
        return tuple(render(tokenizer, messages, variables=variables))

    def encode(sample: Sample) -> tuple[list[int], list[int]]:
        if sample.teach_thought and sample.thought:
            read = list(rendered(sample.prompt.messages))
            ids = whole_ids(tokenizer, sample.thought, sample.text, variables)
        else:
            read, ids = turn_ids(tokenizer, sample.prompt.messages, sample.text, variables)
        return read, ids[:-1] if sample.finish == "length" else ids

    def answer(sample: Sample) -> list[int] | None:
        ids = sample.token_ids or ()
        thought = ids_before(ids, sample.thought or "", lambda some: decode(tokenizer, some))
        return None if thought is None else list(ids[len(thought) :])

    return Tokens(
        render=lambda prompt: list(rendered(prompt.messages)),
        encode=encode,
        answer=answer,
        text=lambda ids: str(tokenizer.decode(list(ids), skip_special_tokens=False)),
        digest=tokenizer_digest(tokenizer),
        end=end_of_turn(tokenizer, variables),
        ends=end_ids(tokenizer, getattr(student.found_generation_config, "eos_token_id", None), variables),
        max_length=min(max_length, context_length(student)),
    )


def _of_two_texts(student: Student, max_length: int) -> Tokens:
    """The same of an encoder-decoder, whose encoder reads the conversation and whose decoder is taught the answer."""
    tokenizer = student.tokenizer

    @cache
    def read(messages: tuple[Message, ...]) -> tuple[int, ...]:
        return tuple(source_ids(tokenizer, messages))

    def encode(sample: Sample) -> tuple[list[int], list[int]]:
        said = f"{sample.thought}{sample.text}" if sample.teach_thought and sample.thought else sample.text
        ids = target_ids(tokenizer, said)
        return list(read(sample.prompt.messages)), ids[:-1] if sample.finish == "length" else ids

    def answer(sample: Sample) -> list[int] | None:
        return None if sample.thought else list(sample.token_ids or ())

    return Tokens(
        render=lambda prompt: list(read(prompt.messages)),
        encode=encode,
        answer=answer,
        text=lambda ids: str(tokenizer.decode(list(ids), skip_special_tokens=False)),
        digest=tokenizer_digest(tokenizer),
        end=end_of_answer(tokenizer),
        ends=answer_ends(tokenizer, getattr(student.found_generation_config, "eos_token_id", None)),
        max_length=min(max_length, context_length(student)),
    )


def pad_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """A token to fill short rows with: masked everywhere, so any will do."""
    for number in (tokenizer.pad_token_id, tokenizer.eos_token_id):
        if number is not None:
            return int(number)
    return 0
