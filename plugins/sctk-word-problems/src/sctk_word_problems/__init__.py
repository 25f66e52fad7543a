"""The embedded world's word problems: questions, a teacher whose errors are counted, and a small encoder-decoder to start from.

`world` is what there is to ask, `source` offers it, `teacher` reasons and judges with error rates that are set. `model_path()` is
the directory of the start model; `build` makes it from nothing, `skill` measures what it can do before and after ordinary training.
"""

from pathlib import Path


def model_path() -> Path:
    """The directory of the start model: weights, tokenizer, model card and skill figures."""
    return Path(__file__).parent / "model"


__all__ = ["model_path"]
