"""The classifier reward: any transformers sequence classifier (or one-number reward model) as a score.

Labels are read from the model's own map (`config.id2label`) and never guessed from their spelling: name the one whose
probability is the score, or give every label a value. A model with one output is a reward model; its number is the score.
Everything is computed in float32. With `batch_size = 1` a score is the same in any company, bit for bit, so that a run that
was killed ends with the same tables; larger batches are faster and may move the seventh digit. A text longer than the
model's context is cut, which its score says in its scale, or fails, as set. Needs the extra: `sctk-rewards[classifier]`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sctk_core import ConfigError, Failure, PluginError, Sample, Score, content_id, directory_digest, setting

_LONGEST = 100_000  # tokenizers without a limit say 1e30


class Classifier:
    """Scores a reply by the labels that a sequence classifier gives it."""

    @dataclass(frozen=True, kw_only=True)
    class Config:
        """Which model, and what its labels are worth."""

        model: str = setting(help="a local directory or a hub name of a sequence classifier (safetensors)")
        revision: str | None = setting(None, help="a hub revision; nothing: the default branch")
        positive: str = setting("", help="the label whose probability is the score")
        values: Mapping[str, float] | None = setting(None, help="a value for every label, instead of `positive`")
        pick: Literal["expected", "top"] = setting(
            "expected", help="with values: their mean under the probabilities, or the value of the likeliest label"
        )
        reads: Literal["reply", "pair"] = setting(
            "reply", help="the reply alone, or the user's last turn and the reply as a pair"
        )
        too_long: Literal["truncate", "failure"] = setting(
            "truncate", help="a text over the context is cut (its score's scale says so), or a counted failure"
        )
        batch_size: int = setting(
            1, help="texts at once; 1: the same score in any batch, bit for bit", unit="texts", low=1
        )

    def __init__(self, config: Config) -> None:
        self.config = config
        self.labels = _labels(config)
        self.worth = _worth(config, self.labels)
        self.n_truncated = 0
        self._loaded: _Loaded | None = None

    @staticmethod
    def digest_of(config: Config) -> str:
        """The digest of the model's files, or of a hub model's name and revision: part of what a run is."""
        return _digest(config.model, config.revision)

    async def score(self, samples: Sequence[Sample]) -> Sequence[Score | Failure]:
        """One score or failure per sample, in order."""
        if self._loaded is None:
            self._loaded = _load(self.config)
        texts = [self._loaded.encode(sample, self.config.reads) for sample in samples]
        taken = [place for place, text in enumerate(texts) if not text.cut or self.config.too_long == "truncate"]
        taken.sort(key=lambda place: len(texts[place].inputs["input_ids"]))
        logits: dict[int, list[float]] = {}
        for start in range(0, len(taken), self.config.batch_size):
            places = taken[start : start + self.config.batch_size]
            logits |= zip(places, self._loaded.logits_BC([texts[place] for place in places]), strict=True)
        self.n_truncated += sum(texts[place].cut for place in taken)
        return [
            self._score(sample, logits[place], texts[place].cut) if place in logits else self._too_long(sample)
            for place, sample in enumerate(samples)
        ]

    def _score(self, sample: Sample, logits: Sequence[float], cut: bool) -> Score:
        assert self._loaded is not None
        value = self._value(logits)
        scale = self._scale() + (f"; read to {self._loaded.n_context} tokens" if cut else "")
        return Score(sample=sample, name="classifier", value=value, scale=scale)

    def _too_long(self, sample: Sample) -> Failure:
        assert self._loaded is not None
        reason = f"the text is longer than the classifier's context of {self._loaded.n_context} tokens"
        return Failure(of=sample.id, stage="score", component="classifier", kind="budget", reason=reason)

    def _value(self, logits: Sequence[float]) -> float:
        if self.worth is None:
            return logits[0]
        assert self._loaded is not None
        if self.config.values is not None and self.config.pick == "top":
            return self.worth[max(range(len(logits)), key=logits.__getitem__)]
        shares = self._loaded.probabilities(logits)
        return sum(share * worth for share, worth in zip(shares, self.worth, strict=True))

    def _scale(self) -> str:
        if self.worth is None:
            return "unbounded (the model's own number)"
        if self.config.positive:
            return f"0 to 1 (probability of {self.config.positive!r})"
        how = "value of the likeliest label" if self.config.pick == "top" else "mean value of the labels"
        return f"{min(self.worth):g} to {max(self.worth):g} ({how})"


@dataclass(frozen=True, kw_only=True)
class _Text:
    """One encoded text, and whether it was cut at the context."""

    inputs: Mapping[str, list[int]]
    cut: bool


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    """The model and its tokenizer, on the device that there is."""

    model: Any
    tokenizer: Any
    n_context: int
    several: bool = field(default=False)

    def encode(self, sample: Sample, reads: str) -> _Text:
        """The tokens of one text; what looks like a special token in it is text."""
        asked = next((m.content for m in reversed(sample.prompt.messages) if m.role == "user"), "")
        texts = (asked, sample.text) if reads == "pair" else (sample.text,)
        options = {"split_special_tokens": True, "verbose": False}
        whole = self.tokenizer(*texts, **options)
        cut = len(whole["input_ids"]) > self.n_context
        if cut:
            whole = self.tokenizer(*texts, truncation=True, max_length=self.n_context, **options)
        return _Text(inputs=dict(whole), cut=cut)

    def logits_BC(self, texts: Sequence[_Text]) -> list[list[float]]:  # noqa: N802 - the axes: batch, class
        """Logits of a batch in float32, one row per text."""
        import torch

        inputs = self.tokenizer.pad([text.inputs for text in texts], return_tensors="pt") if len(texts) > 1 else None
        if inputs is None:
            inputs = {name: torch.tensor([ids]) for name, ids in texts[0].inputs.items()}
        with torch.inference_mode():
            logits = self.model(**{name: ids.to(self.model.device) for name, ids in inputs.items()}).logits
        rows: list[list[float]] = logits.float().cpu().tolist()
        return rows

    def probabilities(self, logits: Sequence[float]) -> list[float]:
        """Softmax, or a sigmoid for each label where the model may give several."""
        from math import exp, fsum

        if self.several:
            return [1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x)) for x in logits]
        weights = [exp(x - max(logits)) for x in logits]
        return [weight / fsum(weights) for weight in weights]


@cache
def _digest(model: str, revision: str | None) -> str:
    folder = Path(model)
    return directory_digest(folder) if folder.is_dir() else content_id("hub", model, revision)


def _labels(config: Classifier.Config) -> list[str]:
    """The model's labels in the order of its outputs, from its own map."""
    found = _transformers(config).AutoConfig
    about = _read(lambda: found.from_pretrained(config.model, revision=config.revision), config)
    return [str(about.id2label[index]) for index in range(about.num_labels)]


