"""The tokenizer: byte-level BPE learned from the world, five control tokens, and the chat template.

Byte-level, so that any text can be spelled; small, so that most of the model's weights are not embeddings.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from sctk_nano.world.conversation import Turn

BOS, USER, ASSISTANT, SYSTEM, END, PAD = "<|bos|>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>", "<|pad|>"
SPECIAL = (PAD, BOS, SYSTEM, USER, ASSISTANT, END)
MAX_LENGTH = 1024
CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def learn(texts: Iterable[str], vocab_size: int) -> Any:
    """A tokenizer of `vocab_size` tokens; the end of a turn is the end of generation."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _dressed(tokenizer)


def _dressed(tokenizer: Tokenizer) -> Any:
    tokenizer_class: Any = PreTrainedTokenizerFast
    return tokenizer_class(
        tokenizer_object=tokenizer,
        bos_token=BOS,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=[SYSTEM, USER, ASSISTANT],
        chat_template=CHAT_TEMPLATE,
        model_max_length=MAX_LENGTH,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


def with_words(tokenizer: Any, words: Sequence[str], bare: Sequence[str] = ()) -> Any:
    """The same tokenizer in which each of `words`, after a space, is one token; their ids are the last ones, in order.

    Each of `bare` is one where no space is before it. Words that it had learned as one token keep their place in its vocabulary,
    and are not among the last.
    """
    spec = json.loads(tokenizer.backend_tokenizer.to_str())
    vocabulary = spec["model"]["vocab"]
    for piece in (*(f"Ġ{word}" for word in words), *bare):
        vocabulary.setdefault(piece, len(vocabulary))
    spec["model"]["ignore_merges"] = True  # a whole word that the vocabulary has is taken whole
    return _dressed(Tokenizer.from_str(json.dumps(spec)))


def encode(tokenizer: Any, turns: Sequence[Turn]) -> tuple[list[int], list[bool]]:
    """Token ids of a conversation, and which of them are learned: what the assistant says, its end included."""
    ids, learned = [tokenizer.convert_tokens_to_ids(BOS)], [False]
    end = tokenizer.convert_tokens_to_ids(END)
    for turn in turns:
        said = tokenizer(turn.content, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        ids += [tokenizer.convert_tokens_to_ids(f"<|{turn.role}|>"), *said, end]
        learned += [False, *[turn.role == "assistant"] * (len(said) + 1)]
    return ids, learned
