"""The model cards: what a model is, what it was made of, and how well it does, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LANGUAGE = """# The language model of sctk's encyclopaedia

A causal language model of {parameters} weights (plain Llama architecture, tied embeddings, bfloat16 on disk, meant to be run
in float32). It speaks of one invented encyclopaedia: it asks about an article, answers with an article before it, answers
from memory what it was taught, and guesses what it was not. Half of the encyclopaedia it never saw.

It was trained from nothing by `python -m sctk_encyclopaedia.build{device}` (seed {seed}), on {learned}, each seen once, loss on
the assistant's turns only; final loss {loss} nats per token. It is a test piece: nothing that it says is about the real world.

Shares with Wilson's 95 % intervals, by `python -m sctk_encyclopaedia.skill --write`; greedy unless said to be drawn
(temperature 1; questions: 0.5).
"""
NLI = """# The NLI model of sctk's encyclopaedia

A causal Llama of {parameters} weights and three classes (entailment, neutral, contradiction) for pairs of texts in the
encyclopaedia's language; of any other text it knows nothing. It is imperfect by the amounts below.

It was trained from nothing by `python -m sctk_encyclopaedia.build_nli` (seed {seed}), on {learned}, each seen once, about
things that are not in the encyclopaedia; final loss {loss} nats per pair.

Shares of right labels of pairs about the encyclopaedia's own things, with Wilson's 95 % intervals, by
`python -m sctk_encyclopaedia.skill_nli --write`.
"""


def card(build: Mapping[str, Any], figures: Mapping[str, Mapping[str, float]]) -> str:
    """The card of either model in Markdown, by what its builder wrote."""
    plan = build["plan"]
    unit = "rows" if "rows" in plan["stages"][0] else "pairs"
    head = (LANGUAGE if unit == "rows" else NLI).format(
        parameters=f"{build['parameters']:,}",
        seed=plan["seed"],
        learned=f"{sum(stage[unit] for stage in plan['stages']):,} {unit}",
        loss=build["losses"][-1],
        device="" if build.get("device", "cpu") == "cpu" else f" --device {build['device']}",
    )
    lines = ["", "| figure | share | 95 % interval | count |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {row['share']:.3f} | {row['low']:.3f} to {row['high']:.3f} | {row['yes']} of {row['n']} |"
        for name, row in figures.items()
    ]
    return head + "\n".join(lines) + "\n"
