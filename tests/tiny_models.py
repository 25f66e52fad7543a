"""Models that tests make for themselves, each with a tokenizer of its own, saved like any Hugging Face model."""

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


def make_t5(path: Path, texts: Iterable[str], *, tied: bool = False, seed: int = 0, **settings: int) -> Path:
    """An untrained T5 of 2 + 2 layers with a Unigram tokenizer, in `path`; not `tied`: v1.1, gated, a head of its own."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    # Words and characters as they come: the trainer of Unigram models gives other pieces every time.
    words = list(dict.fromkeys(word for text in texts for word in text.split()))
    pieces = {"<pad>": 0.0, "</s>": 0.0, "<unk>": 0.0, "\u2581": -4.0} | {f"\u2581{word}": -6.0 for word in words}
    pieces |= {letter: -9.0 for word in words for letter in word if letter not in pieces}
    tokenizer = T5Tokenizer(vocab=list(pieces.items()), extra_ids=4)
    torch.manual_seed(seed)
    shape = {"d_model": 64, "d_kv": 16, "d_ff": 128, "num_layers": 2, "num_decoder_layers": 2, "num_heads": 4}
    config = T5Config(
        vocab_size=len(tokenizer), feed_forward_proj="relu" if tied else "gated-gelu", tie_word_embeddings=tied,
        pad_token_id=0, eos_token_id=1, decoder_start_token_id=0, **{**shape, **settings},
    )  # fmt: skip
    model = T5ForConditionalGeneration(config)
    if not tied:
        model.lm_head.weight = torch.nn.Parameter(0.25 * torch.randn(len(tokenizer), config.d_model))
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path


def make_bart(path: Path, texts: Iterable[str], *, context: int = 256, forced: bool = True, seed: int = 0) -> Path:
    """An untrained BART of 2 + 2 layers with a byte-level tokenizer, in `path`; `forced`: its settings begin answers with <s>."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import BartConfig, BartForConditionalGeneration, BartTokenizer

    bpe = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe.train_from_iterator(texts, vocab_size=400, special_tokens=special, show_progress=False)
    bpe.save_model(str(path.parent), path.name)
    vocab, merges = (path.with_name(f"{path.name}-{name}") for name in ("vocab.json", "merges.txt"))
    tokenizer = BartTokenizer(vocab=str(vocab), merges=str(merges), model_max_length=context)
    torch.manual_seed(seed)
    config = BartConfig(
        vocab_size=len(tokenizer), max_position_embeddings=context, d_model=64, encoder_layers=2, decoder_layers=2,
        encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=128, decoder_ffn_dim=128, init_std=0.15,
        bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=None,
    )  # fmt: skip
    model = BartForConditionalGeneration(config)
    model.generation_config.forced_bos_token_id = 0 if forced else None
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return path
