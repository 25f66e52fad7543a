"""From a model reference to a model in memory, or an error that says what to do. Weights are read from safetensors only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sctk_core import BackendDown, ConfigError, ModelRef


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A model on its device, its tokenizer, the longest text it reads (tokens), and the ids that end a reply."""

    model: Any
    tokenizer: Any
    context: int
    ends: frozenset[int]


def check_path(model: ModelRef) -> None:
    """Raises where `model.path` can only be a local directory and is none; a name like ORG/MODEL may be a hub's.

    >>> check_path(ModelRef(path="org/model"))
    """
    path = Path(model.path).expanduser()
    where = f"model path {model.path!r}"
    hint = "give a directory that `save_pretrained` wrote, or a hub name as ORG/MODEL"
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
        return AutoTokenizer.from_pretrained(_place(model), revision=model.revision, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise _down(model, "tokenizer", error) from error


def load(model: ModelRef, *, dtype: str, device: str, attention: str, max_context: int) -> Loaded:
    """The model in evaluation mode, and what one must know to run it."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    tokenizer = load_tokenizer(model)
    chosen = {} if attention == "auto" else {"attn_implementation": attention}
    try:
        made: Any = AutoModelForCausalLM.from_pretrained(
            _place(model), revision=model.revision, trust_remote_code=False, use_safetensors=True, dtype=dtype, **chosen
        )
        made = made.eval().requires_grad_(False).to(_device(torch, device))
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        raise _down(model, "weights", error) from error
    settings = made.config.get_text_config()
    own = int(getattr(settings, "max_position_embeddings", 0) or 0)
    context = min(filter(None, (own, max_context)), default=0) or 1 << 30
    return Loaded(model=made, tokenizer=tokenizer, context=context, ends=_ends(made, tokenizer))


def _place(model: ModelRef) -> str:
    path = Path(model.path).expanduser()
    return str(path) if path.exists() else model.path


def _device(torch: Any, device: str) -> str:
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    """The template's end of turn, the tokenizer's eos, and those that the model's own generation settings name."""
    from sctk_transformers.chat import end_of_turn

    named = getattr(model.generation_config, "eos_token_id", None)
    listed = named if isinstance(named, list) else [named]
    return frozenset(
        number for number in (end_of_turn(tokenizer), tokenizer.eos_token_id, *listed) if number is not None
    )


def _down(model: ModelRef, part: str, error: Exception) -> BackendDown:
    first = (str(error).splitlines() or [""])[0][:300]
    return BackendDown(
        f"model {model.path!r}: its {part} could not be loaded: {type(error).__name__}: {first}",
        hint="check the path or hub name, the network where it is a hub name, free memory, and that weights are safetensors",
    )
