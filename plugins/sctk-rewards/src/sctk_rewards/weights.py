"""What rewards with weights have in common: the digest of a model's files, and how much of a text it takes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from sctk_core import content_id, directory_digest

_LONGEST = 100_000  # tokenizers without a limit say 1e30


@cache
def weights_digest(model: str, revision: str | None) -> str:
    """The digest of a directory's files, or of a hub model's name and revision."""
    folder = Path(model)
    return directory_digest(folder) if folder.is_dir() else content_id("hub", model, revision)


def context_of(about: Any, tokenizer: Any) -> int:
    """The most tokens that model and tokenizer both take; RoBERTa's kin number positions from after the padding's."""
    positions = getattr(about, "max_position_embeddings", None) or _LONGEST
    if "roberta" in about.model_type or about.model_type in ("camembert", "longformer"):
        positions -= (about.pad_token_id or 0) + 1
    return int(min(positions, tokenizer.model_max_length, _LONGEST))