def _worth(config: Classifier.Config, labels: list[str]) -> list[float] | None:
    """What each label counts in the score; None: the model has one output, which is the score itself."""
    where, listed = "[reward] classifier", ", ".join(map(repr, labels))
    chosen = [name for name in ("positive", "values") if getattr(config, name)]
    if len(labels) == 1:
        if chosen:
            raise ConfigError(
                f"{where}: got {chosen[0]!r} for a model with one output, wanted neither positive nor values",
                hint="the model's own number is the score",
            )
        return None
    if len(chosen) != 1:
        raise ConfigError(
            f"{where}: got {' and '.join(chosen) or 'neither positive nor values'}, wanted one of them; "
            f"the labels of {config.model} are {listed}",
            hint=f'positive = "{labels[-1]}" takes the probability of that label',
        )
    known = set(labels)
    named = [config.positive] if config.positive else list(config.values or {})
    for label in named:
        if label not in known:
            raise ConfigError(
                f"{where}: got the label {label!r}, wanted one that {config.model} has: {listed}",
                hint="labels are spelled as in the model's config.json, id2label",
            )
    missing = known - set(named)
    if config.values and missing:
        raise ConfigError(
            f"{where}: got no value for {sorted(missing)[0]!r}, wanted one for each label: {listed}", hint="add it"
        )
    return [float((config.values or {config.positive: 1.0}).get(label, 0.0)) for label in labels]


def _load(config: Classifier.Config) -> _Loaded:
    """Weights in float32 from safetensors only, on a GPU where there is one."""
    import torch

    library = _transformers(config)
    options: dict[str, Any] = {"revision": config.revision}
    tokenizer = _read(lambda: library.AutoTokenizer.from_pretrained(config.model, **options), config)
    options |= {"use_safetensors": True, "dtype": torch.float32}
    load = library.AutoModelForSequenceClassification.from_pretrained
    model = _read(lambda: load(config.model, **options), config)
    model.eval().to("cuda" if torch.cuda.is_available() else "cpu")
    several = model.config.problem_type == "multi_label_classification"
    return _Loaded(model=model, tokenizer=tokenizer, n_context=context_of(model.config, tokenizer), several=several)


def context_of(about: Any, tokenizer: Any) -> int:
    """The most tokens that model and tokenizer both take; RoBERTa's kin number positions from after the padding's."""
    positions = getattr(about, "max_position_embeddings", None) or _LONGEST
    if "roberta" in about.model_type or about.model_type in ("camembert", "longformer"):
        positions -= (about.pad_token_id or 0) + 1
    return int(min(positions, tokenizer.model_max_length, _LONGEST))


def _read(read: Any, config: Classifier.Config) -> Any:
    try:
        return read()
    except (OSError, ValueError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise ConfigError(
            f"[reward] classifier, model: got {config.model!r}, wanted a sequence classifier with its tokenizer: {first}",
            hint="a directory with config.json, tokenizer and model.safetensors, or a hub name that is reachable",
        ) from error


def _transformers(config: Classifier.Config) -> Any:
    try:
        import transformers
    except ImportError as error:
        raise PluginError(
            f"[reward] classifier: transformers is not installed, wanted it to read {config.model!r}",
            hint="pip install 'sctk-rewards[classifier]'",
        ) from error
    return transformers
