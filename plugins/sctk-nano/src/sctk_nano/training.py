"""How the model learns: next-token loss on the assistant's turns, in float32, one pass over the conversations.

Matrices learn by Muon, embeddings and norms by AdamW (per conversation seen, faster than AdamW for all of them).

Conversations of like length share a batch, so that little is padding. One pass, so that nothing is learned by heart
but the world's own words.
"""

import logging
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of the model: about 1.9 M weights, 3.8 MB in bfloat16."""

    hidden: int = 192
    layers: int = 4
    heads: int = 6
    kv_heads: int = 6
    head_dim: int = 32
    inner: int = 448


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how fast it learns."""

    batch: int = 16
    learning_rate: float = 4e-3
    threads: int = 2
    warmup_share: float = 0.04
    weight_decay: float = 0.05
    log_every: int = 25


Example = tuple[list[int], list[bool]]


def new_model(shape: Shape, vocab_size: int, ids: dict[str, int], max_length: int) -> LlamaForCausalLM:
    """An untrained model of plain Llama architecture with tied embeddings."""
    return LlamaForCausalLM(
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


def batches(examples: Sequence[Example], size: int, seed: int) -> list[list[Example]]:
    """Batches of like length, in a seeded order."""
    out: list[list[Example]] = []
    for start in range(0, len(examples), 32 * size):
        chunk = sorted(examples[start : start + 32 * size], key=lambda example: len(example[0]))
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


def turn_loss(model: LlamaForCausalLM, ids_bt: torch.Tensor, learned_bt: torch.Tensor) -> torch.Tensor:
    """Negative log-likelihood in nats, summed over learned tokens; logits are made for those positions only."""
    hidden_btd = model.model(input_ids=ids_bt, use_cache=False).last_hidden_state
    wanted = learned_bt[:, 1:]
    logits_nv = model.lm_head(hidden_btd[:, :-1][wanted])
    return cross_entropy(logits_nv, ids_bt[:, 1:][wanted], reduction="sum")


class Gradients:
    """Gradients of a batch, one thread per share of it, added in a fixed order: the same bytes however threads are timed.

    Threads meet once per batch, not once per operation, which is what makes two of them worth it on a busy machine.
    """

    def __init__(self, model: LlamaForCausalLM, threads: int) -> None:
        self.model, self.threads = model, threads
        self.weights = list(model.parameters())
        self.pool = ThreadPoolExecutor(threads)

    def __call__(self, batch: Sequence[Example]) -> float:
        """Sets every weight's gradient; returns the loss in nats per learned token."""
        n_learned = sum(sum(learned) for _, learned in batch)
        shares = [batch[i :: self.threads] for i in range(self.threads)]
        found = list(self.pool.map(self._share, [share for share in shares if share]))
        for weight, *parts in zip(self.weights, *(gradients for _, gradients in found), strict=True):
            weight.grad = torch.stack(parts).sum(0) / n_learned
        return sum(loss for loss, _ in found) / n_learned

    def _share(self, share: Sequence[Example]) -> tuple[float, tuple[torch.Tensor, ...]]:
        torch.set_num_threads(1)
        loss = turn_loss(self.model, *tensors(share, self.model.config.pad_token_id))
        return loss.item(), torch.autograd.grad(loss, self.weights)


def optimizers(model: LlamaForCausalLM, schedule: Schedule) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, AdamW for embeddings and norms."""
    matrices = [weight for weight in model.model.layers.parameters() if weight.dim() == 2]
    inside = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in inside]
    rate = schedule.learning_rate
    muon = torch.optim.Muon(matrices, lr=rate, weight_decay=schedule.weight_decay, adjust_lr_fn="match_rms_adamw")
    return [muon, torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.95), weight_decay=0.0)]


def fit(model: LlamaForCausalLM, examples: Sequence[Example], schedule: Schedule, seed: int) -> float:
    """Trains `model` in place, one pass; returns the mean loss of the last fiftieth of the steps."""
    plan = batches(examples, schedule.batch, seed)
    both, gradients = optimizers(model, schedule), Gradients(model, schedule.threads)
    warmup = max(1, int(schedule.warmup_share * len(plan)))
    losses: list[float] = []
    began = time.monotonic()
    model.train()
    for step, batch in enumerate(plan):
        share = min((step + 1) / warmup, (len(plan) - step) / (len(plan) - warmup + 1))
        losses.append(gradients(batch))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in both:
            for group in optimizer.param_groups:
                group["lr"] = schedule.learning_rate * share
            optimizer.step()
        if step % schedule.log_every == 0 or step == len(plan) - 1:
            recent = losses[-schedule.log_every :]
            spent = time.monotonic() - began
            logger.info("step %d of %d, loss %.3f, %.0f s", step + 1, len(plan), sum(recent) / len(recent), spent)
    model.eval()
    last = losses[-max(1, len(losses) // 50) :]
    return sum(last) / len(last)
