"""Preference tuning through TRL's DPOTrainer, with our own rows, collator, reference and loss.

The reference's log-probabilities are computed once, before the first step, by the same forward pass as the policy's (the
adapter off where there is one), in large batches of like length. The digest of the weights that they belong to is checked
when training begins: then h is 0 for every pair.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from sctk_core import ContractError, ModelRef, TrainingData, TrainReport, directory_digest
from torch import Tensor
from trl import DPOConfig, DPOTrainer

from sctk_trl.collate import IGNORED, PackedPairCollator, PairCollator, chosen_first
from sctk_trl.completion_trainer import nothing_left
from sctk_trl.encoding import pad_id, tokens_of
from sctk_trl.loss import (
    Link,
    NoiseModel,
    log_ratio_difference,
    loss_floor,
    pair_loss,
    probability_under_noise,
)
from sctk_trl.packing import packed_pairs, refuse_leaks
from sctk_trl.rows import PairRow, Table, pair_table
from sctk_trl.settings import PreferenceSettings
from sctk_trl.steps import Progress, adapter, arguments, quiet_and_fixed, run
from sctk_trl.student import Student, load_student, save_student, weights_digest, whole_directory


@dataclass(frozen=True, kw_only=True)
class Objective:
    """Which case of the loss is trained."""

    beta: float
    link: Link = "logistic"
    noise: NoiseModel = "none"
    eps: float = 0.0

    def trained_tau(self, tau_B: Tensor) -> Tensor:
        """The probability that enters the loss."""
        return probability_under_noise(tau_B, self.noise, self.eps)

    def losses(self, h_B: Tensor, tau_B: Tensor) -> Tensor:
        """The loss of each pair, from the probabilities as the data give them."""
        return pair_loss(h_B, self.trained_tau(tau_B), link=self.link, beta=self.beta)


class PairTrainer(DPOTrainer):  # type: ignore[misc]
    """DPOTrainer that takes finished token rows with a probability each, and our loss: a step's is the mean over its pairs."""

    # The loss divides by the pairs of the whole step: the loop must not divide by the accumulation again.
    loss_is_scaled_for_ga = True

    def __init__(self, *, objective: Objective, progress: Progress, **given: Any) -> None:
        self._objective, self._progress = objective, progress
        self._reference_weights = ""
        super().__init__(callbacks=[progress], **given)

    def _send_telemetry(self) -> None:
        """Nothing: training makes no network request of its own."""

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        """The rows as they are: they hold token ids already."""
        return dataset

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        """The rows with the reference's log-probabilities, kept in memory (TRL would keep them in a cache of its own)."""
        self._reference_weights = weights_digest(self.model)
        with self._adapter_off():
            return dataset.add_column("ref_logps", self.all_logps(dataset))

    def check_reference(self) -> None:
        """Refuses to train where the weights are no longer those that the reference was computed with."""
        found = weights_digest(self.model)
        if found != self._reference_weights:
            raise ContractError(
                f"preference training: got weights {found}, wanted {self._reference_weights}, which made the reference",
                hint="nothing may change the model between the reference pass and the first step",
            )

    @contextlib.contextmanager
    def _adapter_off(self) -> Iterator[None]:
        model = self.accelerator.unwrap_model(self.model)
        with model.disable_adapter() if hasattr(model, "disable_adapter") else contextlib.nullcontext():
            yield

    def logps(self, model: Any, batch: dict[str, Tensor]) -> Tensor:
        """[2B] log-probabilities of the responses in nats, float32, summed over their tokens: all chosen, all rejected."""
        labels_RT = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, IGNORED)
        read = {name: batch[name] for name in ("input_ids", "attention_mask", "position_ids") if name in batch}
        # [R, T - 1]: what stands at t is of token t + 1, and 0 where that is no response token.
        logps_RT = model(**read, labels=labels_RT, use_cache=False, fused_lm_head=True).log_probs.float()
        if "segments" not in batch:
            summed: Tensor = logps_RT.sum(dim=1)
            return summed
        flat = torch.nn.functional.pad(logps_RT, (1, 0)).flatten()
        by_row = iter(torch.split(flat, batch["segments"].tolist()))
        sums = []
        for n_sequences in batch["n_sequences"].tolist():
            sums += [next(by_row).sum() for _ in range(n_sequences)]
            next(by_row)  # the row's padding
        return chosen_first(torch.stack(sums))

    def all_logps(self, dataset: Dataset) -> list[list[float]]:
        """For each row of the dataset the log-probabilities of its responses, without gradients: chosen, rejected, ..."""
        size = 4 * self.args.per_device_train_batch_size
        lengths = dataset["length"][:]
        order = sorted(range(len(lengths)), key=lambda n: (lengths[n], n))
        found: list[list[float]] = [[] for _ in lengths]
        was_training = self.model.training
        self.model.eval()
        with torch.no_grad(), self.accelerator.autocast():
            for start in range(0, len(order), size):
                rows = [dataset[n] for n in order[start : start + size]]
                batch = self._prepare_inputs(self.data_collator(rows))
                pairs = iter(self.logps(self.model, batch).reshape(2, -1).T.cpu().tolist())
                for n, row in zip(order[start : start + size], rows, strict=True):
                    found[n] = [logp for _ in row.get("taus", [0]) for logp in next(pairs)]
        self.model.train(was_training)
        return found

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """This forward pass's share of the step's loss, in nats per pair (logistic)."""
        h_B = log_ratio_difference(self.logps(model, inputs), inputs["ref_logps"], self._objective.beta)
        n_pairs = len(h_B) if num_items_in_batch is None else num_items_in_batch
        share = self._objective.losses(h_B, inputs["tau"]).sum() / n_pairs
        self._progress.add(share)
        # Gradients are averaged over processes, while n_pairs counts all of them.
        loss = share * self.accelerator.num_processes
        return (loss, {"h": h_B}) if return_outputs else loss

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, Tensor]], device: torch.device) -> Tensor:
        """How many pairs the forward passes of one step hold, over all processes."""
        n_pairs = torch.tensor(sum(len(batch["tau"]) for batch in batch_samples), device=device)
        gathered: Tensor = self.accelerator.gather(n_pairs)
        return gathered.sum()

    def final_metrics(self) -> dict[str, float]:
        """The metrics of all training pairs under the policy as it stands."""
        data = self.train_dataset
        logps, reference = (_chosen_first(rows) for rows in (self.all_logps(data), data["ref_logps"][:]))
        taus = data["tau"][:] if "tau" in data.column_names else [tau for row in data["taus"][:] for tau in row]
        h_N = log_ratio_difference(logps, reference, self._objective.beta)
        return pair_metrics(self._objective, h_N, torch.tensor(taus))


