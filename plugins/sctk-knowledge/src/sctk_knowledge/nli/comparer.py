"""The comparer `nli`: how far a text contradicts the sentences of another, by a natural language inference model.

    S_C(a, b) = mean over the sentences s of a of p(contradiction | s, b)

as SelfCheckGPT has it (arXiv 2303.08896) and the paper's code. All pairs of all comparisons that come together are one flat batch,
each pair is asked once for the life of the process, and the shortest are asked first. A number is the same in any company, bit for
bit, so that a run that was killed ends with the same tables: pairs are asked together in the way in which the model, tried as it is
loaded, says the same of them whatever stands beside them (`company`). A `batch_size` of one's own may move the seventh digit.
Needs the extra: `sctk-knowledge[nli]`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sctk_core import Failure, Sample, Scale, Score, setting
from sctk_rewards.weights import HubModel, context_of, weights_digest

from sctk_knowledge.lexical import GIVES, Gives
from sctk_knowledge.nli.company import Company, company_of
from sctk_knowledge.nli.labels import labels_of
from sctk_knowledge.nli.pairs import Read, Reader, Reads, TextPair, of_windows

BATCH_SIZE = (
    "pairs at once, of any length; 0: as many as can be without changing a bit of what the model says of one, tried when it is "
    "loaded; with 0 and 1 a number is the same in any batch"
)
Neutral = Literal["left-out", "counted"]
NEUTRAL = (
    "left-out: entailment and contradiction alone, renormalised (S_C, SelfCheckGPT); counted: agreement is p(entailment) and "
    "disagreement p(contradiction) of all labels, so that texts that say nothing of each other do not agree (semantic entropy)"
)
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
        neutral: Neutral = setting("left-out", help=NEUTRAL)
        windows: Literal["max", "mean"] = setting(
            "max",
            help="of a text that is longer than the context, read in windows: the most contradiction, or the mean",
        )
        batch_size: int = setting(0, help=BATCH_SIZE, unit="pairs", low=0)

    def __init__(self, config: Config) -> None:
        about = _hub(config).about()
        self.config = config
        self.labels = labels_of(about.id2label, config.labels, config.model)
        self.counts = Counts()
        self._known: dict[bytes, float] = {}
        self._loaded: _Loaded | None = None

    @staticmethod
    def digest_of(config: Config) -> str:
        """The digest of the model's files, or of a hub model's name and revision: part of what a run is."""
        return weights_digest(config.model, config.revision)

    async def compare(self, pairs: Sequence[tuple[Sample, Sample]]) -> Sequence[Score | Failure]:
        """One number per pair of texts, in order; a text that says nothing is a failure."""
        if not pairs:
            return []
        if self._loaded is None:
            self._loaded = _load(self.config)
        reads = self._loaded.reader.read_all(pairs)
        said = self._ask(self._loaded, reads)
        return [self._score(pair, read, said) for pair, read in zip(pairs, reads, strict=True)]

    def _ask(self, loaded: _Loaded, reads: Sequence[Read]) -> Mapping[TextPair, float]:
        """What the model says of every pair of all comparisons, asked where it is not known yet, each once, the shortest first."""
        n_wanted, keys = 0, dict[TextPair, bytes]()
        for read in reads:
            for pair in read.pairs:
                n_wanted += 1
                if pair not in keys:
                    keys[pair] = key_of(pair)
        owed = [pair for pair, key in keys.items() if key not in self._known]
        if len(self._known) + len(owed) > _MOST_KEPT:
            kept = set(keys.values())
            self._known = {key: value for key, value in self._known.items() if key in kept}
        encoded = [(keys[pair], loaded.reader.encode(*pair)) for pair in owed]
        encoded.sort(key=lambda one: (len(one[1]["input_ids"]), one[0]))
        lengths = [len(ids["input_ids"]) for _, ids in encoded]
        for batch in loaded.company.batches(encoded, lengths):
            rows = loaded.company.logits(loaded.model, loaded.reader.tokenizer, [ids for _, ids in batch])
            for (key, _), logits in zip(batch, rows, strict=True):
                self._known[key] = self._disagrees(logits)
        self.counts.add(n_wanted, len(owed), sum(lengths))
        return {pair: self._known[key] for pair, key in keys.items()}

    def _disagrees(self, logits: Sequence[float]) -> float:
        """What is kept of a pair: 1 less it is what agreement is."""
        if self.config.neutral == "left-out":
            return self.labels.contradicts(logits)
        if self.config.gives == "agreement":
            return 1.0 - self.labels.entails_of_all(logits)
        return self.labels.contradicts_of_all(logits)

    def _score(self, pair: tuple[Sample, Sample], read: Read, said: Mapping[TextPair, float]) -> Score | Failure:
        if not read.windows:
            return Failure(of=pair[0].id, stage="compare", component="nli", kind="parse", reason="a text says nothing")
        rows = [of_windows([said[one] for one in row], self.config.windows) for row in read.windows]
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


def key_of(pair: TextPair) -> bytes:
    """16 bytes that name a pair; no two pairs of texts run together."""
    premise, hypothesis = (text.encode("utf-8", "surrogatepass") for text in pair)
    return hashlib.blake2b(len(premise).to_bytes(8) + premise + hypothesis, digest_size=16).digest()


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """The model, on the device that there is, how it reads, and how it is asked of many pairs."""

    model: Any
    reader: Reader
    company: Company


def _load(config: Nli.Config) -> _Loaded:
    hub = _hub(config)
    tokenizer, model = hub.tokenizer(), hub.weights("AutoModelForSequenceClassification")
    n_context = context_of(model.config, tokenizer)
    stated = Company(most=config.batch_size, mixed=True) if config.batch_size else None
    company = stated or company_of(model, tokenizer, n_context)
    return _Loaded(model=model, reader=Reader(tokenizer, n_context, config.reads), company=company)


def _hub(config: Nli.Config) -> HubModel:
    return HubModel(
        name=config.model, revision=config.revision, where="[comparer] nli",
        wanted="an NLI model with its tokenizer", extra="sctk-knowledge[nli]",
    )  # fmt: skip
