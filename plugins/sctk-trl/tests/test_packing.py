"""Packed training: the same loss as unpacked, neighbours kept apart, and a refusal where they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from sctk_core import ConfigError, ModelRef, Pair, Sample
from sctk_trl.collate import IGNORED, PackedCompletionCollator, PackedPairCollator
from sctk_trl.encoding import tokens_of
from sctk_trl.packing import packed_completions, packed_pairs, refuse_leaks
from sctk_trl.preference import Preference
from sctk_trl.rows import Tokens, completion_table, pair_table
from sctk_trl.settings import Compute, Lora, Optimiser, PreferenceOptimiser
from sctk_trl.sft import Sft
from sctk_trl.student import load_student
from transformers import AutoModelForCausalLM, MambaConfig, MambaForCausalLM

ALL = {"epochs": 1.0, "batch_size": 64, "learning_rate": 1e-3}
PACKED, PADDED = Compute(packing=True), Compute()


@pytest.fixture(scope="module")
def tokens(llama: ModelRef) -> Tokens:
    return tokens_of(load_student(llama, Lora(), Compute()), max_length=64)


def test_every_token_of_every_completion_lies_in_one_bin(samples: list[Sample], tokens: Tokens) -> None:
    rows = completion_table(samples, tokens).rows
    bins = packed_completions(rows, 200)
    assert len(bins) < len(rows)
    found = sorted((one["input_ids"][a:b], one["labels"][a:b]) for one in bins for a, b in spans(one["position_ids"]))
    wanted = sorted(
        (row.prompt_ids + row.completion_ids, [IGNORED] * len(row.prompt_ids) + row.completion_ids) for row in rows
    )
    assert found == wanted


def test_both_sides_of_a_pair_lie_in_one_bin_with_their_probability(pairs: list[Pair], tokens: Tokens) -> None:
    rows = pair_table(pairs, tokens).rows
    bins = packed_pairs(rows, 400)
    assert len(bins) < len(rows)
    found = []
    for one in bins:
        sequences = [one["input_ids"][a:b] for a, b in spans(one["position_ids"])]
        assert [len(sequence) for sequence in sequences] == one["seq_lengths"]
        found += list(zip(sequences[::2], sequences[1::2], one["taus"], strict=True))
    assert sorted(found) == sorted((r.prompt_ids + r.chosen_ids, r.prompt_ids + r.rejected_ids, r.tau) for r in rows)


def spans(position_ids: list[int]) -> list[tuple[int, int]]:
    starts = [n for n, position in enumerate(position_ids) if position == 0]
    return list(zip(starts, [*starts[1:], len(position_ids)], strict=True))


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("which", ["llama", "gpt2"])
def test_no_sequence_sees_its_neighbour(
    which: str, attention: str, samples: list[Sample], tokens: Tokens, request: pytest.FixtureRequest
) -> None:
    """The logits of a packed sequence are those that it has alone, and stay when all of its neighbours change."""
    path = request.getfixturevalue(which).path
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation=attention).eval()
    one = packed_completions(completion_table(samples, tokens).rows, 200)[0]
    batch = PackedCompletionCollator(pad_id=0)([one])
    a, b = spans(one["position_ids"])[1]
    ids = batch["input_ids"]
    changed = ids.clone()
    changed[0, :a], changed[0, b:] = 17, 23
    with torch.no_grad():
        # With a cache, transformers takes restarting positions for anything but packing: training never has one.
        settings = {"position_ids": batch["position_ids"], "use_cache": False}
        packed, beside_others = (model(x, **settings).logits[0, a:b] for x in (ids, changed))
        alone = model(ids[:, a:b]).logits[0]
    torch.testing.assert_close(packed, beside_others, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(packed, alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("which", ["llama", "gpt2"])
def test_sft_has_the_same_loss_packed_and_padded(
    which: str, samples: list[Sample], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """All rows in one step, from the same weights; dropout is off (Llama has none, GPT-2's would be drawn otherwise)."""
    ref = without_dropout(request.getfixturevalue(which), tmp_path)
    losses = []
    for compute in (PADDED, PACKED):
        config = Sft.Config(max_length=120, optimiser=Optimiser(**ALL), compute=compute)  # type: ignore[arg-type]
        report = Sft(config).train(samples, ref, tmp_path / "out")
        losses.append(report.losses)
        assert (report.n_rows, report.n_steps) == (len(samples), 1)
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)


@pytest.mark.parametrize("lora", [Lora(), Lora(rank=4)], ids=["full", "lora"])
def test_preference_learns_the_same_packed_and_padded(
    lora: Lora, llama: ModelRef, pairs: list[Pair], tmp_path: Path
) -> None:
    found = []
    for compute in (PADDED, PACKED):
        optimiser = PreferenceOptimiser(**{**ALL, "epochs": 3.0})  # type: ignore[arg-type]
        config = Preference.Config(beta=0.5, max_length=120, lora=lora, optimiser=optimiser, compute=compute)
        report = Preference(config).train(pairs, llama, tmp_path / "out")
        found.append((report.losses, report.metrics))
    (padded, padded_metrics), (packed, packed_metrics) = found
    assert len(packed) == 3
    assert padded == pytest.approx(packed, abs=1e-5)
    assert padded_metrics == pytest.approx(packed_metrics, abs=1e-4)


def test_a_batch_of_bins_keeps_its_segments(pairs: list[Pair], tokens: Tokens) -> None:
    bins = packed_pairs(pair_table(pairs, tokens).rows, 400)
    batch = PackedPairCollator(pad_id=0)(bins)
    assert int(batch["segments"].sum()) == batch["input_ids"].numel()
    assert int(batch["n_sequences"].sum()) == 2 * len(batch["tau"]) == 2 * len(pairs)


def test_a_model_that_cannot_keep_neighbours_apart_is_refused() -> None:
    model = MambaForCausalLM(MambaConfig(vocab_size=64, hidden_size=16, state_size=4, num_hidden_layers=2))
    with pytest.raises(ConfigError, match=r"compute.packing: got MambaForCausalLM .*neighbour") as caught:
        refuse_leaks(model, Compute(packing=True))
    assert "compute.packing = false" in caught.value.hint


def without_dropout(ref: ModelRef, folder: Path) -> ModelRef:
    import json
    import shutil

    path = folder / "model"
    shutil.copytree(ref.path, path)
    config: dict[str, Any] = json.loads((path / "config.json").read_text())
    config |= {name: 0.0 for name in config if name.endswith(("pdrop", "dropout"))}
    (path / "config.json").write_text(json.dumps(config))
    return ModelRef(path=str(path))
