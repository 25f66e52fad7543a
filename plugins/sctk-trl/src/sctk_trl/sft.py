"""Trainer `sft`: supervised tuning on answers only. The prompt is read, never taught; the end of the turn is taught."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sctk_core import ModelRef, TrainingData, TrainReport, setting

from sctk_trl.settings import Compute, Lora, Optimiser


class Sft:
    """Trains a model on samples: `Sft(config).train(samples, model, out)`."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Settings of trainer `sft`."""

        max_length: int = setting(1024, help="rows longer than this are declined, never cut", unit="tokens", low=2)
        seed: int = setting(0, help="seed of shuffling, dropout and the adapter's start", low=0)
        lora: Lora = setting(Lora(), help="a low-rank adapter instead of full weights")
        optimiser: Optimiser = setting(Optimiser(), help="AdamW and its schedule")
        compute: Compute = setting(Compute(), help="precision, device, memory")

    def __init__(self, config: Config) -> None:
        self.config = config

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        """Tunes `model` on samples into the directory `out`; the loss is the mean over answer tokens, in nats."""
        # TRL takes some fifteen seconds to import.
        from sctk_trl.completion_trainer import train_completions

        return train_completions(self.config, data, model, out)
