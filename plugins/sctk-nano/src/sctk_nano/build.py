"""Builds the world's model from nothing: `python -m sctk_nano.build --out DIR`.

Text, tokenizer, model, in that order, all from one seed, in float32 on one thread: the same machine and versions give the
same bytes. In the first stage aspects and objects are spelled in pieces, and the model recalls the nearest word it knows
where it should copy. So in the later ones each of them, of whichever split, is one token whose embedding is drawn anew at
every step: nothing can be learned of such a word but to copy it, and one never heard is like any other. Weights are stored
in bfloat16, to be small to ship, and are meant to be run in float32.
"""

import argparse
import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
)

from sctk_nano import corpus, tokenizer, training
from sctk_nano.world.words import OPEN_WORDS

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One pass over conversations of its own: how many, whether aspects and objects are whole tokens, and how fast."""

    conversations: int
    whole_words: bool
    schedule: training.Schedule


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that decides the model's bytes, machine and library versions aside."""

    seed: int = 20240208
    spelling_conversations: int = 3_000
    vocab_size: int = 1_152
    sharpness: float = 1.75
    shape: training.Shape = field(default_factory=training.Shape)
    stages: tuple[Stage, ...] = (
        Stage(conversations=16_000, whole_words=False, schedule=training.Schedule(batch=16, learning_rate=2e-3)),
        Stage(conversations=6_000, whole_words=True, schedule=training.Schedule(batch=8, learning_rate=1.5e-3)),
        Stage(conversations=8_000, whole_words=True, schedule=training.Schedule(batch=8, learning_rate=1.5e-3)),
        Stage(conversations=9_600, whole_words=True, schedule=training.Schedule(batch=8, learning_rate=1.5e-3)),
    )


def build(plan: Plan, out: Path) -> float:
    """Writes tokenizer, weights and configuration to `out`; returns the final loss in nats per token."""
    torch.manual_seed(plan.seed)
    tok = tokenizer.learn(corpus.spelling_text(plan.spelling_conversations, plan.seed), plan.vocab_size)
    ids = {"bos": tok.bos_token_id, "eos": tok.eos_token_id, "pad": tok.pad_token_id}
    model = training.new_model(plan.shape, len(tok), ids, tokenizer.MAX_LENGTH)
    loss = learn(plan, 0, model, tok, out)
    for number in range(1, len(plan.stages)):
        loss = go_on(plan, number, out, out)
    return loss


def go_on(plan: Plan, number: int, before: Path, out: Path) -> float:
    """Takes the model that stage `number` - 1 stored at `before` through stage `number`; returns the final loss."""
    model = AutoModelForCausalLM.from_pretrained(before, dtype=torch.float32)
    return learn(plan, number, model, AutoTokenizer.from_pretrained(before), out)


def learn(plan: Plan, number: int, model: Any, tok: Any, out: Path) -> float:
    """Takes a model through one stage of the plan and stores it at `out`; returns the final loss."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    stage, seed = plan.stages[number], plan.seed + number
    rows: list[int] = []
    if stage.whole_words:
        tok = tokenizer.with_words(tok, OPEN_WORDS)
        model.resize_token_embeddings(len(tok), mean_resizing=False)
        rows = [tok.convert_tokens_to_ids(f"Ġ{word}") for word in OPEN_WORDS]
    turns = corpus.conversations(stage.conversations, seed)
    examples = [tokenizer.encode(tok, each) for each in turns]
    logger.info("stage %d: %d tokens", number, sum(len(ids) for ids, _ in examples))
    loss = training.fit(model, examples, stage.schedule, seed, rows)
    last = number == len(plan.stages) - 1
    store(model, tok, out, sharpness=plan.sharpness if last else 1.0)
    facts = {"plan": asdict(plan), "parameters": model.num_parameters(), "loss": round(loss, 4)}
    (out / "build.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return loss


def store(model: Any, tok: Any, out: Path, sharpness: float) -> None:
    """Writes model and tokenizer. Sharpness is what sampling at temperature 1 / sharpness is, as part of the weights."""
    settings: Any = GenerationConfig
    model.generation_config = settings(
        do_sample=True,
        top_k=0,
        top_p=1.0,
        temperature=1.0,
        max_new_tokens=96,
        bos_token_id=tok.bos_token_id,
        eos_token_id=tok.eos_token_id,
        pad_token_id=tok.pad_token_id,
    )
    model.to(torch.bfloat16)
    with torch.no_grad():
        model.model.norm.weight *= sharpness
    model.save_pretrained(out)
    tok.save_pretrained(out)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Build the model of the embedded world.")
    parser.add_argument("--out", type=Path, required=True, help="directory to write the model to")
    parser.add_argument("--stage", type=int, help="only this stage of the plan (from 0), on the model of --start")
    parser.add_argument("--start", type=Path, help="the model that --stage starts from")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if arguments.stage is None:
        build(Plan(), arguments.out)
    elif arguments.start is None:
        parser.error("--stage needs --start, the model that the stage before it wrote")
    else:
        go_on(Plan(), arguments.stage, arguments.start, arguments.out)


if __name__ == "__main__":
    main()
