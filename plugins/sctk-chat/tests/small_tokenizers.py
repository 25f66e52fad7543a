"""Small tokenizers of several families, trained here; nothing is downloaded. Tests of other plugins take them from here too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

WORDS = (
    "the film was good and the story kept us awake until a late hour; we liked it, we did not like it. "
    "Hello there! How are you? I am fine, thank you. 1 2 3 four five. naïve café 你好 🙂 im_end im_start system user "
)
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LLAMA2 = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{% set system = '<<SYS>>\n' + messages[0].content + '\n<</SYS>>\n\n' %}"
    "{% set turns = messages[1:] %}{% else %}{% set system = '' %}{% set turns = messages %}{% endif %}"
    "{% for m in turns %}{% if m.role == 'user' %}[INST] {{ (system if loop.first else '') + m.content.strip() }} [/INST]"
    "{% else %} {{ m.content.strip() }} {{ eos_token }}{% endif %}{% endfor %}"
)
NO_SYSTEM = (
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}"
    "<|im_start|>{{ 'model' if m.role == 'assistant' else m.role }}\n{{ m.content | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>model\n{% endif %}"
)
DROPS_SYSTEM = CHATML.replace("{% for m in messages %}", "{% for m in messages if m.role != 'system' %}")


def _byte_level(template: str | None) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    engine = Tokenizer(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    engine.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    engine.train_from_iterator(
        [WORDS] * 4, trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    )
    made = PreTrainedTokenizerFast(
        tokenizer_object=engine, eos_token="<|im_end|>", bos_token="<|endoftext|>", pad_token="<|endoftext|>"
    )
    made.add_tokens(["<think>", "</think>"])
    made.chat_template = template
    return made


def _metaspace(model: str) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    special = ["<unk>", "<s>", "</s>"]
    if model == "bpe":
        engine = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
        trainer: Any = trainers.BpeTrainer(vocab_size=300, special_tokens=special)
    else:
        engine = Tokenizer(models.Unigram())
        trainer = trainers.UnigramTrainer(vocab_size=150, special_tokens=special, unk_token="<unk>")
    engine.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    engine.decoder = decoders.Metaspace(prepend_scheme="first")
    engine.train_from_iterator([WORDS] * 4, trainer)
    made = PreTrainedTokenizerFast(tokenizer_object=engine, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    made.chat_template = LLAMA2
    return made


TOKENIZERS: dict[str, Callable[[], Any]] = {
    "chatml": lambda: _byte_level(CHATML),
    "no system": lambda: _byte_level(NO_SYSTEM),
    "drops system": lambda: _byte_level(DROPS_SYSTEM),
    "no template": lambda: _byte_level(None),
    "llama-2 bpe": lambda: _metaspace("bpe"),
    "llama-2 unigram": lambda: _metaspace("unigram"),
}
