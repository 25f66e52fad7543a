"""What a model's own files say of how its replies are drawn (`generation_config.json`) and how its weights are stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sctk_core import ModelRef

from sctk_chat.names import place_of

NEUTRAL: Mapping[str, Any] = {
    "temperature": None, "top_p": None, "top_k": 0, "min_p": 0.0, "typical_p": 1.0, "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0, "num_beams": 1,
}  # fmt: skip
"""What is looked for, each with the value by which it changes nothing."""


def own_sampling(model: ModelRef) -> dict[str, Any]:
    """What the file says, without what changes nothing; {} where it says nothing, is not there, or wants the likeliest token.

    A file with `do_sample = false` says how the model is tried out, not how it is sampled.
    """
    found = _read(model, "generation_config.json")
    if found.get("do_sample") is False:
        return {}
    values = ((name, found.get(name), neutral) for name, neutral in NEUTRAL.items())
    return {name: value for name, value, neutral in values if value is not None and value != neutral}


def stored_dtype(model: ModelRef) -> str:
    """The type of number that the weights are stored in, as `config.json` says it ("bfloat16"); "" where it does not."""
    found = config_of(model)
    said = found.get("dtype") or found.get("torch_dtype")
    return said if isinstance(said, str) else ""


def stored_context(model: ModelRef) -> int:
    """How many tokens the model was built to read, as `config.json` says it; 0 where it does not."""
    found = config_of(model)
    inner = found.get("text_config")
    places = (found, inner if isinstance(inner, dict) else {})
    said = (place.get(name) for place in places for name in ("max_position_embeddings", "n_positions"))
    return next((one for one in said if type(one) is int and one > 0), 0)


def config_of(model: ModelRef) -> Mapping[str, Any]:
    """What `config.json` says, {} where it cannot be read."""
    return _read(model, "config.json")


def _read(model: ModelRef, name: str) -> Mapping[str, Any]:
    """A file of the model as it stands, {} where it cannot be read."""
    try:
        found = json.loads(_path(model, name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _path(model: ModelRef, name: str) -> Path:
    place = Path(place_of(model))
    if place.is_dir():
        return place / name
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(model.path, name, revision=model.revision))
