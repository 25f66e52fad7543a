"""Supervised tuning through TRL's SFTTrainer, with our own rows, collator and loss.

TRL brings the loop, the adapter and the fused head that never holds all logits. The loss is ours: minus the mean
log-probability of the answer tokens of a whole step, whatever the batch size and the accumulation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sctk_core
import torch
from datasets import Dataset
from sctk_core import ModelRef, NothingAccepted, TrainingData, TrainReport, directory_digest
from torch import Tensor
from trl import SFTConfig, SFTTrainer

from sctk_trl.checkpoints import Checkpoints, Keeper, made_of
from sctk_trl.collate import IGNORED, CompletionCollator, PackedCompletionCollator
from sctk_trl.encoding import pad_id, tokens_of
from sctk_trl.finishing import Check, Reading, finish, kept_metrics, notes_of
from sctk_trl.memory import refuse_impossible
from sctk_trl.packing import packed_completions, refuse_leaks
from sctk_trl.rereading import logps, sample_of, sides_of
from sctk_trl.rows import CompletionRow, Table, completion_table, counts_by_reason
from sctk_trl.settings import SftSettings
from sctk_trl.steps import Progress, Steady, adapter, arguments, quiet_and_fixed, run
from sctk_trl.student import Student, load_student, model_digest, whole_directory


class CompletionTrainer(Steady, SFTTrainer):  # type: ignore[misc]
    """SFTTrainer that takes finished token rows and computes the loss over a step's answer tokens."""

    def __init__(self, *, progress: Progress, **given: Any) -> None:
        self._progress = progress
        super().__init__(**given)

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """This forward pass's share of the step's loss, in nats per answer token."""
        outputs = model(**inputs, use_cache=False, fused_lm_head=True)
        n_tokens = (inputs["labels"] != IGNORED).sum() if num_items_in_batch is None else num_items_in_batch
        share = -outputs.log_probs.float().sum() / n_tokens
        self._progress.add(loss=share)
        # Gradients are averaged over processes, while n_tokens counts all of them.
        loss = share * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss


def train_completions(
    config: SftSettings, data: TrainingData, ref: ModelRef, out: Path, tell: sctk_core.Progress | None = None
) -> TrainReport:
    """Tunes the model of `ref` on samples into `out` and reports."""
    refuse_impossible(config.compute, config.lora)
    with quiet_and_fixed(), whole_directory(out) as part:
        torch.manual_seed(config.seed)
        student = load_student(ref, config.lora, config.compute)
        table = completion_table(data, tokens_of(student, config.max_length))
        if not table.rows:
            raise nothing_left("sft", table)
        if config.compute.packing:
            refuse_leaks(student.model, config.compute)
        checkpoints = Checkpoints(out, made_of(config, table, model_digest(student)))
        progress = Progress("sft", config.compute.log_every, tell)
        keeper = Keeper(checkpoints, config.compute.keep, progress.losses)
        trainer = _trainer(config, student, table, progress, keeper, part)
        check = _check(config, trainer, student, table)
        unsteady = run(trainer, progress, keeper)
        reading = finish(trainer, student, config, check, part)
    metrics, notes = _metrics(config, check, reading, progress.losses)
    report = TrainReport(
        model=ModelRef(path=str(out), digest=directory_digest(out)),
        n_rows=len(table.rows),
        n_tokens=table.n_tokens,
        n_steps=trainer.state.global_step,
        n_retokenised=table.n_retokenised,
        losses=tuple(progress.losses),
        declined=table.declined,
        metrics=metrics,
        notes=(*notes, *unsteady),
        unchanged=reading.saved.share_unchanged == 1.0,
    )
    checkpoints.remove()
    return report


def _check(config: SftSettings, trainer: CompletionTrainer, student: Student, table: Table[CompletionRow]) -> Check:
    """A sample of the rows, with what the base gives them; no adapter has moved anything yet."""
    places = sample_of(len(table.rows), config.compute.keep.checked_rows, config.seed)
    sides, size = sides_of([table.rows[n] for n in places]), 4 * config.optimiser.batch_size
    with trainer.accelerator.autocast():
        base_N = logps(trainer.model, sides, pad_id(student.tokenizer), size)
    return Check(sides=sides, base=base_N, size=size)


def _metrics(
    config: SftSettings, check: Check, reading: Reading, losses: list[float]
) -> tuple[dict[str, float], list[str]]:
    """The first and last step's loss, and the loss on the checked rows: of the base, the trained weights, the saved model."""
    n_tokens = sum(len(answer) for _, answer in check.sides)

    def loss_of(moved_N: Tensor) -> float:
        return -float((check.base + moved_N).sum()) / n_tokens

    found = {"first_loss": losses[0], "last_loss": losses[-1], "base_loss": loss_of(torch.zeros_like(check.base))}
    found |= {"trained_loss": loss_of(reading.trained), "final_loss": loss_of(reading.kept)}
    found |= kept_metrics(reading.kept, reading.trained, reading.saved, config.optimiser.rate(config.lora))
    return found, notes_of(found, reading.saved)


def _trainer(
    config: SftSettings,
    student: Student,
    table: Table[CompletionRow],
    progress: Progress,
    keeper: Keeper,
    part: Path,
) -> CompletionTrainer:
    pad, packing = pad_id(student.tokenizer), config.compute.packing
    rows = packed_completions(table.rows, config.max_length) if packing else table.as_dicts()
    return CompletionTrainer(
        progress=progress,
        callbacks=[progress, keeper],
        model=student.model,
        args=SFTConfig(
            **arguments(part, config.optimiser, config.compute, config.seed, config.lora),
            max_length=None,
            dataset_kwargs={"skip_prepare_dataset": True},
        ),
        data_collator=PackedCompletionCollator(pad_id=pad) if packing else CompletionCollator(pad_id=pad),
        train_dataset=Dataset.from_list(rows),
        processing_class=student.tokenizer,
        peft_config=adapter(config.lora, student.model),
    )


def nothing_left(trainer: str, table: Table[Any]) -> NothingAccepted:
    """The error of a table in which every record was declined."""
    return NothingAccepted(
        f"trainer {trainer!r}: got {len(table.declined)} records, none of which can train: {counts_by_reason(table.declined)}",
        hint="raise max_length where rows are too long; pairs need two different answers",
    )
