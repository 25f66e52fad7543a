"""Which output of an NLI model is entailment and which contradiction: by its own map, or by the recipe's word; never by its place.

Models order their labels as they like (microsoft/deberta-large-mnli: contradiction, neutral, entailment; others the other way
round), and some name none (LABEL_0). Neutral is left out and the other two are renormalised, as SelfCheckGPT does (arXiv
2303.08896); where it is counted, entailment is what a model of three classes calls so, as semantic entropy wants it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sctk_core import ConfigError

_NAMES = {
    "entailment": ("entailment", "entail", "entails", "e"),
    "contradiction": ("contradiction", "contradict", "contradicts", "c"),
    "neutral": ("neutral", "n"),
}


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The places of the two outputs that are read."""

    entailment: int
    contradiction: int

    def contradicts(self, logits: Sequence[float]) -> float:
        """p(contradiction) among contradiction and entailment; 1 less it is p(entailment).

        >>> round(Labels(entailment=0, contradiction=2).contradicts([1.0, 9.0, 1.0]), 3)
        0.5
        """
        difference = logits[self.entailment] - logits[self.contradiction]
        if difference > 0:
            return math.exp(-difference) / (1.0 + math.exp(-difference))
        return 1.0 / (1.0 + math.exp(difference))

    def contradicts_of_all(self, logits: Sequence[float]) -> float:
        """p(contradiction) among all labels.

        >>> round(Labels(entailment=0, contradiction=2).contradicts_of_all([1.0, 9.0, 1.0]), 3)
        0.0
        """
        return _share(logits, self.contradiction)

    def entails_of_all(self, logits: Sequence[float]) -> float:
        """p(entailment) among all labels."""
        return _share(logits, self.entailment)


def _share(logits: Sequence[float], place: int) -> float:
    most = max(logits)
    return math.exp(logits[place] - most) / math.fsum(math.exp(one - most) for one in logits)


def labels_of(id2label: Mapping[int, str], stated: Sequence[str], model: str) -> Labels:
    """The places by the model's map, or by `stated`, its labels in order; a ConfigError where they do not say."""
    names = dict(enumerate(stated)) if stated else {int(place): str(name) for place, name in id2label.items()}
    if stated and len(stated) != len(id2label):
        raise ConfigError(
            f"[comparer] nli, labels: got {len(stated)} labels, wanted {len(id2label)}, one for each output of {model!r}",
            hint=f"its own map is {dict(id2label)}",
        )
    found = {
        meaning: [place for place, name in names.items() if _plain(name) in known] for meaning, known in _NAMES.items()
    }
    if len(found["entailment"]) == len(found["contradiction"]) == 1:
        return Labels(entailment=found["entailment"][0], contradiction=found["contradiction"][0])
    raise ConfigError(
        f"[comparer] nli: got the labels {', '.join(names.values())} of {model!r}, wanted one for entailment and one for "
        "contradiction",
        hint='its card says which output is which: labels = ["entailment", "contradiction"], in the order of its outputs',
    )


def _plain(name: str) -> str:
    return name.strip().lower()
