"""Builds the NLI model of the encyclopaedia's sentences: `python -m sctk_encyclopaedia.build_nli --out DIR`.

A small BERT of three classes that `AutoModelForSequenceClassification` loads, with the language model's tokenizer. From labels
alone it learned nothing in 500 steps, so first it is to find the hidden words of a second text again in the first that entails
it; then come the labels. Stages go on when interrupted, as in `build`. It is not meant to be perfect: how often it errs is
measured by `skill_nli`.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from sctk_nano import training
from sctk_nano.tokenizer import BOS, END, PAD, SYSTEM
from tokenizers.processors import TemplateProcessing
from torch.nn.functional import cross_entropy
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
)

from sctk_encyclopaedia import spelling
from sctk_encyclopaedia.pairs import LABELS, Pair, pairs
from sctk_encyclopaedia.stages import in_stages

logger = logging.getLogger(__name__)
MAX_LENGTH = 256
HIDDEN = 0.4
"""Share of the words of a second text that are hidden."""
Aim = Literal["words", "labels"]
Read = tuple[list[int], list[int], int]
"""Token ids of a pair, which text each belongs to, and its label."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The size of the model: about 1 M weights."""

    hidden: int = 160
    layers: int = 3
    heads: int = 5
    inner: int = 320


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One pass over pairs of its own: what is learned of them, the hidden words of those that entail or the labels of all."""

    pairs: int
    schedule: training.Schedule
    aim: Aim = "labels"


SCHEDULE = training.Schedule(batch=32, learning_rate=1e-3)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that decides the model's bytes, machine and library versions aside."""

    seed: int = 20240618
    threads: int = 2
    shape: Shape = field(default_factory=Shape)
    stages: tuple[Stage, ...] = (
        *(Stage(pairs=90_000, schedule=SCHEDULE, aim="words") for _ in range(4)),
        *(Stage(pairs=24_000, schedule=SCHEDULE) for _ in range(4)),
    )


