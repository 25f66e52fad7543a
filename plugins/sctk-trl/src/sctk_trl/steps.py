"""What both trainers ask of transformers: the same arguments, quiet libraries, fixed arithmetic, a line of progress.

Nothing is written outside the directory of the model, nothing goes to stdout, to a tracker or to the network.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import sctk_core
import torch
import transformers
from peft import LoraConfig
from transformers import PrinterCallback, TrainerCallback
from transformers.pytorch_utils import Conv1D

from sctk_trl.checkpoints import Keeper, load_weights
from sctk_trl.memory import optimiser_arguments
from sctk_trl.rounding import RoundedAdamW
from sctk_trl.settings import Compute, Lora, Optimiser, TaskOptimiser

log = logging.getLogger("sctk_trl")


def arguments(
    out: Path,
    optimiser: Optimiser | TaskOptimiser,
    compute: Compute,
    seed: int,
    lora: Lora = Lora(),  # noqa: B008 - it is frozen
) -> dict[str, Any]:
    """The fields of TrainingArguments that sctk sets; length-grouped batches, checkpoints of our own, no reports."""
    return {
        "output_dir": str(out),
        "per_device_train_batch_size": optimiser.batch_size,
        "gradient_accumulation_steps": optimiser.accumulation,
        "learning_rate": optimiser.rate(lora),
        **optimiser_arguments(compute),
        "num_train_epochs": optimiser.epochs,
        "max_steps": optimiser.max_steps or -1,
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
    config: Any = getattr(model, "config", None)
    two_texts = bool(getattr(config, "is_encoder_decoder", False))
    transposed = any(isinstance(module, Conv1D) for module in model.modules())
    return LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets) or "all-linear",
        fan_in_fan_out=transposed,
        task_type="SEQ_2_SEQ_LM" if two_texts else "CAUSAL_LM",
    )


class Progress(TrainerCallback):
    """Gathers the loss of every step from the trainer, tells it, and logs a line every `every` steps.

    A step's loss is the sum of what its forward passes add: each adds its share of the mean over the whole step. So is its
    margin, where there is one. `first` and `last` are the numbers of the first step and of the newest.
    """

    def __init__(self, name: str, every: int, tell: sctk_core.Progress | None = None) -> None:
        self._name, self._every, self._tell = name, every, tell
        self._began, self._first = time.monotonic(), 0
        self._open: dict[str, list[torch.Tensor]] = {}
        self.losses: list[float] = []
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold of this, beside the losses."""
        return {"first": self.first, "last": self.last}

    def restore(self, found: Mapping[str, Any]) -> None:
        """Takes up what a checkpoint held."""
        self.first, self.last = dict(found["first"]), dict(found["last"])

    def add(self, **shares: torch.Tensor) -> None:
        """What one forward pass contributes to the step's numbers; one of them is its `loss`."""
        for name, share in shares.items():
            self._open.setdefault(name, []).append(share.detach().float())

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._began, self._first = time.monotonic(), state.global_step
        self._open.clear()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        numbers = {name: float(torch.stack(shares).sum()) for name, shares in self._open.items()}
        self._open.clear()
        self.losses.append(numbers["loss"])
        self.first, self.last = self.first or numbers, numbers
        if self._tell is not None:
            self._tell(state.global_step, state.max_steps, numbers)
        if state.global_step % self._every == 0 or state.global_step == state.max_steps:
            rate = (state.global_step - self._first) / max(time.monotonic() - self._began, 1e-9)
            log.info(
                "%s: step %d of %d, %s, %.2f steps/s, %.0f s left",
                self._name,
                state.global_step,
                state.max_steps,
                ", ".join(f"{name} {number:.4f}" for name, number in numbers.items()),
                rate,
                (state.max_steps - state.global_step) / rate,
            )


class Steady:
    """What both trainers change of TRL's: no telemetry, going on from our checkpoints, an optimiser for short weights."""

    # The loss divides by all that the step holds: the loop must not divide by the accumulation again.
    loss_is_scaled_for_ga = True
    model: Any
    optimizer: Any
    args: Any
    accelerator: Any

    def _send_telemetry(self) -> None:
        """Nothing: training makes no network request of its own."""

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        load_weights(self, Path(resume_from_checkpoint))

    def create_optimizer(self, model: Any = None) -> Any:
        """Ours where weights are bfloat16; else what the arguments name."""
        trained = [(name, value) for name, value in self.model.named_parameters() if value.requires_grad]
        if self.optimizer is None and all(value.dtype == torch.bfloat16 for _, value in trained):
            decayed = set(self.get_decay_parameter_names(self.model))  # type: ignore[attr-defined]
            groups = [
                {"params": [value for name, value in trained if (name in decayed) == decays], "weight_decay": decay}
                for decays, decay in ((True, self.args.weight_decay), (False, 0.0))
            ]
            self.optimizer = RoundedAdamW(groups, lr=self.args.learning_rate)
        return super().create_optimizer(model)  # type: ignore[misc]


def run(trainer: Any, progress: Progress, keeper: Keeper) -> list[str]:
    """Trains, from the last checkpoint where there is one, and says what must not go unsaid of it.

    Raises KeyboardInterrupt where the user stopped it.
    """
    trainer.remove_callback(PrinterCallback)
    keeper.trainer = trainer
    last = keeper.checkpoints.last
    if last is not None:
        keeper.resume(last)
        log.info("going on after step %d", keeper.kept_step)
    with keeper.listening():
        notes = _train_fixed(trainer, progress, None if last is None else str(last))
    if keeper.interrupted:
        raise KeyboardInterrupt(f"step {keeper.kept_step} of {trainer.state.max_steps} of this training is kept")
    return notes


def _train_fixed(trainer: Any, progress: Progress, checkpoint: str | None) -> list[str]:
    """Trains in arithmetic that gives the same bytes again; without it, and with a note, where an operation has none.

    Only where nothing less than it is allowed does torch pick the attention gradients of a GPU that have a fixed order.
    """
    n_done, draws = len(progress.losses), torch.get_rng_state()
    torch.use_deterministic_algorithms(True)
    try:
        trainer.train(resume_from_checkpoint=checkpoint)
        return []
    except RuntimeError as error:
        if "deterministic" not in str(error) or len(progress.losses) > n_done:
            raise
        reason = str(error).split(", ")[0]
    finally:
        torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_rng_state(draws)
    trainer.train(resume_from_checkpoint=checkpoint)
    return [f"trained again, this model comes out nearly, not exactly, the same: {reason}"]


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
