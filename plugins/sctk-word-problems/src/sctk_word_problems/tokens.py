"""What a token is to the scripted teacher, who has no tokenizer: a word with the space before it, a digit, or a mark."""

from __future__ import annotations

import re
from typing import Literal

from sctk_core import Sampling

_PIECE = re.compile(r"\s?(?:[^\W\d]+|\d|[^\w\s]|_)|\s")


def n_tokens(text: str) -> int:
    """How many tokens a text has."""
    return sum(1 for _ in _PIECE.finditer(text))


def shortened(text: str, sampling: Sampling) -> tuple[str, Literal["stop", "length"]]:
    """The text up to the first stop string and at most `max_new_tokens` long, and why it ends."""
    ends = [text.find(stop) for stop in sampling.stop if stop and stop in text]
    text = text[: min(ends)] if ends else text
    pieces = list(_PIECE.finditer(text))
    if len(pieces) <= sampling.max_new_tokens:
        return text, "stop"
    return text[: pieces[sampling.max_new_tokens].start()], "length"
