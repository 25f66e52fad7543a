"""What sctk-trl offers: trainers for completions, for preferences and for two tasks. Nothing heavy is imported to say so."""

from __future__ import annotations

from collections.abc import Sequence

from sctk_core import Component, hookimpl


@hookimpl
def sctk_trainers() -> Sequence[Component]:
    """The trainers of this distribution."""
    return [
        Component(
            name="sft",
            target="sctk_trl.sft:Sft",
            summary="supervised tuning on completions only, end of turn taught, LoRA or full weights",
        ),
        Component(
            name="preference",
            target="sctk_trl.preference:Preference",
            summary="preference tuning on pairs with a probability each: tau f(h) + (1 - tau) f(-h)",
        ),
        Component(
            name="multi-task",
            target="sctk_trl.multi_task:MultiTask",
            summary="answers and explanations at once: alpha CE(predict) + (1 - alpha) CE(explain), T5, BART and decoder-only",
        ),
    ]
