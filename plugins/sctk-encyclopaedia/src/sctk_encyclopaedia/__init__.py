"""The embedded world's encyclopaedia: things that do not exist, a model that was told of some of them, and who knows the truth.

`model_path()` is the directory of the language model, `model_path("nli")` that of the NLI model; both load like any other.
`world` is what there is to know, `truth` knows when an answer is right, `source` offers its articles. `rows` and `pairs` are what a
language model and an NLI model are trained on, `build` and `build_nli` train them, `skill` and `skill_nli` measure them.
"""

from pathlib import Path
from typing import Literal


def model_path(name: Literal["language", "nli"] = "language") -> Path:
    """The directory of a shipped model: weights, tokenizer, model card and skill figures."""
    return Path(__file__).parent / ("model" if name == "language" else "model-nli")


__all__ = ["model_path"]
