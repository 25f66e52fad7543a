"""The tokenizer: the world's words and numbers of up to three digits whole, bytes for all else, sentinels for what is left out.

A number is copied as one token, wherever it stands behind a space. Any text can be spelled; a text ends with the end token, as
T5's do. Learned from the world's own text in alphabetical order, so that the same text gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"
SENTINELS = tuple(f"<extra_id_{number}>" for number in range(16))
_SENTINEL = re.compile(r"(<extra_id_\d+>)")
MAX_LENGTH = 512
PIECE = r" ?[A-Za-z]+|(?<![0-9]) ?[0-9]{1,3}(?![0-9])| ?[0-9]| ?[^\sA-Za-z0-9]|\s"
"""A word, a mark, or a number of up to three digits with the space before it; a digit of a longer number; a space by itself."""
NUMBERS = tuple(f"Ġ{number}" for number in range(1000))


def learn(texts: Iterable[str]) -> Any:
    """A tokenizer that has every piece of `texts` as one token."""
    splitter = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECE), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    seen = {piece for text in texts for piece, _ in splitter.pre_tokenize_str(text)}
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    known = {*letters, *NUMBERS}
    pieces = [PAD, END, UNKNOWN, *SENTINELS, *sorted(known), *sorted(seen - known)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], ignore_merges=True, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", pair=f"$A {END} $B {END}", special_tokens=[(END, vocabulary[END])]
    )
    tokenizer_class: Any = PreTrainedTokenizerFast
    return tokenizer_class(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        unk_token=UNKNOWN,
        additional_special_tokens=list(SENTINELS),
        model_max_length=MAX_LENGTH,
        clean_up_tokenization_spaces=False,
    )


def parted(text: str) -> list[str]:
    """A text as its sentinels and what is between them.

    >>> parted("Ada had <extra_id_0>apples.")
    ['Ada had ', '<extra_id_0>', 'apples.']
    """
    return _SENTINEL.split(text)
