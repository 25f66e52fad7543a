"""The model card: what the start model is, what it was made of, and what it can do, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sctk_word_problems.training import Schedule

HEAD = """# The start model of sctk's word problems

An encoder-decoder of {parameters} weights (T5 architecture: relative positions, tied embeddings; {encoder} and {decoder} layers of
width {width}; bfloat16 on disk, meant to be run in float32), with a tokenizer of {vocabulary} tokens that has the world's words and
numbers of up to three digits whole.

It was trained from nothing by `python -m sctk_word_problems.build` (seed {seed}), on {pairs} pairs in {stages} stages, each seen
once; final loss {loss} nats per target token, of which most cannot be learned, because chance drew it. It knows the language of
the word problems and was taught none of their answers: it fills gaps, copies numbers and expressions, and answers in the form that
distillation asks for, with the problem's own numbers and operations and verdicts by chance. It is a place to start from, and a test
piece.

## Skill

Shares of held-out problems with Wilson's 95 % intervals, greedy, by `python -m sctk_word_problems.skill --write`. Ordinary training
is on gold expressions alone, in plain torch ({epochs} passes, batches of {batch}, learning rate {rate}).
"""


def card(build: Mapping[str, Any], figures: Mapping[str, Mapping[str, float]], epochs: int, ordinary: Schedule) -> str:
    """The card in Markdown, by what the builder and the measuring wrote, and how ordinary training went."""
    plan = build["plan"]
    head = HEAD.format(
        parameters=f"{build['parameters']:,}",
        vocabulary=f"{build['vocabulary']:,}",
        encoder=plan["shape"]["encoder_layers"],
        decoder=plan["shape"]["decoder_layers"],
        width=plan["shape"]["hidden"],
        seed=plan["seed"],
        pairs=f"{sum(stage['pairs'] for stage in plan['stages']):,}",
        stages=len(plan["stages"]),
        loss=build["losses"][-1],
        epochs=epochs,
        batch=ordinary.batch,
        rate=ordinary.learning_rate,
    )
    lines = ["", "| figure | share | 95 % interval | count |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {row['share']:.3f} | {row['low']:.3f} to {row['high']:.3f} | {row['yes']} of {row['n']} |"
        for name, row in figures.items()
    ]
    return head + "\n".join(lines) + "\n"
