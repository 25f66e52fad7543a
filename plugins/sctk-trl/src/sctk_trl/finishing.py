"""The end of a training: the trained weights read, saved, and read again from disk; what became of what was learned."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from trl.trainer.utils import add_fused_lm_head

from sctk_trl.encoding import pad_id
from sctk_trl.rereading import SOUND, Sides, logps, reread, share_kept
from sctk_trl.saving import Saved, save_student
from sctk_trl.settings import Settings
from sctk_trl.student import Student


@dataclass(frozen=True, kw_only=True)
class Check:
    """The rows on which a model is read: their N sides, and the base's log-probabilities [N] in training's arithmetic.

    `logps` reads a model, `size` rows at a time; `fused`: by TRL's fused head.
    """

    sides: Sides
    base: Tensor
    size: int
    logps: Callable[[Any, Sides, int, int], Tensor] = logps
    fused: bool = True


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How far each answer's log-probability moved from the base's, [N]: in the trained weights, and in the saved ones."""

    trained: Tensor
    kept: Tensor
    saved: Saved


def finish(trainer: Any, student: Student, config: Settings, check: Check, part: Path) -> Reading:
    """Saves the trained model to `part` and reads it beside what was trained; the optimiser's memory is given back first.

    Weights that were trained in float32 are read in float32, the saved ones too: bfloat16 arithmetic rounds them to the nearest
    as it reads, and sees little of what a fine learning rate taught. Others are read as they lie, one answer at a time, since
    what is else in the batch shows in 16 bits.
    """
    compute, pad = config.compute, pad_id(student.tokenizer)
    exact = compute.precision == "float32" or (config.lora.rank == 0 and compute.memory.weights == "float32")
    model, device = trainer.accelerator.unwrap_model(trainer.model), trainer.args.device
    if exact and compute.precision != "float32":
        # accelerate has put the forward pass into an autocast of its own, with the fused head inside.
        model = trainer.accelerator.unwrap_model(model, keep_fp32_wrapper=False)
        if check.fused:
            add_fused_lm_head(model)
    with contextlib.nullcontext() if exact else trainer.accelerator.autocast():
        trained_N = check.logps(model, check.sides, pad, check.size)
    trainer.optimizer = trainer.lr_scheduler = None
    trainer.accelerator.free_memory()
    model.zero_grad(set_to_none=True)
    saved = save_student(student, model, part, compute.keep, config.seed)

    def read(path: str, revision: str | None) -> Tensor:
        dtype = torch.float32 if exact else saved.dtype
        again = reread(path, revision, dtype, compute, device, fused=check.fused)
        return check.logps(again, check.sides, pad, check.size if exact else 1)

    now_N, before_N = read(str(part), None), check.base
    if compute.precision != "float32":
        before_N = read(student.ref.path, student.ref.revision)
    return Reading(trained=trained_N - (before_N if exact else check.base), kept=now_N - before_N, saved=saved)


def kept_metrics(kept_N: Tensor, learned_N: Tensor, saved: Saved, rate: float) -> dict[str, float]:
    """What both trainers tell of a saved model: the share of what was learned that is in it, and the weights that never moved."""
    share = share_kept(kept_N, learned_N)
    found = {"learning_rate": rate, "share_weights_unchanged": saved.share_unchanged}
    return found if share is None else found | {"share_kept": share[0], "share_kept_error": share[1]}


def notes_of(metrics: dict[str, float], saved: Saved) -> list[str]:
    """What must not go unsaid: nothing was taught, or little of it was saved."""
    if metrics["share_weights_unchanged"] == 1.0:
        return ["WARNING: this training taught nothing: every tensor of the saved model equals the base's"]
    share, error = metrics.get("share_kept", 1.0), metrics.get("share_kept_error", 0.0)
    if share + 2 * error >= SOUND:
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
