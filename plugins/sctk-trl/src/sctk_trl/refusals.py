"""What a trainer cannot do, found in settings and the model's own files alone: said before anything is asked or loaded."""

from __future__ import annotations

from sctk_chat import config_of, is_encoder_decoder
from sctk_core import ConfigError, ModelRef

from sctk_trl.settings import Compute


def refuse_before(compute: Compute, model: ModelRef, *, two_texts: bool) -> None:
    """Raises for float16, and, unless the trainer takes `two_texts`, for an encoder-decoder."""
    refuse_float16(compute)
    if not two_texts and is_encoder_decoder(model):
        refuse_two_texts(model, str(config_of(model).get("model_type")))


def refuse_float16(compute: Compute) -> None:
    """Raises where training is to compute in float16."""
    if compute.precision == "float16":
        raise ConfigError(
            "compute.precision: got float16, wanted float32 or bfloat16: T5 and others pass 65504, its largest number",
            hint='compute.precision = "bfloat16" has the range of float32 at the same speed',
        )


def refuse_two_texts(model: ModelRef, kind: str) -> None:
    """Raises: an encoder-decoder where a decoder-only model is wanted."""
    raise ConfigError(
        f"model to train: got {model.path!r}, an encoder-decoder ({kind}), wanted a decoder-only model",
        hint="encoder-decoders train with trainer 'multi-task' (use = \"multi-task\"): samples, or tables predict and explain",
    )


def refuse_packing(compute: Compute) -> None:
    """Raises where a trainer that does not pack is to pack."""
    if compute.packing:
        raise ConfigError(
            "compute.packing: got true, wanted false: trainer 'multi-task' does not pack",
            hint="rows of like length lie together in its forward passes; leave it out",
        )
