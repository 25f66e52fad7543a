"""What a model's own `generation_config.json` says of how its replies are drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sctk_core import ModelRef

from sctk_chat.names import place_of

FILE = "generation_config.json"
NEUTRAL: Mapping[str, Any] = {
    "temperature": None, "top_p": None, "top_k": 0, "min_p": 0.0, "typical_p": 1.0, "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0, "num_beams": 1,
}  # fmt: skip
"""What is looked for, each with the value by which it changes nothing."""


def own_sampling(model: ModelRef) -> dict[str, Any]:
    """What the file says, without what changes nothing; {} where it says nothing, is not there, or wants the likeliest token.

    A file with `do_sample = false` says how the model is tried out, not how it is sampled.
    """
    found = _read(model)
    if found.get("do_sample") is False:
        return {}
    values = ((name, found.get(name), neutral) for name, neutral in NEUTRAL.items())
    return {name: value for name, value, neutral in values if value is not None and value != neutral}


def _read(model: ModelRef) -> Mapping[str, Any]:
    """The file as it stands, {} where it cannot be read."""
    try:
        found = json.loads(_path(model).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _path(model: ModelRef) -> Path:
    place = Path(place_of(model))
    if place.is_dir():
        return place / FILE
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(model.path, FILE, revision=model.revision))
