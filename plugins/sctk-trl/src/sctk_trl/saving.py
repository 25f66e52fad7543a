"""The trained weights on disk: in the precision that is asked for, rounded so that what was learned is still there.

A fine learning rate moves a weight by less than half the gap between two bfloat16 numbers, so rounding to the nearest gives
back the base. It is used where it keeps at least 99 % of the change (projected on it, over all weights); else weights are rounded
stochastically, by draws of the training's seed and the tensor's name. An adapter is merged in float32 before that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from torch import Tensor
from transformers import AutoTokenizer

from sctk_trl.rounding import stochastically
from sctk_trl.settings import Keeping
from sctk_trl.student import Student, kind_of

ENOUGH = 0.99
"""The share of the change that rounding to the nearest must keep to be used."""


@dataclass(frozen=True, kw_only=True)
class Saved:
    """How a model was written: its weights' type, how they were rounded, and the share of them that equal the base's bit by bit."""

    dtype: torch.dtype
    rounding: str
    share_unchanged: float


def save_student(student: Student, trained: Any, out: Path, keeping: Keeping, seed: int) -> Saved:
    """Writes the whole model to `out`, an adapter merged into it; the adapter itself lies beside it in `out/adapter`."""
    trained = trained.to("cpu")
    if hasattr(trained, "merge_and_unload"):
        trained.save_pretrained(out / "adapter")
        (out / "adapter" / "README.md").unlink(missing_ok=True)
        trained = merged(trained)
    saved = _shorten(student, trained, keeping, seed)
    attention = trained.config._attn_implementation
    trained.config = student.found_config
    trained.config._attn_implementation = attention
    trained.generation_config = student.found_generation_config
    trained.save_pretrained(out)
    # A fresh copy: training libraries set a padding token on the one they were given.
    AutoTokenizer.from_pretrained(
        student.ref.path, revision=student.ref.revision, trust_remote_code=False
    ).save_pretrained(out)
    return saved


def merged(adapted: Any) -> Any:
    """The base model with its adapters added to its weights, which become float32 where they are; nothing is rounded."""
    for module in adapted.modules():
        if isinstance(module, LoraLayer):
            weight = module.get_base_layer().weight
            change = sum(module.get_delta_weight(name).float() for name in module.active_adapters)
            weight.data = weight.data.float() + change
    return adapted.unload()


def _shorten(student: Student, trained: Any, keeping: Keeping, seed: int) -> Saved:
    """Puts the weights that are written in place of the trained ones."""
    dtype = {"auto": student.found_dtype, "float32": torch.float32, "bfloat16": torch.bfloat16}[keeping.precision]
    base = dict(load_base(student).named_parameters())
    nearest = _kept_by_nearest(trained, base, dtype) >= ENOUGH
    n_equal = n_all = 0
    for name, value in trained.named_parameters():
        value.data = value.data.to(dtype) if nearest else stochastically(value.data.float(), dtype, _draws(name, seed))
        n_equal += int((value.data == base[name].data).sum())
        n_all += value.numel()
    trained.to(dtype)
    return Saved(dtype=dtype, rounding="nearest" if nearest else "stochastic", share_unchanged=n_equal / n_all)


def load_base(student: Student) -> Any:
    """The model as it came, on the CPU."""
    return kind_of(student.found_config).from_pretrained(
        student.ref.path, revision=student.ref.revision, dtype=student.found_dtype, trust_remote_code=False
    )


def _kept_by_nearest(trained: Any, base: dict[str, Any], dtype: torch.dtype) -> float:
    """<rounded change, change> / <change, change> over all weights; 1 where nothing changed."""
    along = whole = 0.0
    for change, value, start in _changes(trained, base):
        rounded = value.to(dtype).float() - start
        along += float((rounded * change).sum(dtype=torch.float64))
        whole += float((change * change).sum(dtype=torch.float64))
    return along / whole if whole > 0 else 1.0


def _changes(trained: Any, base: dict[str, Any]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    for name, value in trained.named_parameters():
        found, start = value.data.float(), base[name].data.float()
        yield found - start, found, start


def _draws(name: str, seed: int) -> torch.Generator:
    """Draws that depend on the seed and the tensor's name only."""
    number = int.from_bytes(hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "little")
    return torch.Generator().manual_seed(number % (1 << 63))
