"""Small models of several architectures, made here; nothing is downloaded."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_tokenizers import TOKENIZERS


@pytest.fixture(scope="session")
def chatml() -> Any:
    """A byte-level tokenizer with ChatML and the unflagged control tokens <think>, </think>."""
    return TOKENIZERS["chatml"]()


def _config(family: str, tokenizer: Any, n_layers: int) -> Any:
    from transformers import Gemma2Config, GPT2Config, LlamaConfig, MistralConfig

    shared = {
        "vocab_size": len(tokenizer),
        "eos_token_id": tokenizer.eos_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_range": 0.15,
    }
    llama_like = {
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": n_layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 256,
    }
    if family == "gpt2":
        return GPT2Config(**shared, n_embd=64, n_layer=n_layers, n_head=4, n_positions=256)
    if family == "mistral":
        return MistralConfig(**shared, **llama_like, sliding_window=16)
    if family == "gemma2":
        return Gemma2Config(**shared, **llama_like, head_dim=16, sliding_window=16)
    return LlamaConfig(**shared, **llama_like)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, chatml: Any) -> Callable[[str], Path]:
    """family -> a directory with a small random model of that architecture and the ChatML tokenizer, made once.

    "llama-6" has 6 layers in place of 2.
    """
    import torch
    from transformers import AutoModelForCausalLM

    @functools.cache
    def path_of(family: str) -> Path:
        torch.manual_seed(0)
        path = tmp_path_factory.mktemp(family)
        name, _, layers = family.partition("-")
        AutoModelForCausalLM.from_config(_config(name, chatml, int(layers or 2))).save_pretrained(path)
        chatml.save_pretrained(path)
        return path

    return path_of
