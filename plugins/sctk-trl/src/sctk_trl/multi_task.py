"""Trainer `multi-task`: one student learns to answer and to explain (arXiv 2311.09214, 2305.02301; papers' eq. 4.1)."""

from __future__ import annotations

from pathlib import Path

from sctk_core import ModelRef, Progress, TrainingData, TrainReport

from sctk_trl.refusals import refuse_before, refuse_packing
from sctk_trl.settings import MultiTaskSettings


class MultiTask:
    """Trains a model on tables `predict` and `explain`: `MultiTask(config).train(tables, model, out)`.

    Rows are samples, or `Weighted` ones. A table `validation` is read and not trained on. Encoder-decoders and decoder-only models
    train alike.
    """

    Config = MultiTaskSettings
    shared = ("lora",)
    reads_only = ("validation",)

    def __init__(self, config: MultiTaskSettings, *, progress: Progress | None = None) -> None:
        self.config, self._progress = config, progress

    @staticmethod
    def model_notes(config: MultiTaskSettings, model: ModelRef) -> list[str]:
        """Nothing; raises for what this trainer cannot train, or not so."""
        refuse_before(config.compute, model, two_texts=True)
        refuse_packing(config.compute)
        return []

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        """Tunes `model` into the directory `out`; the loss is alpha CE(predict) + (1 - alpha) CE(explain), nats per token."""
        # torch and transformers take seconds to import.
        from sctk_trl.multi_task_trainer import train_tasks

        return train_tasks(self.config, data, model, out, self._progress)
