"""The backend `nano`: sctk-transformers' backend, on the shipped weights unless told otherwise, in float32.

Float32, because then a reply does not depend on its batch; the weights are stored in bfloat16 only to be small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sctk_core import ModelRef, setting
from sctk_transformers.backend import TransformersBackend
from sctk_transformers.contrast import Contrast, contrast_notes

from sctk_nano import model_path


class NanoBackend(TransformersBackend):
    """Continues conversations with the embedded model."""

    @dataclass(frozen=True, kw_only=True, slots=True)
    class Config:
        """What there is to say of a model this small."""

        max_batch: int = setting(64, help="conversations in one batch", unit="rows", low=1, high=4096, identity=False)
        n_threads: int = setting(
            1,
            help="CPU threads; a model this small gains nothing from a second; 0: as torch decides",
            unit="threads",
            low=0,
            identity=False,
        )
        dola: Contrast = setting(
            Contrast(), help="decoding by contrasting layers, of which this model has four", came_later=True
        )

    def __init__(self, config: NanoBackend.Config, *, model: ModelRef) -> None:
        wider = TransformersBackend.Config(
            dtype="float32", device="cpu", max_batch=config.max_batch, n_threads=config.n_threads, dola=config.dola
        )
        super().__init__(wider, model=model)

    template_notes = None  # type: ignore[assignment]
    """Its template is known, and reads no variables: no tokenizer is loaded to say so."""

    own_sampling = None  # type: ignore[assignment]
    """Its files say 1 and 1, as sctk does."""

    trainer_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "sft": {"optimiser": {"learning_rate": 3e-4, "epochs": 3.0}},
        "preference": {"beta": 0.5, "optimiser": {"learning_rate": 1e-4, "epochs": 1.0}},
    }
    """What trains a model of 3 M weights, where the trainers' own defaults are made for billions."""

    @staticmethod
    def model_notes(config: NanoBackend.Config, model: ModelRef) -> list[str]:  # type: ignore[override]
        """What to know of a contrast of its layers."""
        return contrast_notes(config.dola, model)

    @staticmethod
    def depends_on_batch(config: NanoBackend.Config, model: ModelRef) -> str:  # type: ignore[override]
        """Nothing: its arithmetic is float32."""
        return ""

    @staticmethod
    def context_of(config: NanoBackend.Config, model: ModelRef) -> int:  # type: ignore[override]
        """As its files say."""
        return TransformersBackend.context_of(TransformersBackend.Config(), model)

    @staticmethod
    def default_model() -> str:
        """The shipped model, where a recipe names none."""
        return str(model_path())


class NanoTasksBackend(NanoBackend):
    """Continues conversations with the embedded model of the later tasks."""

    @staticmethod
    def default_model() -> str:
        """The shipped model of the tasks, where a recipe names none."""
        return str(model_path("nano-tasks"))
