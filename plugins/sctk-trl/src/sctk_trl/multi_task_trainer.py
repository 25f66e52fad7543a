"""Two tasks through transformers' Trainer: its loop and optimiser, our rows, forward passes and loss.

L = alpha CE(predict) + (1 - alpha) CE(explain) (arXiv 2311.09214 after 2305.02301), each CE the mean over the target tokens of the
whole step, however its forward passes are cut: sum of weight * nll over sum of weight * tokens where rows have weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sctk_core
import torch
from peft import get_peft_model
from sctk_core import ModelRef, NothingAccepted, TrainingData, TrainReport, directory_digest
from torch import Tensor
from transformers import Trainer, TrainingArguments

from sctk_trl.checkpoints import Checkpoints, Keeper, made_of
from sctk_trl.choosing import Chooser, Epoch
from sctk_trl.encoding import pad_id, tokens_of
from sctk_trl.finishing import Check, Reading, finish, kept_metrics, notes_of
from sctk_trl.forwards import Shape, StepCollator, mean_nll, row_nlls, row_readings, share_exact, token_nlls
from sctk_trl.memory import refuse_impossible
from sctk_trl.refusals import refuse_packing
from sctk_trl.rereading import sample_of
from sctk_trl.rows import counts_by_reason
from sctk_trl.settings import MultiTaskSettings
from sctk_trl.steps import Progress, Steady, adapter, arguments, quiet_and_fixed, run
from sctk_trl.student import Student, decoder_start, load_student, model_digest, whole_directory
from sctk_trl.tasks import RowReader, TaskRow, Tasks, task_rows


class TaskTrainer(Steady, Trainer):
    """Trainer whose step is a list of forward passes, each weighed by its tables' tokens in the whole step."""

    def __init__(self, *, progress: Progress, shares: dict[str, float], **given: Any) -> None:
        self._progress, self._shares = progress, shares
        super().__init__(**given)

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Tensor:
        """Runs a step forward and backward; gives its loss in nats per target token."""
        model.train()
        inputs = self._prepare_inputs(inputs)
        n_tables = len(self._shares)
        totals_K = self.accelerator.gather(inputs["n_tokens"]).reshape(-1, n_tables).sum(0)
        shares_K = torch.tensor(list(self._shares.values()), device=totals_K.device, dtype=totals_K.dtype)
        factors_K = (shares_K / totals_K).float()
        sums_K = torch.zeros_like(totals_K)
        for batch in inputs["forwards"]:
            with self.compute_loss_context_manager():
                nlls_N = token_nlls(model, batch) * batch["weights"]
                share = (nlls_N * factors_K[batch["tables"]]).sum()
            # Gradients are averaged over processes, while the totals count all of them.
            self.accelerator.backward(share * self.accelerator.num_processes)
            sums_K.index_add_(0, batch["tables"], nlls_N.detach().double())
        means_K = sums_K / totals_K
        loss: Tensor = (means_K * shares_K).sum()
        by_table = {f"loss.{name}": mean for name, mean in zip(self._shares, means_K, strict=True) if name}
        self._progress.add(loss=loss, **(by_table if n_tables > 1 else {}))
        return loss.float()

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> None:
        """Nothing: a step counts its own tokens, table by table."""


def train_tasks(
    config: MultiTaskSettings, data: TrainingData, ref: ModelRef, out: Path, tell: sctk_core.Progress | None = None
) -> TrainReport:
    """Tunes the model of `ref` on the tables of `data` into `out` and reports."""
    refuse_impossible(config.compute, config.lora)
    refuse_packing(config.compute)
    with quiet_and_fixed(), whole_directory(out) as part:
        torch.manual_seed(config.seed)
        student = load_student(ref, config.lora, config.compute, two_texts=True, dropout=config.dropout)
        tasks = _tasks(config, data, student)
        shape = Shape(pad_id=pad_id(student.tokenizer), start_id=decoder_start(student))
        checkpoints = Checkpoints(out, made_of(config, tasks, model_digest(student)))
        progress = Progress("multi-task", config.compute.log_every, tell)
        chooser = _chooser(config, tasks, shape)
        kept = {"numbers": progress} | ({"chosen": chooser} if tasks.validation else {})
        keeper = Keeper(checkpoints, config.compute.keep, progress.losses, kept)
        callbacks = [progress, *([chooser] if tasks.validation else []), keeper]
        trainer = _trainer(config, student, tasks, shape, callbacks, part)
        check, checked = _check(config, trainer, tasks, shape)
        unsteady = run(trainer, progress, keeper)
        chooser.put_back(trainer.accelerator.unwrap_model(trainer.model))
        reading = finish(trainer, student, config, check, part)
    metrics, notes = _metrics(config, tasks, checked, check, reading, progress)
    more, said = _chosen(config, tasks, chooser)
    report = TrainReport(
        model=ModelRef(path=str(out), digest=directory_digest(out)),
        n_rows=len(tasks.pairs) * len(tasks.names),
        n_tokens=tasks.n_tokens,
        n_steps=trainer.state.global_step,
        n_retokenised=tasks.n_retokenised,
        losses=tuple(progress.losses),
        declined=tasks.declined,
        metrics=metrics | more,
        notes=(*notes, *said, *_of_rows(tasks), *unsteady),
        unchanged=reading.saved.share_unchanged == 1.0,
    )
    checkpoints.remove()
    return report


def _tasks(config: MultiTaskSettings, data: TrainingData, student: Student) -> Tasks:
    """The tables as pairs of rows; raises where none is left."""
    found = task_rows(
        data,
        RowReader(
            tokens=tokens_of(student, 1 << 30),
            lengths=config.lengths,
            two_texts=student.two_texts,
            unknown=student.tokenizer.unk_token_id,
        ),
    )
    if not found.pairs:
        raise NothingAccepted(
            f"trainer 'multi-task': got {len(found.declined)} records, none of which can train: {counts_by_reason(found.declined)}",
            hint="raise lengths.max_target_tokens or lengths.max_input_tokens where rows are too long",
        )
    return found


