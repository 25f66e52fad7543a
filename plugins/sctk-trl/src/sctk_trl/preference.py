"""Trainer `preference`: pairs with a probability each, through the one loss of `sctk_trl.loss`.

`noise.eps` makes it conservative or robust DPO; "robust" is never called rDPO here, because four methods go by that name.
"""

from __future__ import annotations

from pathlib import Path

from sctk_core import ModelRef, Progress, TrainingData, TrainReport

from sctk_trl.refusals import refuse_before
from sctk_trl.settings import PreferenceSettings


class Preference:
    """Trains a model on pairs: `Preference(config).train(pairs, model, out)`."""

    Config = PreferenceSettings
    shared = ("lora",)

    def __init__(self, config: PreferenceSettings, *, progress: Progress | None = None) -> None:
        self.config, self._progress = config, progress

    @staticmethod
    def model_notes(config: PreferenceSettings, model: ModelRef) -> list[str]:
        """Nothing; raises for what this trainer cannot train, or not so."""
        refuse_before(config.compute, model, two_texts=False)
        return []

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        """Tunes `model` on pairs into the directory `out`; the reference is the model as it was given."""
        # TRL takes some fifteen seconds to import.
        from sctk_trl.preference_trainer import train_pairs

        return train_pairs(self.config, data, model, out, self._progress)
