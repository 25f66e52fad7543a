"""The embedded world of sctk: two small language models, and the generated world that they speak of.

`model_path()` is the directory of the shipped weights, which transformers and vLLM load like any other model; `nano` speaks of
films and requests, `nano-tasks` of news, personas, opinions and jailbreaks.
`world` is what it was trained on, `truth` knows when a text is good, `build` makes the model again, `skill` measures it.
"""

from pathlib import Path
from typing import Literal

MODELS = {"nano": "model", "nano-tasks": "model-tasks"}
"""Backend -> the directory of the model that it has by default."""


def model_path(name: Literal["nano", "nano-tasks"] = "nano") -> Path:
    """The directory of a shipped model: weights, tokenizer, chat template, model card and skill figures."""
    return Path(__file__).parent / MODELS[name]


__all__ = ["model_path"]