def shares_of(config: MultiTaskSettings, names: tuple[str, ...]) -> dict[str, float]:
    """The part of each table in the loss; of a single one all."""
    return {names[0]: 1.0} if len(names) == 1 else {names[0]: config.alpha, names[1]: 1.0 - config.alpha}


def _size(config: MultiTaskSettings) -> int:
    """Rows that are read at once where there are no gradients."""
    return 4 * (config.optimiser.micro_batch or config.optimiser.batch)


def _chooser(config: MultiTaskSettings, tasks: Tasks, shape: Shape) -> Chooser:
    """What reads the validation rows after each epoch."""
    rows = tasks.validation

    def read(model: Any) -> Epoch:
        nlls_R, exact_R = row_readings(model, rows, shape, _size(config))
        return Epoch(loss=mean_nll(nlls_R, rows), exact=share_exact(exact_R, rows))

    n_steps = -(-len(tasks.pairs) // config.optimiser.batch)
    return Chooser(read, n_steps, keep=config.keep)


def _trainer(
    config: MultiTaskSettings, student: Student, tasks: Tasks, shape: Shape, callbacks: list[Any], part: Path
) -> TaskTrainer:
    model: Any = student.model
    lora = adapter(config.lora, model)
    if lora is not None:
        if config.compute.gradient_checkpointing:
            model.enable_input_require_grads()
        model = get_peft_model(model, lora)
    known = arguments(part, config.optimiser, config.compute, config.seed, config.lora)
    known |= {"train_sampling_strategy": "random"}
    return TaskTrainer(
        progress=callbacks[0],
        shares=shares_of(config, tasks.names),
        callbacks=callbacks,
        model=model,
        args=TrainingArguments(**known),
        data_collator=StepCollator(shape=shape, micro_batch=config.optimiser.micro_batch),
        train_dataset=tasks.pairs,
    )


def _check(
    config: MultiTaskSettings, trainer: TaskTrainer, tasks: Tasks, shape: Shape
) -> tuple[Check, list[list[TaskRow]]]:
    """A sample of the pairs, with what the base gives them, and their rows by table."""
    places = sample_of(len(tasks.pairs), config.compute.keep.checked_rows, config.seed)
    by_table = [[tasks.pairs[n][table] for n in places] for table in range(len(tasks.names))]
    rows = [row for table in by_table for row in table]

    def logps(model: Any, sides: Any, pad: int, size: int) -> Tensor:
        return -row_nlls(model, rows, shape, size)

    with trainer.accelerator.autocast():
        base_N = logps(trainer.model, (), shape.pad_id, _size(config))
    sides = [(row.prompt_ids, row.completion_ids) for row in rows]
    return Check(sides=sides, base=base_N, size=_size(config), logps=logps, fused=False), by_table


def _metrics(
    config: MultiTaskSettings, tasks: Tasks, checked: list[list[TaskRow]], check: Check, reading: Reading,
    progress: Progress,
) -> tuple[dict[str, float], list[str]]:  # fmt: skip
    """First and last step's losses, and the loss on the checked rows: of the base, the trained weights, the saved model."""
    shares = shares_of(config, tasks.names)

    def loss_of(moved_N: Tensor) -> float:
        nlls = torch.split(-(check.base + moved_N), [len(rows) for rows in checked])
        means = [mean_nll(nll, rows) for nll, rows in zip(nlls, checked, strict=True)]
        return sum(share * mean for share, mean in zip(shares.values(), means, strict=True))

    found = {"first_loss": progress.losses[0], "last_loss": progress.losses[-1]}
    for name in progress.last:
        found |= {f"{name}.first": progress.first[name], f"{name}.last": progress.last[name]} if name != "loss" else {}
    found |= {"base_loss": loss_of(torch.zeros_like(check.base))}
    found |= {"trained_loss": loss_of(reading.trained), "final_loss": loss_of(reading.kept)}
    found |= kept_metrics(reading.kept, reading.trained, reading.saved, config.optimiser.rate(config.lora))
    return found, notes_of(found, reading.saved)


def _chosen(config: MultiTaskSettings, tasks: Tasks, chooser: Chooser) -> tuple[dict[str, float], list[str]]:
    """Which epoch's weights are kept, and by what."""
    if not chooser.epochs:
        wanted = config.keep != "last"
        return {}, ["the last weights are kept: no validation rows to choose by"] if wanted else []
    epochs, n_rows = chooser.epochs, len(tasks.validation)
    kept, last = epochs[chooser.kept - 1], epochs[-1]
    found = {"validation.first": epochs[0].loss, "validation.last": last.loss, "validation.best": kept.loss}
    found |= {"validation.exact.last": last.exact, "validation.exact.best": kept.exact}
    found |= {"validation.n_rows": float(n_rows), "kept_epoch": float(chooser.kept)}
    return found, [
        f"the weights of epoch {chooser.kept} of {len(epochs)} are kept: {kept.exact:.1%} of {n_rows} validation rows are answered "
        f"exactly (loss {kept.loss:.4f}), {last.exact:.1%} after the last (loss {last.loss:.4f})"
    ]


def _of_rows(tasks: Tasks) -> list[str]:
    """What must not go unsaid of the rows."""
    if not tasks.n_unknown:
        return []
    n_rows = len(tasks.pairs) * len(tasks.names)
    return [
        f"{tasks.n_unknown} of {n_rows} targets hold what the student's tokenizer has no token for: it is taught as unknown"
    ]
