"""The backend `encyclopaedia`: sctk-nano's, on the encyclopaedia's language model unless told otherwise, in float32."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sctk_nano.backend import NanoBackend

from sctk_encyclopaedia import model_path


class EncyclopaediaBackend(NanoBackend):
    """Continues conversations with the model that was told of half of the encyclopaedia."""

    trainer_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "sft": {"optimiser": {"learning_rate": 3e-4, "epochs": 2.0}},
        "preference": {"beta": 0.3, "optimiser": {"learning_rate": 1e-4, "epochs": 4.0}},
    }

    @staticmethod
    def default_model() -> str:
        """The shipped model, where a recipe names none."""
        return str(model_path())
