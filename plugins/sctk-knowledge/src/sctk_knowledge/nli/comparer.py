"""The comparer `nli`: how far a text contradicts the sentences of another, by a natural language inference model.

    S_C(a, b) = mean over the sentences s of a of p(contradiction | s, b)

as SelfCheckGPT has it (arXiv 2303.08896) and the paper's code. All pairs of all comparisons that come together are one flat batch,
each pair is asked once for the life of the run, and the shortest are asked together. With `batch_size = 1` a number is the same in
any company, bit for bit, so that a run that was killed ends with the same tables; larger batches are faster and may move the
seventh digit.
Needs the extra: `sctk-knowledge[nli]`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from sctk_core import ConfigError, Failure, PluginError, Sample, Scale, Score, content_id, directory_digest, setting

from sctk_knowledge.lexical import GIVES, Gives
from sctk_knowledge.nli.labels import labels_of
from sctk_knowledge.nli.pairs import Ids, Read, Reader, Reads, of_windows

T = TypeVar("T")
_LONGEST = 100_000  # tokenizers without a limit say 1e30
_MOST_KEPT = 4_000_000
"""Pairs whose number is kept: about 100 bytes each."""


class Nli:
    """Compares two texts by what one says of the other."""

    scale = Scale(low=0.0, high=1.0, unit="from entailment to contradiction (agreement: the other way round)")
    measured = (
        "how well a model tells contradiction is the model's, and sctk ships none: measure it on pairs of your own",
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Which model, and what it reads."""

        model: str = setting(
            help="a directory or a hub name of an NLI model (potsawee/deberta-v3-large-mnli is the paper's)"
        )
        revision: str | None = setting(None, help="a hub revision; nothing: the default branch")
        labels: tuple[str, ...] = setting(
            (),
            help='its labels in the order of its outputs, where its own map names none: ["entailment", "contradiction"]',
        )
        gives: Gives = setting("disagreement", help=GIVES)
        reads: Reads = setting(
            "sentences",
            help="sentences: the mean over the sentences of the first text (S_C); whole: both texts as they are; question: both "
            "with their question before them (semantic entropy)",
        )
        windows: Literal["max", "mean"] = setting(
            "max",
            help="of a text that is longer than the context, read in windows: the most contradiction, or the mean",
        )
        batch_size: int = setting(1, help="pairs at once; 1: the same number in any batch", unit="pairs", low=1)

    def __init__(self, config: Config) -> None:
        about = _about(config)
        self.config = config
        self.labels = labels_of(about.id2label, config.labels, config.model)
        self.counts = Counts()
        self._known: dict[bytes, float] = {}
        self._loaded: _Loaded | None = None

    @staticmethod
    def digest_of(config: Config) -> str:
        """The digest of the model's files, or of a hub model's name and revision: part of what a run is."""
        return _digest(config.model, config.revision)

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> Sequence[Score | Failure]:
        """One number per pair of texts, in order; a text that says nothing is a failure."""
        if not pairs:
            return []
        if self._loaded is None:
            self._loaded = _load(self.config)
        reads = [self._loaded.reader.read(*pair) for pair in pairs]
        self._ask(self._loaded, reads)
        return [self._score(pair, read) for pair, read in zip(pairs, reads, strict=True)]

    def _ask(self, loaded: _Loaded, reads: Sequence[Read]) -> None:
        """Asks the model of every pair of all comparisons that is not known yet, each once, the shortest first."""
        wanted = {key_of(pair): pair for read in reads for pair in read.pairs}
        owed = {key: pair for key, pair in wanted.items() if key not in self._known}
        if len(self._known) + len(owed) > _MOST_KEPT:
            self._known = {key: value for key, value in self._known.items() if key in wanted}
        encoded = {key: loaded.reader.encode(*pair) for key, pair in owed.items()}
        order = sorted(encoded, key=lambda key: (len(encoded[key]["input_ids"]), key))
        for start in range(0, len(order), self.config.batch_size):
            batch = order[start : start + self.config.batch_size]
            for key, logits in zip(batch, loaded.logits_BC([encoded[key] for key in batch]), strict=True):
                self._known[key] = self.labels.contradicts(logits)
        n_tokens = sum(len(ids["input_ids"]) for ids in encoded.values())
        self.counts.add(sum(len(list(read.pairs)) for read in reads), len(owed), n_tokens)

    def _score(self, pair: tuple[Sample, Sample], read: Read) -> Score | Failure:
        if not read.windows:
            return Failure(of=pair[0].id, stage="compare", component="nli", kind="parse", reason="a text says nothing")
        rows = [of_windows([self._known[key_of(one)] for one in row], self.config.windows) for row in read.windows]
        value = sum(rows) / len(rows)
        note = "a sentence was cut at the NLI model's context" if read.cut else ""
        given = 1.0 - value if self.config.gives == "agreement" else value
        return Score(sample=pair[0], against=pair[1], name="nli", value=given, scale="0 to 1", note=note)


