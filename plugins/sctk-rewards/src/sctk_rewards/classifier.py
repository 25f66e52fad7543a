"""The classifier reward: any transformers sequence classifier (or one-number reward model) as a score.

A model whose tokenizer has a chat template was trained on conversations, and is given the whole conversation through it; another
is given the reply alone, or question and reply as a pair, as set. Everything is computed in float32. With `batch_size = 1` a score
is the same in any company, bit for bit, so that a run that was killed ends with the same tables; larger batches are faster and may
move the seventh digit. What is cut at the model's context is counted in the ledger and told in the summary, or fails, as set.
Needs the extra: `sctk-rewards[classifier]`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sctk_core import (
    ConfigError,
    Failure,
    Sample,
    Scale,
    Score,
    boundary,
    setting,
)

from sctk_rewards.heads import Head, head_of
from sctk_rewards.read_by import Reader, Text, Way
from sctk_rewards.weights import HubModel, context_of, logits_BC, weights_digest


class Classifier:
    """Scores a reply by the labels that a sequence classifier gives it."""

    measured = (
        "how well a classifier judges is its model's, and sctk ships none: "
        "`sctk reward check classifier labelled.jsonl --set model=DIR`",
    )

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Which model, what it reads, and what its labels are worth."""

        model: str = setting(help="a local directory or a hub name of a sequence classifier (safetensors)")
        revision: str | None = setting(None, help="a hub revision; nothing: the default branch")
        positive: str = setting("", help="the label whose probability is the score, by its name or place (0, 1, ...)")
        values: Mapping[str, float] | None = setting(None, help="a value for every label, instead of `positive`")
        pick: Literal["expected", "top"] = setting(
            "expected", help="with values: their mean under the probabilities, or the value of the likeliest label"
        )
        reads: Literal["auto", "conversation", "pair", "reply"] = setting(
            "auto",
            help="the conversation through the model's chat template, the last question and the reply as a pair of "
            "texts, or the reply alone; auto: the conversation where the model has a chat template, else the reply",
        )
        too_long: Literal["truncate", "failure"] = setting(
            "truncate", help="what is over the context: cut, from the oldest turns on, and counted; or a failure"
        )
        batch_size: int = setting(
            1, help="texts at once; 1: the same score in any batch, bit for bit", unit="texts", low=1
        )

    def __init__(self, config: Config) -> None:
        self.config, self.head = config, _head(config)
        if config.reads == "conversation":
            _way(config, _hub(config).tokenizer())
        self._loaded: _Loaded | None = None

    @staticmethod
    def scale(config: Config) -> Scale:
        """What the model's labels are worth, by its own config."""
        return _head(config).range()

    @staticmethod
    def digest_of(config: Config) -> str:
        """The digest of the model's files, or of a hub model's name and revision: part of what a run is."""
        return weights_digest(config.model, config.revision)

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score or failure per sample, in order."""
        if self._loaded is None:
            self._loaded = _load(self.config)
        loaded = self._loaded
        texts = [self._text(loaded, sample) for sample in samples]
        taken = [(place, text) for place, text in enumerate(texts) if isinstance(text, Text)]
        taken.sort(key=lambda one: len(one[1].inputs["input_ids"]))
        answers: list[Score | Failure | None] = [text if isinstance(text, Failure) else None for text in texts]
        for start in range(0, len(taken), self.config.batch_size):
            batch = taken[start : start + self.config.batch_size]
            rows = logits_BC(loaded.model, loaded.reader.tokenizer, [text.inputs for _, text in batch])
            for (place, text), logits in zip(batch, rows, strict=True):
                answers[place] = self._score(loaded, samples[place], logits, text.cut)
        return [answer for answer in answers if answer is not None]

    def _text(self, loaded: _Loaded, sample: Sample) -> Text | Failure:
        """What the model reads of a sample, or why it cannot."""
        try:
            text = loaded.reader.read(sample)
        except ConfigError as error:
            detail = boundary(error, of="", stage="", component="").detail
            return _failure(sample, "parse", "the classifier's chat template does not take the conversation", detail)
        n_tokens, n_context = len(text.inputs["input_ids"]), loaded.reader.n_context
        if n_tokens > n_context or (text.cut and self.config.too_long == "failure"):
            return _failure(sample, "budget", f"the text is longer than the classifier's context of {n_context} tokens")
        return text

    def _score(self, loaded: _Loaded, sample: Sample, logits: Sequence[float], cut: str) -> Score:
        note = f"{cut} was cut at the classifier's context of {loaded.reader.n_context} tokens" if cut else loaded.note
        return Score(
            sample=sample, name="classifier", value=self.head.value(logits), scale=self.head.scale(), note=note
        )


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """The model, on the device that there is, how it reads, and what a user should know of every score ("": nothing)."""

    model: Any
    reader: Reader
    note: str


def _failure(sample: Sample, kind: Literal["parse", "budget"], reason: str, detail: str = "") -> Failure:
    return Failure(of=sample.id, stage="score", component="classifier", kind=kind, reason=reason, detail=detail)


def _load(config: Classifier.Config) -> _Loaded:
    hub = _hub(config)
    tokenizer, model = hub.tokenizer(), hub.weights("AutoModelForSequenceClassification")
    way = _way(config, tokenizer)
    reader = Reader(tokenizer=tokenizer, n_context=context_of(model.config, tokenizer), way=way)
    unused = way != "conversation" and bool(tokenizer.chat_template)
    note = f"the classifier's chat template was not used: it read the {way} alone, as set" if unused else ""
    return _Loaded(model=model, reader=reader, note=note)


def _hub(config: Classifier.Config) -> HubModel:
    return HubModel(
        name=config.model, revision=config.revision, where="[reward] classifier",
        wanted="a sequence classifier with its tokenizer", extra="sctk-rewards[classifier]",
    )  # fmt: skip


def _head(config: Classifier.Config) -> Head:
    """What the model's outputs are worth, by its own config and these settings."""
    about = _hub(config).about()
    return head_of(about, model=config.model, positive=config.positive, values=config.values, pick=config.pick)


def _way(config: Classifier.Config, tokenizer: Any) -> Way:
    """What the model reads: as set, or as its tokenizer has it."""
    if config.reads == "conversation" and not tokenizer.chat_template:
        raise ConfigError(
            f'[reward] classifier: got reads = "conversation" for {config.model!r}, whose tokenizer has no chat template',
            hint='reads = "pair" gives it the last question and the reply',
        )
    if config.reads != "auto":
        return config.reads
    return "conversation" if tokenizer.chat_template else "reply"
