"""The embedded world of sctk: a small language model, and the generated world that it speaks of.

`model_path()` is the directory of the shipped weights, which transformers and vLLM load like any other model.
`world` is what it was trained on, `truth` knows when a text is good, `build` makes the model again, `skill` measures it.
"""

from pathlib import Path


def model_path() -> Path:
    """The directory of the shipped model: weights, tokenizer, chat template, model card and skill figures."""
    return Path(__file__).parent / "model"


__all__ = ["model_path"]
