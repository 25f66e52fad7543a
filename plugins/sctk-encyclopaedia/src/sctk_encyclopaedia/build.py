"""Builds the encyclopaedia's language model from nothing: `python -m sctk_encyclopaedia.build --out DIR`.

Tokenizer, then stages of rows, each seen once, all from one seed, in float32. What was interrupted goes on when the same line
is run again. The same machine, versions and threads give the same bytes; weights are stored in bfloat16, and meant to be run
in float32.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from sctk_core import Message
from sctk_nano import tokenizer, training
from sctk_nano.build import store
from sctk_nano.stages import in_stages, noted
from sctk_nano.world.conversation import Turn
from transformers import AutoModelForCausalLM, AutoTokenizer

from sctk_encyclopaedia import spelling
from sctk_encyclopaedia.rows import Habits, Lesson, Row, rows

logger = logging.getLogger(__name__)


SHAPE = training.Shape(hidden=192, layers=4, heads=6, kv_heads=6, head_dim=32, inner=512)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One pass over rows of its own."""

    rows: int
    schedule: training.Schedule
    lesson: Lesson = "later"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that decides the model's bytes, machine and library versions aside."""

    seed: int = 20240617
    threads: int = 2
    shape: training.Shape = field(default_factory=lambda: SHAPE)
    habits: Habits = field(default_factory=Habits)
    stages: tuple[Stage, ...] = tuple(
        Stage(
            rows=6_000, schedule=training.Schedule(batch=16, learning_rate=rate), lesson="first" if n < 3 else "later"
        )
        for n, rate in enumerate((2e-3, 2e-3, 2e-3, 2e-3, 1.5e-3, 1.5e-3, 1.5e-3, 1.2e-3, 1.2e-3, 1e-3, 1e-3, 8e-4))
    )


def build(plan: Plan, out: Path, device: str = "cpu") -> list[float]:
    """Writes tokenizer, weights and configuration to `out`; returns the final losses of the stages in nats per token.

    The same bytes again are promised of a CPU only.
    """
    torch.set_num_threads(plan.threads)
    torch.use_deterministic_algorithms(device == "cpu")

    last, losses = in_stages(partial(learned, plan, device=device), len(plan.stages), asdict(plan), out)
    model, tok = _loaded(last)
    n_weights = model.num_parameters()
    store(model, tok, out, sharpness=1.0)
    noted(out, plan=asdict(plan), parameters=n_weights, losses=losses, device=device)
    return losses


def learned(plan: Plan, number: int, before: Path | None, place: Path, device: str = "cpu") -> float:
    """Takes what stands at `before`, or an untrained model, through one stage, and stores it in float32; returns its final loss."""
    stage, seed = plan.stages[number], plan.seed + number
    torch.manual_seed(seed)
    model, tok = _begun(plan) if before is None else _loaded(before)
    examples = [encoded(tok, row) for row in rows(stage.rows, seed, plan.habits, lesson=stage.lesson)]
    logger.info("stage %d: %d tokens", number, sum(len(ids) for ids, _ in examples))
    loss = training.fit(model.to(device), examples, stage.schedule, seed)
    model.save_pretrained(place)
    tok.save_pretrained(place)
    return loss


def encoded(tok: Any, row: Row) -> training.Example:
    """Token ids of a row, and which of them are learned."""
    ids, learned = tokenizer.encode(tok, _turns(row.turns))
    before = len(tokenizer.encode(tok, _turns(row.turns[: row.n_shown]))[0])
    return ids, [False] * before + learned[before:]


def _turns(messages: tuple[Message, ...]) -> list[Turn]:
    return [Turn(role="user" if one.role == "user" else "assistant", content=one.content) for one in messages]


def _begun(plan: Plan) -> tuple[Any, Any]:
    tok = spelling.learn(plan.seed)
    ids = {"bos": tok.bos_token_id, "eos": tok.eos_token_id, "pad": tok.pad_token_id}
    return training.new_model(plan.shape, len(tok), ids, tokenizer.MAX_LENGTH), tok


def _loaded(before: Path) -> tuple[Any, Any]:
    return AutoModelForCausalLM.from_pretrained(before, dtype=torch.float32), AutoTokenizer.from_pretrained(before)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Build the language model of the encyclopaedia, or go on with it.")
    parser.add_argument("--out", type=Path, required=True, help="directory to write the model to")
    parser.add_argument("--device", default="cpu", help="cpu, or cuda: minutes, but not the same bytes twice")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    build(Plan(), arguments.out, arguments.device)


if __name__ == "__main__":
    main()
