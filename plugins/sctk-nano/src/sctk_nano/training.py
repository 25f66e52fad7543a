"""How the model learns: next-token loss on the assistant's turns, AdamW in float32, one pass over the conversations.

Conversations of like length share a batch, so that little is padding. One pass, so that nothing is learned by heart
but the world's own words.
"""

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM

logger = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of the model: about 2.7 M weights, 5.4 MB in bfloat16."""

    hidden: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 64
    inner: int = 512


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how fast it learns."""

    batch: int = 16
    learning_rate: float = 2e-3
    warmup_share: float = 0.04
    weight_decay: float = 0.05
    log_every: int = 25


Example = tuple[list[int], list[bool]]


def new_model(shape: Shape, vocab_size: int, ids: dict[str, int], max_length: int) -> Any:
    """An untrained model of plain Llama architecture with tied embeddings."""
    model_class: Any = LlamaForCausalLM
    return model_class(
        LlamaConfig(
            vocab_size=vocab_size,
            hidden_size=shape.hidden,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.kv_heads,
            head_dim=shape.head_dim,
            intermediate_size=shape.inner,
            max_position_embeddings=max_length,
            tie_word_embeddings=True,
            initializer_range=0.04,
            bos_token_id=ids["bos"],
            eos_token_id=ids["eos"],
            pad_token_id=ids["pad"],
        )
    )


def batches(rows: Sequence[T], size: int, seed: int, long: Callable[[T], Any]) -> list[list[T]]:
    """Batches of rows that are alike in length, as `long` says it, in a seeded order."""
    out: list[list[T]] = []
    for start in range(0, len(rows), 32 * size):
        chunk = sorted(rows[start : start + 32 * size], key=long)
        cut = [chunk[i : i + size] for i in range(0, len(chunk), size)]
        random.Random(f"{seed}/{start}").shuffle(cut)  # noqa: S311
        out += cut
    return out


def tensors(batch: Sequence[Example], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """ids_BT padded on the right, and learned_BT: True where the token is to be predicted."""
    width = max(len(ids) for ids, _ in batch)
    ids_bt = torch.tensor([ids + [pad] * (width - len(ids)) for ids, _ in batch])
    learned_bt = torch.tensor([learned + [False] * (width - len(learned)) for _, learned in batch])
    return ids_bt, learned_bt


def turn_loss(model: Any, ids_bt: torch.Tensor, learned_bt: torch.Tensor) -> torch.Tensor:
    """Mean negative log-likelihood in nats per learned token; logits are made for those positions only."""
    hidden_btd = model.model(input_ids=ids_bt, use_cache=False).last_hidden_state
    wanted = learned_bt[:, 1:]
    logits_nv = model.lm_head(hidden_btd[:, :-1][wanted])
    return cross_entropy(logits_nv, ids_bt[:, 1:][wanted])


def redraw(embeddings: torch.nn.Embedding, rows: Sequence[int], chance: torch.Generator) -> None:
    """Gives the tokens of `rows` random embeddings, as long as all are on average."""
    weight = embeddings.weight.detach()
    size = weight.square().mean().sqrt()
    weight[list(rows)] = torch.randn(len(rows), weight.shape[1], generator=chance).to(weight.device) * size


def decaying(model: Any, schedule: Schedule, second: float) -> torch.optim.AdamW:
    """AdamW that lets matrices decay and nothing else; `second` is its second beta."""
    decayed = [weight for weight in model.parameters() if weight.dim() > 1]
    plain = [weight for weight in model.parameters() if weight.dim() <= 1]
    return torch.optim.AdamW(
        [{"params": decayed, "weight_decay": schedule.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=schedule.learning_rate,
        betas=(0.9, second),
    )


def descend(
    model: Any, optimizer: torch.optim.Optimizer, plan: Sequence[list[T]], learn: Callable[[list[T]], torch.Tensor],
    *, warmup_share: float, log_every: int = 25,
) -> list[float]:  # fmt: skip
    """A step for each batch, `learn` making its gradients and giving its loss; returns the losses.

    The rate rises over the warm-up and falls to zero at the end; gradients are clipped at norm 1.
    """
    warmup, rate = max(1, int(warmup_share * len(plan))), optimizer.param_groups[0]["lr"]
    losses: list[float] = []
    began = time.monotonic()
    model.train()
    for step, batch in enumerate(plan):
        share = min((step + 1) / warmup, (len(plan) - step) / (len(plan) - warmup + 1))
        for group in optimizer.param_groups:
            group["lr"] = rate * share
        loss = learn(batch)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        if step % log_every == 0 or step == len(plan) - 1:
            recent = losses[-log_every:]
            spent = time.monotonic() - began
            logger.info("step %d of %d, loss %.3f, %.0f s", step + 1, len(plan), sum(recent) / len(recent), spent)
    model.eval()
    return losses


def at_the_end(losses: Sequence[float], share: int) -> float:
    """The mean loss of the last 1/share of the steps."""
    last = losses[-max(1, len(losses) // share) :]
    return sum(last) / len(last)


def fit(
    model: Any, examples: Sequence[Example], schedule: Schedule, seed: int, random_rows: Sequence[int] = ()
) -> float:
    """Trains `model` in place, one pass; returns the mean loss of the last fiftieth of the steps.

    The tokens in `random_rows` have no embedding that could be learned: each step draws them anew.
    """
    rows, chance = list(random_rows), torch.Generator().manual_seed(seed)
    embeddings = model.get_input_embeddings()

    def learn(batch: list[Example]) -> torch.Tensor:
        redraw(embeddings, rows, chance)
        ids_bt, learned_bt = tensors(batch, model.config.pad_token_id)
        loss = turn_loss(model, ids_bt.to(model.device), learned_bt.to(model.device))
        torch.autograd.backward(loss)
        embeddings.weight.grad[rows] = 0.0
        return loss

    plan = batches(examples, schedule.batch, seed, lambda example: len(example[0]))
    losses = descend(
        model, decaying(model, schedule, 0.95), plan, learn,
        warmup_share=schedule.warmup_share, log_every=schedule.log_every,
    )  # fmt: skip
    redraw(embeddings, rows, chance)
    return at_the_end(losses, 50)