def _chosen_first(rows: list[list[float]]) -> Tensor:
    return chosen_first(torch.tensor([logp for row in rows for logp in row]))


def train_pairs(config: PreferenceSettings, data: TrainingData, ref: ModelRef, out: Path) -> TrainReport:
    """Tunes the model of `ref` on pairs into `out` and reports."""
    objective = Objective(beta=config.beta, link=config.link, noise=config.noise.assume, eps=config.noise.eps)
    with quiet_and_fixed(), whole_directory(out) as part:
        torch.manual_seed(config.seed)
        student = load_student(ref, config.lora, config.compute)
        table = pair_table(data, tokens_of(student, config.max_length))
        if not table.rows:
            raise nothing_left("preference", table)
        progress = Progress("preference", config.compute.log_every)
        if config.compute.packing:
            refuse_leaks(student.model, config.compute)
        trainer = _trainer(config, objective, student, table, progress, part)
        trainer.check_reference()
        run(trainer)
        metrics = trainer.final_metrics()
        save_student(student, trainer.accelerator.unwrap_model(trainer.model), part)
    return TrainReport(
        model=ModelRef(path=str(out), digest=directory_digest(out)),
        n_rows=len(table.rows),
        n_tokens=table.n_tokens,
        n_steps=trainer.state.global_step,
        n_retokenised=table.n_retokenised,
        losses=progress.losses(),
        declined=table.declined,
        metrics=metrics,
    )


def _trainer(
    config: PreferenceSettings,
    objective: Objective,
    student: Student,
    table: Table[PairRow],
    progress: Progress,
    part: Path,
) -> PairTrainer:
    pad, packing = pad_id(student.tokenizer), config.compute.packing
    # Both sides of the longest pair that is admitted fit into one bin.
    rows = packed_pairs(table.rows, 2 * config.max_length) if packing else table.as_dicts()
    return PairTrainer(
        objective=objective,
        progress=progress,
        model=student.model,
        args=DPOConfig(
            **arguments(part, config.optimiser, config.compute, config.seed),
            max_length=None,
            beta=config.beta,
            precompute_ref_log_probs=True,
            disable_dropout=False,  # the adapter's stays as it is set; the model has none any more
        ),
        data_collator=PackedPairCollator(pad_id=pad) if packing else PairCollator(pad_id=pad),
        train_dataset=Dataset.from_list(rows),
        processing_class=student.tokenizer,
        peft_config=adapter(config.lora, student.model),
    )


def pair_metrics(objective: Objective, h_N: Tensor, tau_N: Tensor) -> dict[str, float]:
    """What a user should see of N trained pairs, all at the final weights.

    `reward_accuracy` is the share of pairs without a tie in which the implicit reward agrees with tau; `loss_floor` is the
    mean of the least loss that any policy reaches (the entropy H(tau) for the logistic link; absent where there is none,
    under robust noise), and `loss_above_floor` what is left to learn.
    """
    tau_N = tau_N.to(h_N)
    loss = float(objective.losses(h_N, tau_N).mean())
    found = {
        "mean_tau": float(tau_N.mean()),
        "share_tau_below_half": float((tau_N < 0.5).float().mean()),
        "final_loss": loss,
        "mean_h": float(h_N.mean()),
    }
    decided = tau_N != 0.5
    if bool(decided.any()):
        agrees = (h_N[decided] > 0) == (tau_N[decided] > 0.5)
        found["reward_accuracy"] = float(agrees.float().mean())
    floor = float(loss_floor(objective.trained_tau(tau_N), link=objective.link, beta=objective.beta).mean())
    if floor > float("-inf"):
        found |= {"loss_floor": floor, "loss_above_floor": loss - floor}
    return found
