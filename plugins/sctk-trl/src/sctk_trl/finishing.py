"""The end of a training: the trained weights read, saved, and read again from disk; what became of what was learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sctk_trl.encoding import pad_id
from sctk_trl.rereading import SOUND, Sides, logps, reread, share_kept
from sctk_trl.saving import Saved, save_student
from sctk_trl.settings import PreferenceSettings, SftSettings
from sctk_trl.student import Student


@dataclass(frozen=True, kw_only=True)
class Check:
    """The rows on which a model is read: their N sides, and the base's log-probabilities [N] in training's arithmetic."""

    sides: Sides
    base: Tensor
    size: int


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How far each answer's log-probability moved from the base's, [N]: in the trained weights, and in the saved ones."""

    trained: Tensor
    kept: Tensor
    saved: Saved


def finish(
    trainer: Any, student: Student, config: SftSettings | PreferenceSettings, check: Check, part: Path
) -> Reading:
    """Saves the trained model to `part` and reads it beside what was trained; the optimiser's memory is given back first."""
    model, device, pad = trainer.accelerator.unwrap_model(trainer.model), trainer.args.device, pad_id(student.tokenizer)
    with trainer.accelerator.autocast():
        trained_N = logps(model, check.sides, pad, check.size) - check.base
    trainer.optimizer = trainer.lr_scheduler = None
    trainer.accelerator.free_memory()
    model.zero_grad(set_to_none=True)
    saved = save_student(student, model, part, config.compute.keep, config.seed)

    exact = config.compute.precision == "float32"
    dtype = torch.float32 if exact else saved.dtype
    size = check.size if exact else 1  # arithmetic of 16 bits depends on what else is in the batch
    now_N = logps(reread(str(part), None, dtype, config.compute, device), check.sides, pad, size)
    base_N = check.base
    if not exact:
        ref = student.ref
        base_N = logps(reread(ref.path, ref.revision, dtype, config.compute, device), check.sides, pad, size)
    return Reading(trained=trained_N, kept=now_N - base_N, saved=saved)


def kept_metrics(kept_N: Tensor, learned_N: Tensor, saved: Saved, rate: float) -> dict[str, float]:
    """What both trainers tell of a saved model: the share of what was learned that is in it, and the weights that never moved."""
    share = share_kept(kept_N, learned_N)
    found = {"learning_rate": rate, "share_weights_unchanged": saved.share_unchanged}
    return found if share is None else found | {"share_kept": share}


def notes_of(metrics: dict[str, float], saved: Saved) -> list[str]:
    """What must not go unsaid: nothing was taught, or little of it was saved."""
    if metrics["share_weights_unchanged"] == 1.0:
        return ["WARNING: this training taught nothing: every tensor of the saved model equals the base's"]
    share = metrics.get("share_kept", 1.0)
    if SOUND[0] <= share <= SOUND[1]:
        return []
    kind = str(saved.dtype).removeprefix("torch.")
    return [
        f"WARNING: {share:.0%} of what was learned is in the saved model ({kind}, rounded to the {saved.rounding} number): "
        'set compute.keep.precision = "float32", or train longer or at a higher learning rate'
    ]


def no_preference(taus: Sequence[float]) -> list[str]:
    """A note on pairs that carry no preference."""
    ties = sum(tau == 0.5 for tau in taus)
    if not ties:
        return []
    return [f"{ties} of {len(taus)} pairs carry no preference (tau = 1/2): they only hold the student where it was"]
