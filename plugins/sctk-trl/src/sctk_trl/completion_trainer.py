"""Supervised tuning through TRL's SFTTrainer, with our own rows, collator and loss.

TRL brings the loop, the adapter and the fused head that never holds all logits. The loss is ours: minus the mean
log-probability of the answer tokens of a whole step, whatever the batch size and the accumulation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from sctk_core import ModelRef, NothingAccepted, TrainingData, TrainReport, directory_digest
from trl import SFTConfig, SFTTrainer

from sctk_trl.collate import IGNORED, CompletionCollator, PackedCompletionCollator
from sctk_trl.encoding import pad_id, tokens_of
from sctk_trl.packing import packed_completions, refuse_leaks
from sctk_trl.rows import CompletionRow, Table, completion_table, counts_by_reason
from sctk_trl.settings import SftSettings
from sctk_trl.steps import Progress, adapter, arguments, quiet_and_fixed, run
from sctk_trl.student import Student, load_student, save_student, whole_directory


class CompletionTrainer(SFTTrainer):  # type: ignore[misc]
    """SFTTrainer that takes finished token rows and computes the loss over a step's answer tokens."""

    # The loss divides by the tokens of the whole step: the loop must not divide by the accumulation again.
    loss_is_scaled_for_ga = True

    def __init__(self, *, progress: Progress, **given: Any) -> None:
        self._progress = progress
        super().__init__(callbacks=[progress], **given)

    def _send_telemetry(self) -> None:
        """Nothing: training makes no network request of its own."""

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """This forward pass's share of the step's loss, in nats per answer token."""
        outputs = model(**inputs, use_cache=False, fused_lm_head=True)
        n_tokens = (inputs["labels"] != IGNORED).sum() if num_items_in_batch is None else num_items_in_batch
        share = -outputs.log_probs.float().sum() / n_tokens
        self._progress.add(share)
        # Gradients are averaged over processes, while n_tokens counts all of them.
        loss = share * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss


def train_completions(config: SftSettings, data: TrainingData, ref: ModelRef, out: Path) -> TrainReport:
    """Tunes the model of `ref` on samples into `out` and reports."""
    with quiet_and_fixed(), whole_directory(out) as part:
        torch.manual_seed(config.seed)
        student = load_student(ref, config.lora, config.compute)
        table = completion_table(data, tokens_of(student, config.max_length))
        if not table.rows:
            raise nothing_left("sft", table)
        if config.compute.packing:
            refuse_leaks(student.model, config.compute)
        progress = Progress("sft", config.compute.log_every)
        trainer = _trainer(config, student, table, progress, part)
        run(trainer)
        save_student(student, trainer.accelerator.unwrap_model(trainer.model), part)
    losses = progress.losses()
    return TrainReport(
        model=ModelRef(path=str(out), digest=directory_digest(out)),
        n_rows=len(table.rows),
        n_tokens=table.n_tokens,
        n_steps=trainer.state.global_step,
        n_retokenised=table.n_retokenised,
        losses=losses,
        declined=table.declined,
        metrics={"first_loss": losses[0], "last_loss": losses[-1]},
    )


def _trainer(
    config: SftSettings, student: Student, table: Table[CompletionRow], progress: Progress, part: Path
) -> CompletionTrainer:
    pad, packing = pad_id(student.tokenizer), config.compute.packing
    rows = packed_completions(table.rows, config.max_length) if packing else table.as_dicts()
    return CompletionTrainer(
        progress=progress,
        model=student.model,
        args=SFTConfig(
            **arguments(part, config.optimiser, config.compute, config.seed),
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
