"""Conversations as token ids, and token ids as answers: what every backend and trainer of local models needs, without torch.

`rendering` turns messages into ids and ids into text, `names` finds a model's tokenizer, `chat` says how an answer begins and
what sampled ids answer, `stops` where they end. Importing this brings neither torch nor transformers.
"""

from sctk_chat.chat import Chat, Opening
from sctk_chat.names import check_path, load_tokenizer, not_loaded, place_of
from sctk_chat.rendering import (
    PLAIN_TEMPLATE,
    completion_ids,
    decode,
    end_ids,
    end_of_turn,
    render,
    template_digest,
    template_of,
    tokenizer_digest,
    tokens_digest,
)
from sctk_chat.stops import Decode, Spoken, StopWatch, cut, ids_before, spoken

__all__ = [
    "PLAIN_TEMPLATE",
    "Chat",
    "Decode",
    "Opening",
    "Spoken",
    "StopWatch",
    "check_path",
    "completion_ids",
    "cut",
    "decode",
    "end_ids",
    "end_of_turn",
    "ids_before",
    "load_tokenizer",
    "not_loaded",
    "place_of",
    "render",
    "spoken",
    "template_digest",
    "template_of",
    "tokenizer_digest",
    "tokens_digest",
]
