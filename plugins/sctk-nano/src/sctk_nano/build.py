"""Builds the world's model from nothing: `python -m sctk_nano.build --out DIR`.

Text, tokenizer, model, in that order, all from one seed, in float32 on two threads: the same machine and versions give
the same bytes. Weights are rounded to bfloat16 once at the end, to be small to ship, and are meant to be run in float32.
"""

import argparse
import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from transformers import GenerationConfig

from sctk_nano import corpus, tokenizer, training

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that decides the model's bytes, machine and library versions aside."""

    seed: int = 20240208
    conversations: int = 14_000
    spelling_conversations: int = 3_000
    vocab_size: int = 1_536
    sharpness: float = 1.0
    shape: training.Shape = field(default_factory=training.Shape)
    schedule: training.Schedule = field(default_factory=training.Schedule)


def build(plan: Plan, out: Path) -> float:
    """Writes tokenizer, weights and configuration to `out`; returns the final loss in nats per token."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    spelling = corpus.spelling_text(plan.spelling_conversations, plan.seed)
    tok = tokenizer.learn(spelling, plan.vocab_size)
    examples = [tokenizer.encode(tok, turns) for turns in corpus.conversations(plan.conversations, plan.seed)]
    n_tokens = sum(len(ids) for ids, _ in examples)
    logger.info("%d conversations, %.0f tokens each", len(examples), n_tokens / len(examples))
    ids = {"bos": tok.bos_token_id, "eos": tok.eos_token_id, "pad": tok.pad_token_id}
    model = training.new_model(plan.shape, len(tok), ids, tokenizer.MAX_LENGTH)
    loss = training.fit(model, examples, plan.schedule, plan.seed)
    model.generation_config = GenerationConfig(
        do_sample=True,
        top_k=0,
        top_p=1.0,
        temperature=1.0,
        max_new_tokens=96,
        **{f"{name}_token_id": number for name, number in ids.items()},
    )
    model.to(torch.bfloat16)
    with torch.no_grad():
        # The same as sampling at temperature 1 / sharpness, and part of the weights: a small model's tail is noise.
        model.model.norm.weight *= plan.sharpness
    model.save_pretrained(out)
    tok.save_pretrained(out)
    facts = {"plan": asdict(plan), "parameters": model.num_parameters(), "tokens": n_tokens, "loss": round(loss, 4)}
    (out / "build.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return loss


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Build the model of the embedded world.")
    parser.add_argument("--out", type=Path, required=True, help="directory to write the model to")
    parser.add_argument("--conversations", type=int, default=Plan.conversations)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    build(Plan(conversations=arguments.conversations), arguments.out)


if __name__ == "__main__":
    main()
