"""Optimisers by the memory that they take, and what cannot run here refused before anything is loaded."""

from __future__ import annotations

from importlib.util import find_spec

import torch
from sctk_core import ConfigError

from sctk_trl.refusals import refuse_float16
from sctk_trl.settings import Compute, Lora

NAMES = {"8-bit": "adamw_bnb_8bit", "paged": "paged_adamw_32bit", "paged 8-bit": "paged_adamw_8bit"}


def optimiser_arguments(compute: Compute) -> dict[str, str]:
    """What transformers calls the optimiser with these moments; nothing: its own AdamW."""
    moments = compute.memory.moments
    return {} if moments == "full" else {"optim": NAMES[moments]}


def refuse_impossible(compute: Compute, lora: Lora) -> None:
    """Raises a ConfigError where this machine or the other settings do not allow what is asked of the memory."""
    memory = compute.memory
    refuse_float16(compute)
    if memory.moments != "full" and find_spec("bitsandbytes") is None:
        raise ConfigError(
            f"compute.memory.moments: got {memory.moments!r}, which takes bitsandbytes, and that is not installed",
            hint='pip install "sctk-trl[bitsandbytes]", or compute.memory.moments = "full"',
        )
    on_cpu = compute.device == "cpu" or not torch.cuda.is_available()
    if memory.moments.startswith("paged") and on_cpu:
        raise ConfigError(
            f"compute.memory.moments: got {memory.moments!r}, wanted a CUDA device, whose memory the pages are of",
            hint='on a CPU use "8-bit" or "full"',
        )
    if memory.weights == "bfloat16" and compute.precision != "bfloat16":
        raise ConfigError(
            f"compute.memory.weights: got bfloat16 with compute.precision = {compute.precision!r}, wanted bfloat16 there too",
            hint="float32 arithmetic on weights of 16 bits gains nothing",
        )
    if memory.weights == "bfloat16" and lora.rank == 0 and memory.moments != "full":
        raise ConfigError(
            f'compute.memory.moments: got {memory.moments!r} with weights of 16 bits, wanted "full"',
            hint="their optimiser is one of our own, with moments of 16 bits",
        )
