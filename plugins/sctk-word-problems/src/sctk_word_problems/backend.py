"""The backend `word-problems`: sctk-transformers' backend, on the start model unless told otherwise, in float32 on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sctk_nano.backend import NanoBackend

from sctk_word_problems import model_path


class WordProblemsBackend(NanoBackend):
    """Answers with the start model of the word problems."""

    trainer_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        **NanoBackend.trainer_defaults,
        "multi-task": {"optimiser": {"learning_rate": 2e-3, "batch": 16}},
    }
    """What trains a model of a million weights, where the trainers' own defaults are made for many more."""

    @staticmethod
    def default_model() -> str:
        """The start model, where a recipe names none."""
        return str(model_path())
