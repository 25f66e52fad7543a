"""Builds the model of the tasks: `python -m sctk_nano.build_tasks --out DIR`, or stage by stage.

It goes on from the embedded model, which is in the package and stays as it is: that one can copy words that it never heard, and
knows requests. Words that are common in the new tasks alone become tokens; things stay tokens without a meaning, drawn anew at
every step. One seed, float32, one thread, as in `build`: the same machine and versions give the same bytes.
"""

import argparse
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from sctk_nano import corpus_tasks, model_path, tokenizer, training
from sctk_nano.build import store
from sctk_nano.world.words import OPEN_WORDS

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One pass over conversations of its own."""

    conversations: int
    schedule: training.Schedule


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that decides the model's bytes: the embedded model's weights, machine and library versions aside."""

    seed: int = 20231204
    spelling_conversations: int = 4_000
    least: int = 20
    sharpness: float = 1.5
    stages: tuple[Stage, ...] = tuple(
        Stage(conversations=3_200, schedule=training.Schedule(batch=8, learning_rate=rate))
        for rate in (1e-3, 1e-3, 8e-4)
    )


def build(plan: Plan, out: Path) -> float:
    """Writes tokenizer, weights and configuration to `out`; returns the final loss in nats per token."""
    loss = 0.0
    for number in range(len(plan.stages)):
        loss = learn(plan, number, out if number else model_path(), out)
    return loss


def learn(plan: Plan, number: int, before: Path, out: Path) -> float:
    """Takes the model at `before` through stage `number` and stores it at `out`; returns the final loss."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    stage, seed = plan.stages[number], plan.seed + number
    torch.manual_seed(seed)
    model, tok = begun(plan, before) if number == 0 else _loaded(before)
    rows = [tok.convert_tokens_to_ids(f"Ġ{word}") for word in OPEN_WORDS]
    examples = [tokenizer.encode(tok, each) for each in corpus_tasks.conversations(stage.conversations, seed)]
    logger.info("stage %d: %d tokens", number, sum(len(ids) for ids, _ in examples))
    loss = training.fit(model, examples, stage.schedule, seed, rows)
    last = number == len(plan.stages) - 1
    store(model, tok, out, sharpness=plan.sharpness if last else 1.0)
    facts = {"plan": asdict(plan), "parameters": model.num_parameters(), "loss": round(loss, 4)}
    (out / "build.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return loss


def _loaded(before: Path) -> tuple[Any, Any]:
    return AutoModelForCausalLM.from_pretrained(before, dtype=torch.float32), AutoTokenizer.from_pretrained(before)


def begun(plan: Plan, before: Path) -> tuple[Any, Any]:
    """The embedded model before it was sharpened, with the new tasks' words as tokens, each the mean of what spelled it."""
    model, tok = _loaded(before)
    sharpness = json.loads((before / "build.json").read_text(encoding="utf-8"))["plan"]["sharpness"]
    with torch.no_grad():
        model.model.norm.weight /= sharpness
    words = corpus_tasks.new_words(plan.spelling_conversations, plan.seed, plan.least)
    pieces = [tok(f" {word}", add_special_tokens=False)["input_ids"] for word in words]
    tok = tokenizer.with_words(tok, words)
    model.resize_token_embeddings(len(tok), mean_resizing=False)
    with torch.no_grad():
        weight = model.get_input_embeddings().weight
        for word, ids in zip(words, pieces, strict=True):
            weight[tok.convert_tokens_to_ids(f"Ġ{word}")] = weight[ids].mean(dim=0)
    return model, tok


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Build the model of the embedded world's later tasks.")
    parser.add_argument("--out", type=Path, required=True, help="directory to write the model to")
    parser.add_argument("--stage", type=int, help="only this stage of the plan (from 0), on the model of --start")
    parser.add_argument("--start", type=Path, default=model_path(), help="the model that --stage starts from")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if arguments.stage is None:
        build(Plan(), arguments.out)
    else:
        learn(Plan(), arguments.stage, arguments.start, arguments.out)


if __name__ == "__main__":
    main()
