"""Trainer `preference`: pairs with a probability each, through the one loss of `sctk_trl.loss`.

`noise.eps` makes it conservative or robust DPO; "robust" is never called rDPO here, because four methods go by that name.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sctk_core import ModelRef, TrainingData, TrainReport, setting

from sctk_trl.settings import Compute, Lora, PreferenceOptimiser


@dataclass(frozen=True, kw_only=True)
class Noise:
    """What the loss assumes of the labels, beyond the pair's own probability."""

    assume: Literal["none", "conservative", "robust"] = setting(
        "none", help="conservative: tau becomes eps + (1 - 2 eps) tau (cDPO); robust: (tau - eps) / (1 - 2 eps)"
    )
    eps: float = setting(0.0, help="rate at which labels are taken to be flipped", low=0.0, high=0.49)


class Preference:
    """Trains a model on pairs: `Preference(config).train(pairs, model, out)`."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Settings of trainer `preference`."""

        beta: float = setting(0.1, help="scale of the implicit reward: h = beta * log-ratio difference", low=1e-6)
        link: Literal["logistic", "squared"] = setting(
            "logistic", help="f: -log sigma(h), or (h - 1/2)^2 / beta^2 (IPO)"
        )
        noise: Noise = setting(Noise(), help="label noise that the loss corrects for")
        max_length: int = setting(1024, help="pairs longer than this are declined, never cut", unit="tokens", low=2)
        seed: int = setting(0, help="seed of shuffling and the adapter's start", low=0)
        lora: Lora = setting(Lora(), help="a low-rank adapter instead of full weights")
        optimiser: PreferenceOptimiser = setting(PreferenceOptimiser(), help="AdamW and its schedule")
        compute: Compute = setting(Compute(), help="precision, device, memory")

    def __init__(self, config: Config) -> None:
        self.config = config

    def train(self, data: TrainingData, model: ModelRef, out: Path) -> TrainReport:
        """Tunes `model` on pairs into the directory `out`; the reference is the model as it was given."""
        # TRL takes some fifteen seconds to import.
        from sctk_trl.preference_trainer import train_pairs

        return train_pairs(self.config, data, model, out)
