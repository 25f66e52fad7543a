"""What both trainers ask of transformers: the same arguments, quiet libraries, fixed arithmetic, a line of progress.

Nothing is written outside the directory of the model, nothing goes to stdout, to a tracker or to the network.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import LoraConfig
from transformers import PrinterCallback, Trainer, TrainerCallback
from transformers.pytorch_utils import Conv1D

from sctk_trl.settings import Compute, Lora, Optimiser

log = logging.getLogger("sctk_trl")


def arguments(out: Path, optimiser: Optimiser, compute: Compute, seed: int) -> dict[str, Any]:
    """The fields of TrainingArguments that sctk sets; length-grouped batches, no checkpoints, no reports."""
    return {
        "output_dir": str(out),
        "per_device_train_batch_size": optimiser.batch_size,
        "gradient_accumulation_steps": optimiser.accumulation,
        "learning_rate": optimiser.learning_rate,
        "num_train_epochs": optimiser.epochs,
        "lr_scheduler_type": "constant_with_warmup" if optimiser.schedule == "constant" else optimiser.schedule,
        "warmup_steps": optimiser.warmup_share,
        "weight_decay": optimiser.weight_decay,
        "max_grad_norm": optimiser.max_grad_norm,
        "seed": seed,
        "data_seed": seed,
        "bf16": compute.precision == "bfloat16",
        "use_cpu": compute.device == "cpu" or not torch.accelerator.is_available(),
        "gradient_checkpointing": compute.gradient_checkpointing,
        "train_sampling_strategy": "group_by_length",
        "length_column_name": "length",
        "remove_unused_columns": False,
        "dataloader_pin_memory": torch.cuda.is_available() and compute.device != "cpu",
        "logging_strategy": "no",
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
        "push_to_hub": False,
    }


def adapter(lora: Lora, model: torch.nn.Module) -> LoraConfig | None:
    """The adapter's configuration for a model, or None where all weights are trained."""
    if lora.rank == 0:
        return None
    transposed = any(isinstance(module, Conv1D) for module in model.modules())
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets) or "all-linear",
        fan_in_fan_out=transposed,
        task_type="CAUSAL_LM",
    )


class Progress(TrainerCallback):
    """Gathers the loss of every step from the trainer and logs a line every `every` steps.

    A step's loss is the sum of what its forward passes add: each adds its share of the mean over the whole step.
    """

    def __init__(self, name: str, every: int) -> None:
        self._name, self._every = name, every
        self._began = time.monotonic()
        self._open: list[torch.Tensor] = []
        self._closed: list[torch.Tensor] = []

    def add(self, share: torch.Tensor) -> None:
        """What one forward pass contributes to the step's loss."""
        self._open.append(share.detach().float())

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._closed.append(torch.stack(self._open).sum().cpu())
        self._open.clear()
        if state.global_step % self._every == 0 or state.global_step == state.max_steps:
            rate = state.global_step / max(time.monotonic() - self._began, 1e-9)
            log.info(
                "%s: step %d of %d, loss %.4f, %.1f steps/s, %.0f s left",
                self._name,
                state.global_step,
                state.max_steps,
                float(self._closed[-1]),
                rate,
                (state.max_steps - state.global_step) / rate,
            )

    def losses(self) -> tuple[float, ...]:
        """The loss of each step so far."""
        return tuple(float(loss) for loss in self._closed)


def run(trainer: Trainer) -> None:
    """Trains, without the callback that prints to stdout."""
    trainer.remove_callback(PrinterCallback)
    trainer.train()


@contextlib.contextmanager
def quiet_and_fixed() -> Iterator[None]:
    """Libraries keep to errors and draw no bars; arithmetic is deterministic where torch can; all is put back after."""
    verbosity = transformers.logging.get_verbosity()
    bars = transformers.logging.is_progress_bar_enabled()
    fixed, warn_only = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    deterministic: Any = torch.utils.deterministic
    fill = deterministic.fill_uninitialized_memory
    # cuBLAS is deterministic only with a workspace of fixed size, and reads this before its first use.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    transformers.logging.set_verbosity(logging.ERROR)
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.use_deterministic_algorithms(True, warn_only=True)
    deterministic.fill_uninitialized_memory = False  # a check for bugs in kernels, not worth its time
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(fixed, warn_only=warn_only)
        deterministic.fill_uninitialized_memory = fill
        transformers.logging.set_verbosity(verbosity)
        if bars:
            transformers.logging.enable_progress_bar()  # type: ignore[no-untyped-call]
