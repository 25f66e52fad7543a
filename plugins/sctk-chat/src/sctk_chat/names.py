"""From the name of a model to its tokenizer, or an error that says what to do. Remote code is never run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sctk_core import BackendDown, ConfigError, ModelRef


def check_path(model: ModelRef) -> None:
    """Raises where `model.path` can only be a local directory and is none; a name like ORG/MODEL may be a hub's.

    >>> check_path(ModelRef(path="org/model"))
    """
    path = Path(model.path)
    where = f"model path {model.path!r}"
    home = os.path.expanduser(model.path)
    hint = "give a directory that `save_pretrained` wrote, or a hub name as ORG/MODEL"
    if not path.exists() and home != model.path and os.path.exists(home):
        hint = f"a path is taken as it stands: write {home}"
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise ConfigError(
                f"{where}: got a directory without config.json, wanted a Hugging Face model directory", hint=hint
            )
    elif path.exists():
        raise ConfigError(f"{where}: got a file, wanted a Hugging Face model directory", hint=hint)
    elif not model.path or model.path[0] in "/.~" or model.path.count("/") > 1:
        raise ConfigError(f"{where}: got no such directory, wanted a Hugging Face model directory", hint=hint)


def load_tokenizer(model: ModelRef) -> Any:
    """The model's tokenizer."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(place_of(model), revision=model.revision, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise not_loaded(model, "tokenizer", error) from error


def place_of(model: ModelRef) -> str:
    """What libraries are told to load: the directory, or the hub name."""
    path = Path(model.path)
    return str(path.absolute()) if path.exists() else model.path


def not_loaded(model: ModelRef, part: str, error: Exception) -> BackendDown:
    """What a user is told where a model's tokenizer or weights could not be read."""
    first = (str(error).splitlines() or [""])[0][:300]
    return BackendDown(
        f"model {model.path!r}: its {part} could not be loaded: {type(error).__name__}: {first}",
        hint="check the path or hub name, the network where it is a hub name, free memory, and that weights are safetensors",
    )
