"""From a model reference to a model in memory, or an error that says what to do. Weights are read from safetensors only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sctk_chat import (
    LOADING,
    answer_ends,
    config_of,
    end_ids,
    is_encoder_decoder,
    load_tokenizer,
    not_loaded,
    place_of,
    stored_dtype,
)
from sctk_core import ConfigError, ModelRef


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model on its device, its tokenizer with the variables of its template, the longest text it reads (tokens), and the ids
    that end a reply.

    `two_texts`: it is an encoder-decoder, whose decoder begins with `start`, and its answers with the ids `begun`.
    """

    model: Any
    tokenizer: Any
    context: int
    ends: frozenset[int]
    variables: Mapping[str, Any]
    two_texts: bool = False
    start: int = 0
    begun: tuple[int, ...] = ()


def load(model: ModelRef, *, dtype: str, device: str, attention: str, max_context: int) -> Loaded:
    """The model in evaluation mode, and what one must know to run it."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    two_texts = is_encoder_decoder(model)
    kind: Any = AutoModelForSeq2SeqLM if two_texts else AutoModelForCausalLM
    tokenizer = load_tokenizer(model)
    chosen = {} if attention == "auto" else {"attn_implementation": attention}
    try:
        with LOADING:
            made: Any = kind.from_pretrained(
                place_of(model),
                revision=model.revision,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=dtype,
                **chosen,
            )
        made = made.eval().requires_grad_(False).to(_device(torch, device))
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        raise not_loaded(model, "weights", error) from error
    # cuDNN's attention is planned anew for every length, and each step of sampling has another: it took twice the time.
    torch.backends.cuda.enable_cudnn_sdp(False)
    settings = made.config.get_text_config()
    own = int(getattr(settings, "max_position_embeddings", 0) or 0)
    context = min(filter(None, (own, max_context)), default=0) or 1 << 30
    named = getattr(made.generation_config, "eos_token_id", None)
    if two_texts:
        start, begun = _beginning(model, made)
        ends = answer_ends(tokenizer, named)
        return Loaded(
            model=made, tokenizer=tokenizer, context=context, ends=ends, variables=model.variables, two_texts=True,
            start=start, begun=begun,
        )  # fmt: skip
    ends = end_ids(tokenizer, named, model.variables)
    return Loaded(model=made, tokenizer=tokenizer, context=context, ends=ends, variables=model.variables)


def _beginning(model: ModelRef, made: Any) -> tuple[int, tuple[int, ...]]:
    """The id that a decoder begins with, and those that its settings force every answer to begin with."""
    own, forced = made.generation_config, getattr(made.generation_config, "forced_bos_token_id", None)
    start = next((n for n in (own.decoder_start_token_id, made.config.decoder_start_token_id) if n is not None), None)
    if start is None:
        raise ConfigError(
            f"model {model.path!r}: got an encoder-decoder, wanted decoder_start_token_id, the id that its decoder begins with",
            hint="set decoder_start_token_id in config.json (T5: that of <pad>)",
        )
    return int(start), () if forced is None else (int(forced),)


OVERFLOWS = frozenset(("t5", "mt5", "umt5", "longt5", "switch_transformers", "udop"))
"""Architectures whose feed-forward layers pass the largest float16 (65504)."""


def refuse_overflow(model: ModelRef, dtype: str) -> None:
    """Raises where a model would be run in float16 whose numbers do not fit it."""
    asked = stored_dtype(model) if dtype == "auto" else dtype
    kind = config_of(model).get("model_type") if asked == "float16" else ""
    if kind in OVERFLOWS:
        raise ConfigError(
            f"backend.dtype: got {dtype} (float16) for {kind}, whose feed-forward layers overflow in it, wanted another",
            hint='set backend.dtype = "bfloat16" or "float32"',
        )


def _device(torch: Any, device: str) -> str:
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"
