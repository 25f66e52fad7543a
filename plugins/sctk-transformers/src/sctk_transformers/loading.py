"""From a model reference to a model in memory, or an error that says what to do. Weights are read from safetensors only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sctk_chat import end_ids, load_tokenizer, not_loaded, place_of
from sctk_core import ModelRef


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model on its device, its tokenizer with the variables of its template, the longest text it reads (tokens), and the ids
    that end a reply."""

    model: Any
    tokenizer: Any
    context: int
    ends: frozenset[int]
    variables: Mapping[str, Any]


def load(model: ModelRef, *, dtype: str, device: str, attention: str, max_context: int) -> Loaded:
    """The model in evaluation mode, and what one must know to run it."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    tokenizer = load_tokenizer(model)
    chosen = {} if attention == "auto" else {"attn_implementation": attention}
    try:
        made: Any = AutoModelForCausalLM.from_pretrained(
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
    ends = end_ids(tokenizer, getattr(made.generation_config, "eos_token_id", None), model.variables)
    return Loaded(model=made, tokenizer=tokenizer, context=context, ends=ends, variables=model.variables)


def _device(torch: Any, device: str) -> str:
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"
