"""A tiny model and tokenizer, made here, and records to train it on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from sctk_core import Message, ModelRef, Pair, Prompt, Sample
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
torch.set_num_threads(1)  # on tiny matrices a second thread only waits, and on a busy machine for long
ANSWERS = ("the film is good", "a bad film", "I like it a lot", "no, the story is dull and long", "fine")


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(ANSWERS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", chat_template=TEMPLATE)


def tiny_llama(vocabulary: int) -> LlamaForCausalLM:
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        eos_token_id=2,
        bos_token_id=None,
        pad_token_id=None,
    )
    return LlamaForCausalLM(config)


def tiny_gpt2(vocabulary: int) -> GPT2LMHeadModel:
    torch.manual_seed(7)
    config = GPT2Config(
        vocab_size=vocabulary, n_embd=32, n_layer=2, n_head=4, n_positions=128, eos_token_id=2, bos_token_id=None
    )
    return GPT2LMHeadModel(config)


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return tiny_tokenizer()


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast) -> ModelRef:
    path = tmp_path_factory.mktemp("llama")
    tiny_llama(len(tokenizer)).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return ModelRef(path=str(path))


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast) -> ModelRef:
    path: Path = tmp_path_factory.mktemp("gpt2")
    tiny_gpt2(len(tokenizer)).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return ModelRef(path=str(path))


def prompt_of(n: int) -> Prompt:
    return Prompt(messages=(Message(role="user", content=f"what of film {n}?"),))


def sample_of(n: int, text: str = "") -> Sample:
    return Sample(prompt=prompt_of(n), text=text or ANSWERS[n % len(ANSWERS)])


@pytest.fixture(scope="session")
def samples() -> list[Sample]:
    return [sample_of(n) for n in range(14)]


@pytest.fixture(scope="session")
def make_pair() -> Callable[..., Pair]:
    def make(n: int, chosen: str, rejected: str, tau: float = 1.0) -> Pair:
        prompt = prompt_of(n)
        good, bad = Sample(prompt=prompt, text=chosen, sweep=1), Sample(prompt=prompt, text=rejected)
        return Pair(prompt=prompt, chosen=good, rejected=bad, margin=None, probability=tau)

    return make


@pytest.fixture(scope="session")
def pairs(make_pair: Callable[..., Pair]) -> list[Pair]:
    taus = (1.0, 0.9, 0.7, 0.3, 0.5)
    return [
        make_pair(n, ANSWERS[n % 5], ANSWERS[(n + 1 + n // 5) % 5], taus[n % 5])
        for n in range(14)
        if n % 5 != (n + 1 + n // 5) % 5
    ]
