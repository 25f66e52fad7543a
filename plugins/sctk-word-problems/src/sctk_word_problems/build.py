"""Builds the start model from nothing: `python -m sctk_word_problems.build --out DIR`.

Tokenizer, then stages of pairs of texts, each seen once, all from one seed, in float32. What was interrupted goes on when the
same line is run again. The same machine, versions and threads give the same bytes; weights are stored in bfloat16, and meant to be
run in float32.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from sctk_nano.stages import command, in_stages, noted
from transformers import AutoTokenizer, GenerationConfig, T5ForConditionalGeneration

from sctk_word_problems import corpus, tokenizer, training

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One pass over pairs of its own."""

    pairs: int
    mix: corpus.Mix
    schedule: training.Schedule


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that decides the model's bytes, machine and library versions aside."""

    seed: int = 20_231_109
    threads: int = 1
    spelled: int = 1_500
    shape: training.Shape = field(default_factory=training.Shape)
    stages: tuple[Stage, ...] = (
        Stage(pairs=2_400, mix={"few": 1.0}, schedule=training.Schedule()),
        Stage(pairs=6_400, mix={"list": 3.0, "stated": 1.0}, schedule=training.Schedule()),
        Stage(
            pairs=16_000, mix={"read off": 5.0, "stated": 2.0, "list": 1.0, "gaps": 1.0}, schedule=training.Schedule()
        ),
        Stage(
            pairs=14_000,
            mix={
                "read off": 3.0,
                "stated": 1.0,
                "numbers": 0.5,
                "gaps": 1.5,
                "gaps in words": 1.0,
                "answer": 2.0,
                "reasons": 5.0,
                "verdict": 0.5,
                "judgement": 1.5,
            },
            schedule=training.Schedule(),
        ),
    )


def build(plan: Plan, out: Path) -> list[float]:
    """Writes tokenizer, weights and configuration to `out`; returns the final losses of the stages in nats per token."""
    torch.set_num_threads(plan.threads)
    torch.use_deterministic_algorithms(True)

    last, losses = in_stages(partial(learned, plan), len(plan.stages), asdict(plan), out)
    model, tok = loaded(last)
    store(model.to(torch.bfloat16), tok, out)
    noted(out, plan=asdict(plan), parameters=model.num_parameters(), vocabulary=len(tok), losses=losses)
    return losses


def learned(plan: Plan, number: int, before: Path | None, place: Path) -> float:
    """Takes what stands at `before`, or an untrained model, through one stage, and stores it in float32; returns its final loss."""
    stage, seed = plan.stages[number], plan.seed + number
    torch.manual_seed(seed)
    model, tok = _begun(plan) if before is None else loaded(before)
    rows = training.encoded(tok, list(corpus.pairs(stage.pairs, seed, stage.mix)))
    logger.info("stage %d: %d tokens", number, sum(len(source) + len(target) for source, target in rows))
    loss = training.fit(model, rows, stage.schedule, seed)
    store(model, tok, place)
    return loss


def spelling_text(plan: Plan) -> Iterator[str]:
    """What the tokenizer takes its words from: some of everything that there is to learn, sentinels taken out."""
    for kind in corpus.KINDS:
        for pair in corpus.pairs(plan.spelled, plan.seed, {kind: 1.0}):
            for text in (pair.source, pair.target):
                yield from tokenizer.parted(text)[::2]


def loaded(place: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a directory, in float32."""
    model: Any = T5ForConditionalGeneration.from_pretrained(place, dtype=torch.float32)
    return model.eval(), AutoTokenizer.from_pretrained(place)


def store(model: Any, tok: Any, place: Path) -> None:
    """Writes model and tokenizer, as transformers reads them."""
    settings: Any = GenerationConfig
    model.generation_config = settings(
        do_sample=True,
        top_k=0,
        top_p=1.0,
        temperature=1.0,
        max_new_tokens=128,
        decoder_start_token_id=tok.pad_token_id,
        eos_token_id=tok.eos_token_id,
        pad_token_id=tok.pad_token_id,
    )
    model.save_pretrained(place)
    tok.save_pretrained(place)


def _begun(plan: Plan) -> tuple[Any, Any]:
    tok = tokenizer.learn(spelling_text(plan))
    return training.new_model(plan.shape, tok), tok


if __name__ == "__main__":
    command("Build the start model of the word problems, or go on with it.", partial(build, Plan()))