@dataclass
class Counts:
    """Pairs that comparisons came to, those that the model was asked of, and the tokens that it read."""

    n_wanted: int = 0
    n_asked: int = 0
    n_tokens: int = 0

    def add(self, n_wanted: int, n_asked: int, n_tokens: int) -> None:
        """Counts a batch."""
        self.n_wanted, self.n_asked = self.n_wanted + n_wanted, self.n_asked + n_asked
        self.n_tokens += n_tokens


def key_of(pair: tuple[str, str]) -> bytes:
    """16 bytes that name a pair; no two pairs of texts run together."""
    premise, hypothesis = (text.encode("utf-8", "surrogatepass") for text in pair)
    return hashlib.blake2b(len(premise).to_bytes(8) + premise + hypothesis, digest_size=16).digest()


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """The model, on the device that there is, and how it reads."""

    model: Any
    reader: Reader
    pad: Callable[..., Any] = field(repr=False)

    def logits_BC(self, texts: Sequence[Ids]) -> list[list[float]]:  # noqa: N802 - the axes: batch, class
        """Logits of a batch in float32, one row per pair."""
        import torch

        inputs = self.pad(list(texts), return_tensors="pt") if len(texts) > 1 else None
        if inputs is None:
            inputs = {name: torch.tensor([ids]) for name, ids in texts[0].items()}
        with torch.inference_mode():
            logits = self.model(**{name: ids.to(self.model.device) for name, ids in inputs.items()}).logits
        rows: list[list[float]] = logits.float().cpu().tolist()
        return rows


def _load(config: Nli.Config) -> _Loaded:
    """Weights in float32 from safetensors only, on a GPU where there is one."""
    import torch

    library = _transformers(config)
    tokenizer = _read(lambda: library.AutoTokenizer.from_pretrained(config.model, revision=config.revision), config)
    load = library.AutoModelForSequenceClassification.from_pretrained
    options = {"revision": config.revision, "use_safetensors": True, "dtype": torch.float32}
    model = _read(lambda: load(config.model, **options), config)
    model.eval().to("cuda" if torch.cuda.is_available() else "cpu")
    reader = Reader(tokenizer, _context_of(model.config, tokenizer), config.reads)
    return _Loaded(model=model, reader=reader, pad=tokenizer.pad)


def _about(config: Nli.Config) -> Any:
    library = _transformers(config)
    return _read(lambda: library.AutoConfig.from_pretrained(config.model, revision=config.revision), config)


def _context_of(about: Any, tokenizer: Any) -> int:
    """The most tokens that model and tokenizer both take; RoBERTa's kin number positions from after the padding's."""
    positions = getattr(about, "max_position_embeddings", None) or _LONGEST
    if "roberta" in about.model_type or about.model_type in ("camembert", "longformer"):
        positions -= (about.pad_token_id or 0) + 1
    return int(min(positions, tokenizer.model_max_length, _LONGEST))


@cache
def _digest(model: str, revision: str | None) -> str:
    folder = Path(model)
    return directory_digest(folder) if folder.is_dir() else content_id("hub", model, revision)


def _read(read: Callable[[], T], config: Nli.Config) -> T:
    try:
        return read()
    except (OSError, ValueError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise ConfigError(
            f"[comparer] nli, model: got {config.model!r}, wanted an NLI model with its tokenizer: {first}",
            hint="a directory with config.json, tokenizer and model.safetensors, or a hub name that is reachable",
        ) from error


def _transformers(config: Nli.Config) -> Any:
    try:
        import transformers
    except ImportError as error:
        raise PluginError(
            f"[comparer] nli: transformers is not installed, wanted it to read {config.model!r}",
            hint="pip install 'sctk-knowledge[nli]'",
        ) from error
    return transformers
