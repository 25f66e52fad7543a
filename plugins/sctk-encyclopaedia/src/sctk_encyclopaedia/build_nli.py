"""Builds the NLI model of the encyclopaedia's sentences: `python -m sctk_encyclopaedia.build_nli --out DIR`.

A small causal Llama of three classes that `AutoModelForSequenceClassification` loads, with the language model's tokenizer; the
last token of a pair is classified. Labels alone teach it next to nothing, so beside the labels it learns to foretell each word of
a second text that the first entails: what it takes to find that word again is what it takes to see that another stands there.
Stages go on when interrupted, as in `build`. It is not meant to be perfect: how often it errs is measured by `skill_nli`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from sctk_nano import training
from sctk_nano.stages import command, in_stages, noted
from sctk_nano.tokenizer import BOS, END, PAD
from tokenizers.processors import TemplateProcessing
from torch.nn.functional import cross_entropy
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    LlamaConfig,
    LlamaForSequenceClassification,
    PreTrainedTokenizerFast,
)

from sctk_encyclopaedia import spelling
from sctk_encyclopaedia.pairs import LABELS, Pair, pairs

logger = logging.getLogger(__name__)
MAX_LENGTH = 256
Read = tuple[list[int], int]
"""Token ids of a pair, and its label."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of the model: about 0.8 M weights."""

    hidden: int = 128
    layers: int = 4
    heads: int = 4
    inner: int = 256


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One pass over pairs of its own."""

    pairs: int
    schedule: training.Schedule


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that decides the model's bytes, machine and library versions aside."""

    seed: int = 20240618
    threads: int = 1
    shape: Shape = field(default_factory=Shape)
    words: float = 1.0
    """Weight of the words' loss beside the labels'."""
    stages: tuple[Stage, ...] = tuple(
        Stage(pairs=45_000, schedule=training.Schedule(batch=32, learning_rate=rate, warmup_share=0.1))
        for rate in (2e-3, 2e-3, 1.5e-3, 1e-3)
    )


def build(plan: Plan, out: Path) -> list[float]:
    """Writes tokenizer, weights and configuration to `out`; returns the final losses of the stages in nats per pair."""
    torch.set_num_threads(plan.threads)
    torch.use_deterministic_algorithms(True)

    last, losses = in_stages(partial(learned, plan), len(plan.stages), asdict(plan), out)
    model, tok = _loaded(last)
    _save(model, tok, out)
    noted(out, plan=asdict(plan), parameters=model.num_parameters(), losses=losses)
    return losses


def learned(plan: Plan, number: int, before: Path | None, place: Path) -> float:
    """Takes what stands at `before`, or an untrained model, through one stage, and stores it; returns its final loss."""
    stage, seed = plan.stages[number], plan.seed + number
    torch.manual_seed(seed)
    model, tok = begun(plan) if before is None else _loaded(before)
    loss = fit(model, read(tok, pairs(stage.pairs, seed)), stage.schedule, seed, plan.words)
    _save(model, tok, place)
    return loss


def read(tok: Any, found: Iterable[Pair]) -> list[Read]:
    """Pairs as the model reads them."""
    return [
        (tok(one.premise, one.hypothesis, truncation=True, split_special_tokens=True)["input_ids"], LABELS.index(one.label))
        for one in found
    ]  # fmt: skip


def losses_of(model: Any, batch: Sequence[Read]) -> tuple[torch.Tensor, torch.Tensor]:
    """The labels' loss in nats per pair, and that of the words of second texts that are entailed in nats per token (none: 0)."""
    ids_bt, labels_b = tensors(batch, model.config.pad_token_id)
    attended_bt = (ids_bt != model.config.pad_token_id).long()
    states_btd = model.model(input_ids=ids_bt, attention_mask=attended_bt, use_cache=False).last_hidden_state
    last_b = attended_bt.sum(dim=1) - 1
    of_labels = cross_entropy(model.score(states_btd[torch.arange(len(batch)), last_b]), labels_b)
    ends_bt = (ids_bt == model.config.eos_token_id).long()
    second_bt = (ends_bt.cumsum(dim=1) - ends_bt == 1) & (labels_b == LABELS.index("entailment"))[:, None]
    wanted_bt = second_bt[:, 1:]
    if not wanted_bt.any():
        return of_labels, of_labels.new_zeros(())
    logits_nv = states_btd[:, :-1][wanted_bt] @ model.model.embed_tokens.weight.T
    return of_labels, cross_entropy(logits_nv, ids_bt[:, 1:][wanted_bt])


def fit(model: Any, rows: Sequence[Read], schedule: training.Schedule, seed: int, words: float) -> float:
    """Trains `model` in place, one pass; returns the labels' mean loss of the last tenth of the steps."""

    def learn(batch: list[Read]) -> torch.Tensor:
        of_labels, of_words = losses_of(model, batch)
        torch.autograd.backward(of_labels + words * of_words)
        return of_labels

    plan = training.batches(rows, schedule.batch, seed, lambda row: len(row[0]))
    losses = training.descend(
        model, training.decaying(model, schedule, 0.98), plan, learn,
        warmup_share=schedule.warmup_share, log_every=schedule.log_every,
    )  # fmt: skip
    return training.at_the_end(losses, 10)


def tensors(batch: Sequence[Read], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """ids_BT padded on the right, and labels_B."""
    width = max(len(ids) for ids, _ in batch)
    ids_bt = torch.tensor([ids + [pad] * (width - len(ids)) for ids, _ in batch])
    return ids_bt, torch.tensor([label for _, label in batch])


def begun(plan: Plan) -> tuple[Any, Any]:
    """An untrained model of two texts, and its tokenizer."""
    tok = _of_pairs(spelling.learn(plan.seed))
    model_class: Any = LlamaForSequenceClassification
    model = model_class(
        LlamaConfig(
            vocab_size=len(tok),
            hidden_size=plan.shape.hidden,
            num_hidden_layers=plan.shape.layers,
            num_attention_heads=plan.shape.heads,
            intermediate_size=plan.shape.inner,
            max_position_embeddings=MAX_LENGTH,
            initializer_range=0.04,
            bos_token_id=tok.bos_token_id,
            eos_token_id=tok.eos_token_id,
            pad_token_id=tok.pad_token_id,
            id2label={number: str(label) for number, label in enumerate(LABELS)},
            label2id={str(label): number for number, label in enumerate(LABELS)},
        )
    )
    return model, tok


def _of_pairs(spelled: Any) -> Any:
    """The tokenizer, as one that puts two texts together."""
    backend = spelled.backend_tokenizer
    backend.post_processor = TemplateProcessing(
        single=f"{BOS} $A {END}",
        pair=f"{BOS} $A {END} $B {END}",
        special_tokens=[(name, backend.token_to_id(name)) for name in (BOS, END)],
    )
    tokenizer_class: Any = PreTrainedTokenizerFast
    return tokenizer_class(
        tokenizer_object=backend,
        bos_token=BOS,
        eos_token=END,
        pad_token=PAD,
        model_max_length=MAX_LENGTH,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
        padding_side="right",
    )


def _save(model: Any, tok: Any, place: Path) -> None:
    model.save_pretrained(place)
    tok.save_pretrained(place)


def _loaded(before: Path) -> tuple[Any, Any]:
    """What a stage stored."""
    model_class: Any = AutoModelForSequenceClassification
    return model_class.from_pretrained(before, dtype=torch.float32), AutoTokenizer.from_pretrained(before)


if __name__ == "__main__":
    command("Build the NLI model of the encyclopaedia, or go on with it.", partial(build, Plan()))
