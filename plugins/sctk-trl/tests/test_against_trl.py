"""Our preference trainer beside TRL's own losses, on the same tiny model and the same tokens."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from datasets import Dataset
from sctk_core import ContractError, ModelRef, Pair
from sctk_trl.collate import PairCollator
from sctk_trl.encoding import tokens_of
from sctk_trl.preference_trainer import Objective, PairTrainer
from sctk_trl.rows import PairRow, Table, pair_table
from sctk_trl.settings import Compute, Lora, Optimiser
from sctk_trl.steps import Progress, arguments
from sctk_trl.student import load_student
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

BETA = 0.3
CPU = Compute(device="cpu")


def ours(llama: ModelRef, table: Table[PairRow], objective: Objective, out: Path) -> PairTrainer:
    student = load_student(llama, Lora(), CPU)
    return PairTrainer(
        objective=objective,
        progress=Progress("preference", 100),
        model=student.model,
        args=DPOConfig(**arguments(out, Optimiser(), CPU, 0), max_length=None, precompute_ref_log_probs=True),
        data_collator=PairCollator(pad_id=0),
        train_dataset=Dataset.from_list(table.as_dicts()),
        processing_class=student.tokenizer,
    )


class Silent(DPOTrainer):  # type: ignore[misc]
    """TRL's own trainer, save that a test makes no network request."""

    def _send_telemetry(self) -> None:
        """Nothing."""


def theirs(llama: ModelRef, out: Path, **loss: object) -> DPOTrainer:
    model = AutoModelForCausalLM.from_pretrained(llama.path, dtype=torch.float32)
    settings = {**arguments(out, Optimiser(), CPU, 0), "beta": BETA, **loss}
    text = Dataset.from_list([{"prompt": "a", "chosen": "b", "rejected": "c"}])
    tokenizer = AutoTokenizer.from_pretrained(llama.path)
    return Silent(model=model, args=DPOConfig(**settings), train_dataset=text, processing_class=tokenizer)


def moved(model: torch.nn.Module) -> None:
    """Takes a policy away from its reference by the same small step each time."""
    draws = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for value in model.parameters():
            value += 0.02 * torch.randn(value.shape, generator=draws)


@pytest.fixture
def table(llama: ModelRef, pairs: list[Pair]) -> Table[PairRow]:
    found = pair_table(pairs, tokens_of(load_student(llama, Lora(), CPU), 64))
    assert found.rows
    return found


@pytest.mark.parametrize(
    ("objective", "loss"),
    [
        (Objective(beta=BETA), {"loss_type": ["sigmoid"]}),
        (Objective(beta=BETA, noise="robust", eps=0.1), {"loss_type": ["robust"], "label_smoothing": 0.1}),
    ],
    ids=["sigmoid", "robust"],
)
def test_same_loss_and_gradients_as_trl_at_tau_one(
    objective: Objective, loss: dict[str, object], llama: ModelRef, table: Table[PairRow], tmp_path: Path
) -> None:
    mine = ours(llama, table, objective, tmp_path)
    rows = [{**row, "tau": 1.0} for row in mine.train_dataset]
    for row in rows:
        row["ref_chosen_logps"], row["ref_rejected_logps"] = row["ref_logps"]
    moved(mine.model)
    my_loss = mine.compute_loss(mine.model, mine.data_collator(rows))
    my_loss.backward()

    other = theirs(llama, tmp_path, **loss)
    moved(other.model)
    # TRL loads its own reference anew from the same directory, so it checks ours too.
    batch = DataCollatorForPreference(pad_token_id=0)(rows)
    my_reference = torch.cat([batch.pop("ref_chosen_logps"), batch.pop("ref_rejected_logps")])
    other_loss = other.compute_loss(other.model, dict(batch))
    other_loss.backward()

    assert my_loss.item() == pytest.approx(other_loss.item(), abs=1e-6)
    assert abs(my_loss.item() - 0.6931) > 1e-3  # the policy has left the reference, so the comparison says something
    their_reference = torch.cat(list(other.compute_ref_log_probs(other.ref_model, batch)))
    assert my_reference.tolist() == pytest.approx(their_reference.tolist(), abs=1e-4)
    gradients = dict(other.model.named_parameters())
    for name, value in mine.model.named_parameters():
        torch.testing.assert_close(value.grad, gradients[name].grad, atol=1e-6, rtol=1e-4)


def test_label_smoothing_is_trls_own(llama: ModelRef, table: Table[PairRow], tmp_path: Path) -> None:
    """TRL's `sigmoid` knows no label smoothing; its `aot` of a single pair is cDPO with it."""
    mine = ours(llama, table, Objective(beta=BETA, noise="conservative", eps=0.1), tmp_path)
    other = theirs(llama, tmp_path, loss_type=["aot"], label_smoothing=0.1)
    moved(mine.model)
    moved(other.model)
    for row in mine.train_dataset:
        one = {**row, "tau": 1.0}
        one["ref_chosen_logps"], one["ref_rejected_logps"] = one["ref_logps"]
        batch = DataCollatorForPreference(pad_token_id=0)([one])
        batch.pop("ref_chosen_logps"), batch.pop("ref_rejected_logps")
        my_loss, their_loss = (
            mine.compute_loss(mine.model, mine.data_collator([one])),
            other.compute_loss(other.model, batch),
        )
        assert my_loss.item() == pytest.approx(their_loss.item(), abs=1e-5)
        assert abs(my_loss.item() - 0.6931) > 1e-3


def test_training_refuses_weights_that_did_not_make_the_reference(
    llama: ModelRef, table: Table[PairRow], tmp_path: Path
) -> None:
    trainer = ours(llama, table, Objective(beta=BETA), tmp_path)
    trainer.check_reference()
    moved(trainer.model)
    with pytest.raises(ContractError, match="which made the reference"):
        trainer.check_reference()


def test_log_probabilities_are_summed_over_the_response_only(
    llama: ModelRef, table: Table[PairRow], tmp_path: Path
) -> None:
    """Beside a plain forward pass of one row at a time, without padding."""
    trainer = ours(llama, table, Objective(beta=BETA), tmp_path)
    found = trainer.all_logps(trainer.train_dataset)
    model = AutoModelForCausalLM.from_pretrained(llama.path, dtype=torch.float32)
    for n, row in enumerate(table.rows):
        for side, answer in enumerate((row.chosen_ids, row.rejected_ids)):
            with torch.no_grad():
                logits = model(torch.tensor([row.prompt_ids + answer])).logits[0].log_softmax(-1)
            start = len(row.prompt_ids) - 1
            expected = sum(logits[start + k, token].item() for k, token in enumerate(answer))
            assert found[n][side] == pytest.approx(expected, abs=1e-4)