def build(plan: Plan, out: Path) -> list[float]:
    """Writes tokenizer, weights and configuration to `out`; returns the final losses of the stages in nats per pair."""
    torch.set_num_threads(plan.threads)
    torch.use_deterministic_algorithms(True)

    def learn(number: int, before: Path | None, place: Path) -> float:
        return learned(plan, number, before, place)

    last, losses = in_stages(learn, len(plan.stages), asdict(plan), out)
    model, tok = _loaded(last, "labels")
    _save(model, tok, out)
    facts = {"plan": asdict(plan), "parameters": model.num_parameters(), "losses": losses}
    (out / "build.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return losses


def learned(plan: Plan, number: int, before: Path | None, place: Path) -> float:
    """Takes what stands at `before`, or an untrained model, through one stage, and stores it; returns its final loss."""
    stage, seed = plan.stages[number], plan.seed + number
    torch.manual_seed(seed)
    model, tok = _begun(plan, stage.aim) if before is None else _loaded(before, stage.aim)
    found = [one for one in pairs(stage.pairs, seed) if stage.aim == "labels" or one.label == "entailment"]
    loss = fit(model, read(tok, found), stage.schedule, seed, loss_of=loss_of(model, tok, stage.aim, seed))
    _save(model, tok, place)
    return loss


def read(tok: Any, found: Iterable[Pair]) -> list[Read]:
    """Pairs as the model reads them."""
    rows = []
    for one in found:
        ids = tok(one.premise, one.hypothesis, truncation=True, split_special_tokens=True)
        rows.append((ids["input_ids"], ids.get("token_type_ids", [0]), LABELS.index(one.label)))
    return rows


Loss = Callable[[Sequence[Read]], torch.Tensor]


def loss_of(model: Any, tok: Any, aim: Aim, seed: int) -> Loss:
    """The loss of a batch: of its labels in nats per pair, or of hidden words of its second texts in nats per word."""
    chance = torch.Generator().manual_seed(seed)

    def of_labels(batch: Sequence[Read]) -> torch.Tensor:
        inputs, labels_b = tensors(batch, tok.pad_token_id)
        return cross_entropy(model(**inputs).logits, labels_b)

    def of_words(batch: Sequence[Read]) -> torch.Tensor:
        inputs, _ = tensors(batch, tok.pad_token_id)
        ids_bt = inputs["input_ids"]
        hidden_bt = (inputs["token_type_ids"] == 1) & (ids_bt != tok.sep_token_id)
        hidden_bt &= torch.rand(ids_bt.shape, generator=chance) < HIDDEN
        inputs["input_ids"] = torch.where(hidden_bt, tok.mask_token_id, ids_bt)
        states_btd = model.bert(**inputs).last_hidden_state
        return cross_entropy(model.cls(states_btd[hidden_bt]), ids_bt[hidden_bt])

    return of_labels if aim == "labels" else of_words


def fit(model: Any, rows: Sequence[Read], schedule: training.Schedule, seed: int, *, loss_of: Loss) -> float:
    """Trains `model` in place, one pass; returns the mean loss of the last tenth of the steps."""
    plan = training.batches(rows, schedule.batch, seed)  # type: ignore[arg-type]
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=schedule.learning_rate, betas=(0.9, 0.98), weight_decay=schedule.weight_decay
    )
    warmup = max(1, int(schedule.warmup_share * len(plan)))
    losses: list[float] = []
    model.train()
    for step, batch in enumerate(plan):
        share = min((step + 1) / warmup, (len(plan) - step) / (len(plan) - warmup + 1))
        for group in optimizer.param_groups:
            group["lr"] = schedule.learning_rate * share
        loss = loss_of(batch)  # type: ignore[arg-type]
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        if step % schedule.log_every == 0:
            recent = losses[-schedule.log_every :]
            logger.info("step %d of %d, loss %.3f", step + 1, len(plan), sum(recent) / len(recent))
    model.eval()
    last = losses[-max(1, len(losses) // 10) :]
    return sum(last) / len(last)


def tensors(batch: Sequence[Read], pad: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """What the model takes, padded on the right, and the labels."""
    width = max(len(ids) for ids, _, _ in batch)
    inputs = {
        "input_ids": torch.tensor([ids + [pad] * (width - len(ids)) for ids, _, _ in batch]),
        "token_type_ids": torch.tensor([types + [0] * (width - len(types)) for _, types, _ in batch]),
        "attention_mask": torch.tensor([[1] * len(ids) + [0] * (width - len(ids)) for ids, _, _ in batch]),
    }
    return inputs, torch.tensor([label for _, _, label in batch])


def _begun(plan: Plan, aim: Aim) -> tuple[Any, Any]:
    """An untrained model of two texts, and its tokenizer."""
    tok = _of_pairs(spelling.learn(plan.seed))
    model_class: Any = BertForMaskedLM if aim == "words" else BertForSequenceClassification
    model = model_class(
        BertConfig(
            vocab_size=len(tok),
            hidden_size=plan.shape.hidden,
            num_hidden_layers=plan.shape.layers,
            num_attention_heads=plan.shape.heads,
            intermediate_size=plan.shape.inner,
            max_position_embeddings=MAX_LENGTH,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=0.06,
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
        pair=f"{BOS} $A {END} $B:1 {END}:1",
        special_tokens=[(name, backend.token_to_id(name)) for name in (BOS, END)],
    )
    tokenizer_class: Any = PreTrainedTokenizerFast
    return tokenizer_class(
        tokenizer_object=backend,
        cls_token=BOS,
        sep_token=END,
        pad_token=PAD,
        mask_token=SYSTEM,
        model_max_length=MAX_LENGTH,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
        padding_side="right",
    )


def _save(model: Any, tok: Any, place: Path) -> None:
    model.save_pretrained(place)
    tok.save_pretrained(place)


def _loaded(before: Path, aim: Aim) -> tuple[Any, Any]:
    """What a stage stored, with the head that is wanted: one that it does not have is drawn."""
    model_class: Any = AutoModelForMaskedLM if aim == "words" else AutoModelForSequenceClassification
    return model_class.from_pretrained(before, dtype=torch.float32), AutoTokenizer.from_pretrained(before)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Build the NLI model of the encyclopaedia, or go on with it.")
    parser.add_argument("--out", type=Path, required=True, help="directory to write the model to")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    build(Plan(), arguments.out)


if __name__ == "__main__":
    main()
