"""Models that tests make for themselves: a small GPT-2 with a tokenizer and a chat template, saved like any Hugging Face model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TOLD_APART = (
    "--set",
    "reward.use=rules",
    "--set",
    'reward.must_contain=["a", "e", "i", "o", "u", "k", "w", "m", "?", "H"]',
)
"""Words for `sctk run`: a reward that tells texts at random apart, so that there is a preference to learn."""
SPECIAL = ["<|end|>", "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>"]


def make_gpt2(path: Path, texts: Iterable[str], *, context: int = 1024) -> Path:
    """An untrained GPT-2 of 2 layers whose byte-level tokenizer was learned from `texts`, in `path`."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(texts, vocab_size=1200, special_tokens=SPECIAL, show_progress=False)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe._tokenizer, eos_token="<|end|>", pad_token="<|pad|>", chat_template=TEMPLATE,
        additional_special_tokens=SPECIAL[2:], model_max_length=context,
    )  # fmt: skip
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=context, n_embd=64, n_layer=2, n_head=2,
        bos_token_id=0, eos_token_id=0, pad_token_id=1,
    )  # fmt: skip
    GPT2LMHeadModel(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def make_llama(path: Path, texts: Iterable[str], *, context: int = 1024) -> Path:
    """An untrained Llama of 2 layers with another tokenizer (word pieces, of other texts) and another chat template, in `path`."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    special = ["[END]", "[PAD]", "[SYS]", "[ASK]", "[SAY]", "[UNK]"]
    pieces = Tokenizer(models.BPE(unk_token="[UNK]"))
    pieces.pre_tokenizer, pieces.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    pieces.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=300, special_tokens=special, show_progress=False))
    template = (
        "{% for message in messages %}{% if message['role'] == 'user' %}[ASK]{% elif message['role'] == 'system' %}[SYS]"
        "{% else %}[SAY]{% endif %}{{ message['content'] }}[END]{% endfor %}{% if add_generation_prompt %}[SAY]{% endif %}"
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces, eos_token="[END]", pad_token="[PAD]", unk_token="[UNK]", chat_template=template,
        additional_special_tokens=special[2:5], model_max_length=context,
    )  # fmt: skip
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=context, hidden_size=48, intermediate_size=96,
        num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, bos_token_id=0, eos_token_id=0, pad_token_id=1,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path
