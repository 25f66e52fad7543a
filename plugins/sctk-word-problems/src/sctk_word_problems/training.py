"""How an encoder-decoder learns pairs of texts: AdamW in float32, rows of like length in a batch, a loss per target token.

Plain torch: the start model is made by it, and what ordinary training makes of that is measured by it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from sctk_nano import training
from torch.nn.functional import cross_entropy
from transformers import T5Config, T5ForConditionalGeneration

logger = logging.getLogger(__name__)
IGNORED = -100


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of the model: about 1.3 M weights, 2.6 MB in bfloat16."""

    hidden: int = 128
    encoder_layers: int = 3
    decoder_layers: int = 2
    heads: int = 4
    head_dim: int = 32
    inner: int = 384


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How fast it learns."""

    batch: int = 16
    learning_rate: float = 2e-3
    warmup_share: float = 0.04
    weight_decay: float = 0.01


@dataclass(frozen=True)
class Pair:
    """A text and what is to be said to it."""

    source: str
    target: str


Row = tuple[list[int], list[int]]


def new_model(shape: Shape, tok: Any) -> Any:
    """An untrained T5 with tied embeddings, made so that it learns to read and copy in hundreds of steps in place of thousands.

    What the decoder attends to is what it is inclined to say (values and outputs of the attention to the encoder start as the
    identity); and of the heads one looks at the token before, one (of the encoder) at the token behind, one at those around, by
    biases of relative positions that at a usual learning rate would take thousands of steps to grow.
    """
    model_class: Any = T5ForConditionalGeneration
    config_class: Any = T5Config
    model = model_class(
        config_class(
            vocab_size=len(tok),
            d_model=shape.hidden,
            d_kv=shape.head_dim,
            d_ff=shape.inner,
            num_layers=shape.encoder_layers,
            num_decoder_layers=shape.decoder_layers,
            num_heads=shape.heads,
            dropout_rate=0.0,
            feed_forward_proj="relu",
            tie_word_embeddings=True,
            pad_token_id=tok.pad_token_id,
            eos_token_id=tok.eos_token_id,
            decoder_start_token_id=tok.pad_token_id,
        )
    )
    for block in model.decoder.block:
        attention = block.layer[1].EncDecAttention
        for projection in (attention.v, attention.o):
            torch.nn.init.eye_(projection.weight)
    with torch.no_grad():
        _looks_around(_biases(model.encoder), after=16)
        _looks_around(_biases(model.decoder), after=None)
    return model


def _biases(stack: Any) -> torch.Tensor:
    """Biases of relative positions, by bucket and head."""
    found: torch.Tensor = stack.block[0].layer[0].SelfAttention.relative_attention_bias.weight
    return found


def _looks_around(biases_bh: torch.Tensor, after: int | None) -> None:
    """Heads 0, 1 and 2 look at the token before, behind (from bucket `after` on) and at those around; the others anywhere."""
    biases_bh.zero_()
    biases_bh[1, 0] = 5.0
    if after is not None:
        biases_bh[after + 1, 1] = 5.0
    for distance in range(8):
        near = 3.5 - 0.5 * distance
        biases_bh[distance, 2] = near
        if after is not None:
            biases_bh[after + distance, 2] = near


def encoded(tok: Any, pairs: Sequence[Pair]) -> list[Row]:
    """Token ids of both sides of each pair, ends included."""
    sources = tok([pair.source for pair in pairs])["input_ids"]
    targets = tok([pair.target for pair in pairs])["input_ids"]
    return list(zip(sources, targets, strict=True))


def tensors(batch: Sequence[Row], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """sources_BS padded on the right, and targets_BT in which what is ignored is -100."""
    wide, long = (max(len(row[side]) for row in batch) for side in (0, 1))
    sources_bs = torch.tensor([source + [pad] * (wide - len(source)) for source, _ in batch])
    targets_bt = torch.tensor([target + [IGNORED] * (long - len(target)) for _, target in batch])
    return sources_bs, targets_bt


def loss_of(model: Any, batch: Sequence[Row]) -> torch.Tensor:
    """Mean negative log-likelihood in nats per target token."""
    pad = model.config.pad_token_id
    sources_bs, targets_bt = tensors(batch, pad)
    logits_btv = model(input_ids=sources_bs, attention_mask=sources_bs != pad, labels=targets_bt).logits
    return cross_entropy(logits_btv.flatten(0, 1), targets_bt.flatten(), ignore_index=IGNORED)


def fit(model: Any, rows: Sequence[Row], schedule: Schedule, seed: int) -> float:
    """Trains `model` in place, one pass; returns the mean loss of the last fiftieth of the steps."""

    def learn(batch: list[Row]) -> torch.Tensor:
        loss = loss_of(model, batch)
        torch.autograd.backward(loss)
        return loss

    optimizer = torch.optim.AdamW(model.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay)
    plan = training.batches(rows, schedule.batch, seed, lambda row: (len(row[0]), len(row[1])))
    losses = training.descend(model, optimizer, plan, learn, warmup_share=schedule.warmup_share, log_every=50)
    return training.at_the_end(losses, 50)


@torch.no_grad()
def answers(model: Any, tok: Any, sources: Sequence[str], max_new_tokens: int = 24) -> list[str]:
    """The likeliest continuations by greedy search, in order."""
    out: list[str] = []
    for start in range(0, len(sources), 128):
        found = tok(list(sources[start : start + 128]), padding=True, return_tensors="pt")
        said = model.generate(
            input_ids=found["input_ids"],
            attention_mask=found["attention_mask"],
            max_new_tokens=max_new_tokens,
            do_sample=False,
        )
        out += tok.batch_decode(said, skip_special_tokens=True)
    return out
