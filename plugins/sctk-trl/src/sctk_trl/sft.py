"""Trainer `sft`: supervised tuning on answers only. The prompt is read, never taught; the end of the turn is taught."""

from __future__ import annotations

from pathlib import Path

from sctk_core import ModelRef, Progress, TrainingData, TrainReport

from sctk_trl.refusals import refuse_before
from sctk_trl.settings import SftSettings


class Sft:
    """Trains a model on samples: `Sft(config).train(samples, model, out)`."""

    Config = SftSettings
    shared = ("lora",)

    def __init__(self, config: SftSettings, *, progress: Progress | None = None) -> None:
        self.config, self._progress = config, progress

    @staticmethod
    def model_notes(config: SftSettings, model: ModelRef) -> list[str]:
        """Nothing; raises for what this trainer cannot train, or not so."""
        refuse_before(config.compute, model, two_texts=False)
        return []

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        """Tunes `model` on samples into the directory `out`; the loss is the mean over answer tokens, in nats."""
        # TRL takes some fifteen seconds to import.
        from sctk_trl.completion_trainer import train_completions

        return train_completions(self.config, data, model, out, self._progress)
