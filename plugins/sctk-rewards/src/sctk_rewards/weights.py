"""A model of the hub that judges: who it is, how it is loaded, how much of a text it takes, and what it says of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sctk_core import ConfigError, PluginError, content_id, directory_digest

Ids = Mapping[str, list[int]]
"""What a tokenizer makes of one text, or of a pair of texts."""
T = TypeVar("T")
_LONGEST = 100_000  # tokenizers without a limit say 1e30


@dataclass(frozen=True, kw_only=True)
class HubModel:
    """A directory or a hub name; and for complaints: whose setting it is, what was wanted, the extra that brings transformers."""

    name: str
    revision: str | None
    where: str
    wanted: str
    extra: str
    files: str = "config.json, tokenizer and model.safetensors"

    def about(self) -> Any:
        """Its config; a ConfigError where that cannot be read."""
        found = self._library().AutoConfig
        return self._read(lambda: found.from_pretrained(self.name, revision=self.revision))

    def tokenizer(self) -> Any:
        """Its tokenizer; a ConfigError where that cannot be read."""
        found = self._library().AutoTokenizer
        return self._read(lambda: found.from_pretrained(self.name, revision=self.revision))

    def weights(self, auto: str) -> Any:
        """The model as the `auto` class of transformers: float32 from safetensors only, on a GPU where there is one."""
        import torch
        from sctk_chat import LOADING

        found, options = getattr(self._library(), auto), {"use_safetensors": True, "dtype": torch.float32}
        with LOADING:
            model = self._read(lambda: found.from_pretrained(self.name, revision=self.revision, **options))
        return model.eval().to("cuda" if torch.cuda.is_available() else "cpu")

    def _library(self) -> Any:
        try:
            import transformers
        except ImportError as error:
            raise PluginError(
                f"{self.where}: transformers is not installed, wanted it to read {self.name!r}",
                hint=f"pip install '{self.extra}'",
            ) from error
        return transformers

    def _read(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except (OSError, ValueError) as error:
            first = (str(error).splitlines() or [""])[0]
            raise ConfigError(
                f"{self.where}, model: got {self.name!r}, wanted {self.wanted}: {first}",
                hint=f"a directory with {self.files}, or a hub name that is reachable",
            ) from error


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


def logits_BC(model: Any, tokenizer: Any, texts: Sequence[Ids]) -> list[list[float]]:  # noqa: N802 - the axes: batch, class
    """Logits of a batch in float32, one row per text.

    Of a model that has no token to pad with the texts are asked one by one.
    """
    import torch

    pads = tokenizer.pad_token_id is not None and getattr(model.config, "pad_token_id", None) is not None
    if len(texts) > 1 and not pads:
        return [row for text in texts for row in logits_BC(model, tokenizer, [text])]
    if len({len(text["input_ids"]) for text in texts}) == 1:
        inputs = {name: torch.tensor([text[name] for text in texts]) for name in texts[0]}
    else:
        inputs = tokenizer.pad(list(texts), return_tensors="pt")
    with torch.inference_mode():
        logits = model(**{name: ids.to(model.device) for name, ids in inputs.items()}).logits
    rows: list[list[float]] = logits.float().cpu().tolist()
    return rows
