"""Conversations as token ids, and token ids as answers: what every backend and trainer of local models needs, without torch.

`rendering` turns messages into ids and ids into text (`two_texts` those of encoder-decoders), `names` finds a model's tokenizer,
`chat` says how an answer begins and what sampled ids answer, `stops` where they end. Importing this brings neither torch nor
transformers.
"""

from sctk_chat.by_files import KnownByFiles
from sctk_chat.chat import Chat, Opening
from sctk_chat.generation import config_of, own_sampling, stored_context, stored_dtype
from sctk_chat.names import check_path, load_tokenizer, not_loaded, place_of
from sctk_chat.notes import Conversations, Habits, conversation_notes, habits_of, template_notes
from sctk_chat.one_at_a_time import LOADING
from sctk_chat.rendering import (
    completion_ids,
    decode,
    end_ids,
    end_of_turn,
    opened_mark,
    render,
    template_digest,
    tokenizer_digest,
    tokens_digest,
    turn_ids,
    whole_ids,
)
from sctk_chat.stops import Decode, Spoken, StopWatch, cut, ids_before, spoken
from sctk_chat.templates import PLAIN_TEMPLATE, template_of
from sctk_chat.two_texts import answer_ends, end_of_answer, is_encoder_decoder, source_ids, target_ids

__all__ = [
    "LOADING",
    "PLAIN_TEMPLATE",
    "Chat",
    "Conversations",
    "Decode",
    "Habits",
    "KnownByFiles",
    "Opening",
    "Spoken",
    "StopWatch",
    "answer_ends",
    "check_path",
    "completion_ids",
    "config_of",
    "conversation_notes",
    "cut",
    "decode",
    "end_ids",
    "end_of_answer",
    "end_of_turn",
    "habits_of",
    "ids_before",
    "is_encoder_decoder",
    "load_tokenizer",
    "not_loaded",
    "opened_mark",
    "own_sampling",
    "place_of",
    "render",
    "source_ids",
    "spoken",
    "stored_context",
    "stored_dtype",
    "target_ids",
    "template_digest",
    "template_notes",
    "template_of",
    "tokenizer_digest",
    "tokens_digest",
    "turn_ids",
    "whole_ids",
]
