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

import sctk_core
import torch
from datasets import Dataset
from sctk_core import ContractError, ModelRef, NothingAccepted, TrainingData, TrainReport, directory_digest
from torch import Tensor
from trl import DPOConfig, DPOTrainer

from sctk_trl.checkpoints import Checkpoints, Keeper, made_of
from sctk_trl.collate import IGNORED, PackedPairCollator, PairCollator, chosen_first
from sctk_trl.completion_trainer import nothing_left
from sctk_trl.encoding import pad_id, tokens_of
from sctk_trl.finishing import Check, Reading, finish, kept_metrics, no_preference, notes_of
from sctk_trl.loss import (
    Link,
    NoiseModel,
    log_ratio_difference,
    loss_floor,
    pair_loss,
    probability_under_noise,
)
from sctk_trl.memory import refuse_impossible
from sctk_trl.packing import packed_pairs, refuse_leaks
from sctk_trl.rereading import sample_of, sides_of
from sctk_trl.rows import PairRow, Table, pair_table
from sctk_trl.settings import PreferenceSettings
from sctk_trl.steps import Progress, Steady, adapter, arguments, quiet_and_fixed, run
from sctk_trl.student import Student, load_student, model_digest, weights_digest, whole_directory


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


class PairTrainer(Steady, DPOTrainer):  # type: ignore[misc]
    """DPOTrainer that takes finished token rows with a probability each, and our loss: a step's is the mean over its pairs."""

    def __init__(
        self, *, objective: Objective, progress: Progress, checkpoints: Checkpoints | None = None, **given: Any
    ) -> None:
        self._objective, self._progress, self._checkpoints = objective, progress, checkpoints
        self._reference_weights = ""
        super().__init__(**given)

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        """The rows as they are: they hold token ids already."""
        return dataset

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        """The rows with the reference's log-probabilities, computed once (TRL would keep them in a cache of its own)."""
        self._reference_weights = weights_digest(self.model)
        kept = self._checkpoints.reference() if self._checkpoints else None
        if kept is None:
            with self._adapter_off():
                found = self.all_logps(dataset)
            if self._checkpoints:
                self._checkpoints.keep_reference(torch.tensor([logp for row in found for logp in row]))
        else:
            logps = iter(kept.tolist())
            found = [[next(logps) for _ in range(2 * len(row.get("taus", [0])))] for row in dataset]
        return dataset.add_column("ref_logps", found)

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
        self._progress.add(loss=share, margin=h_B.sum() / n_pairs)
        # Gradients are averaged over processes, while n_pairs counts all of them.
        loss = share * self.accelerator.num_processes
        return (loss, {"h": h_B}) if return_outputs else loss

    def _get_num_items_in_batch(self, batch_samples: list[dict[str, Tensor]], device: torch.device) -> Tensor:
        """How many pairs the forward passes of one step hold, over all processes."""
        n_pairs = torch.tensor(sum(len(batch["tau"]) for batch in batch_samples), device=device)
        gathered: Tensor = self.accelerator.gather(n_pairs)
        return gathered.sum()

    def reference(self) -> Tensor:
        """[2, N] the reference's log-probabilities of all pairs in the order of the table: chosen, rejected."""
        data = self.train_dataset
        places = data["places"][:] if "places" in data.column_names else [[n] for n in range(len(data))]
        found = torch.zeros(sum(map(len, places)), 2)
        for at, logps in zip(places, data["ref_logps"][:], strict=True):
            found[at] = torch.tensor(logps).reshape(-1, 2)
        return found.T


def train_pairs(
    config: PreferenceSettings, data: TrainingData, ref: ModelRef, out: Path, tell: sctk_core.Progress | None = None
) -> TrainReport:
    """Tunes the model of `ref` on pairs into `out` and reports."""
    refuse_impossible(config.compute, config.lora)
    with quiet_and_fixed(), whole_directory(out) as part:
        torch.manual_seed(config.seed)
        student = load_student(ref, config.lora, config.compute)
        table = pair_table(data, tokens_of(student, config.max_length))
        _refuse_nothing(table)
        if config.compute.packing:
            refuse_leaks(student.model, config.compute)
        checkpoints = Checkpoints(out, made_of(config, table, model_digest(student)))
        progress = Progress("preference", config.compute.log_every, tell)
        keeper = Keeper(checkpoints, config.compute.keep, progress.losses)
        trainer = _trainer(config, student, table, progress, keeper, part)
        trainer.check_reference()
        check, places = _check(config, trainer, table)
        unsteady = run(trainer, progress, keeper)
        reading = finish(trainer, student, config, check, part)
    metrics, notes = _metrics(config, table, places, reading)
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


def _refuse_nothing(table: Table[PairRow]) -> None:
    """Raises where no pair is left, or none says which of its sides is the better: then every gradient is zero."""
    if not table.rows:
        raise nothing_left("preference", table)
    if all(row.tau == 0.5 for row in table.rows):
        raise NothingAccepted(
            f"trainer 'preference': got {len(table.rows)} pairs that all have probability 1/2, wanted a preference in at least one",
            hint="with ties only, no weight would move: look at the scores that made them (sctk why RUN ID)",
        )


def _check(config: PreferenceSettings, trainer: PairTrainer, table: Table[PairRow]) -> tuple[Check, list[int]]:
    """A sample of the pairs, with what the reference gave them, and their places in the table."""
    places = sample_of(len(table.rows), config.compute.keep.checked_rows, config.seed)
    base = trainer.reference()[:, places].reshape(-1)
    sides = sides_of([table.rows[n] for n in places])
    return Check(sides=sides, base=base, size=8 * config.optimiser.batch_size), places


def _metrics(
    config: PreferenceSettings, table: Table[PairRow], places: list[int], reading: Reading
) -> tuple[dict[str, float], list[str]]:
    """What a user should see of the pairs, and what must not go unsaid."""
    objective = _objective(config)
    taus = [row.tau for row in table.rows]
    trained_h, kept_h = (
        log_ratio_difference(moved_N, torch.zeros_like(moved_N), config.beta)
        for moved_N in (reading.trained, reading.kept)
    )
    found = pair_metrics(objective, kept_h, torch.tensor([taus[n] for n in places]))
    found |= {"mean_tau": sum(taus) / len(taus), "share_tau_below_half": sum(tau < 0.5 for tau in taus) / len(taus)}
    found |= {"trained_mean_h": float(trained_h.mean())}
    found |= kept_metrics(kept_h, trained_h, reading.saved, config.optimiser.rate(config.lora))
    return found, [*notes_of(found, reading.saved), *no_preference(taus)]


def _objective(config: PreferenceSettings) -> Objective:
    return Objective(beta=config.beta, link=config.link, noise=config.noise.assume, eps=config.noise.eps)


def _trainer(
    config: PreferenceSettings,
    student: Student,
    table: Table[PairRow],
    progress: Progress,
    keeper: Keeper,
    part: Path,
) -> PairTrainer:
    pad, packing = pad_id(student.tokenizer), config.compute.packing
    # Both sides of the longest pair that is admitted fit into one bin.
    rows = packed_pairs(table.rows, 2 * config.max_length) if packing else table.as_dicts()
    return PairTrainer(
        objective=_objective(config),
        progress=progress,
        checkpoints=keeper.checkpoints,
        callbacks=[progress, keeper],
        model=student.model,
        args=DPOConfig(
            **arguments(part, config.optimiser, config.compute, config.seed, config.lora),
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
