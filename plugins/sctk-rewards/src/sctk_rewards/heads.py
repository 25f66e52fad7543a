"""What a classifier's outputs are worth: labels by the model's own map, one number out of its logits.

Labels are read from the model's own map (`config.id2label`) and never guessed from their spelling: by name, or by the place of the
output ("0", "1") where no label has that name. What an output means is the model's word too (`problem_type`): shares of one whole
(softmax), a share each (sigmoid, `multi_label_classification`), or a number each as it is (`regression`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, fsum
from typing import Any, Literal

from sctk_core import ConfigError, Scale

WHERE = "[reward] classifier"


@dataclass(frozen=True, kw_only=True)
class Head:
    """The weight of each output in the score (None: one output, which is it); `chosen` names the one that counts, if one does."""

    weights: tuple[float, ...] | None
    problem: str
    pick: Literal["expected", "top"] = "expected"
    chosen: str = ""

    def value(self, logits: Sequence[float]) -> float:
        """The score of one text's logits, one per label."""
        if self.weights is None:
            return logits[0]
        if self.pick == "top":
            return self.weights[max(range(len(logits)), key=logits.__getitem__)]
        return fsum(share * weight for share, weight in zip(self._shares(logits), self.weights, strict=True))

    def scale(self) -> str:
        """What the score ranges over, in words."""
        if self.weights is None:
            return "unbounded (the model's own number)"
        if self.problem == "regression":
            return f"unbounded ({f'output {self.chosen!r}' if self.chosen else 'weighted sum of the outputs'})"
        if self.chosen:
            return f"0 to 1 (probability of {self.chosen!r})"
        if self.pick == "top":
            return f"{min(self.weights):g} to {max(self.weights):g} (value of the likeliest label)"
        if self.problem == "multi_label_classification":
            low, high = (fsum(f(0.0, weight) for weight in self.weights) for f in (min, max))
            return f"{low:g} to {high:g} (values of the labels, each by its probability)"
        return f"{min(self.weights):g} to {max(self.weights):g} (mean value of the labels)"

    def range(self) -> Scale:
        """Between which numbers the score lies, and what a difference of one means."""
        if self.weights is None or self.problem == "regression":
            return Scale(unit="one unit of the model's own output")
        if self.chosen:
            return Scale(low=0.0, high=1.0, unit=f"from no probability of {self.chosen!r} to certainty")
        low, high = min(self.weights), max(self.weights)
        if self.problem == "multi_label_classification" and self.pick != "top":
            low, high = (fsum(f(0.0, weight) for weight in self.weights) for f in (min, max))
        return Scale(low=low, high=high, unit="one unit of the values that the settings give the labels")

    def _shares(self, logits: Sequence[float]) -> Sequence[float]:
        if self.problem == "regression":
            return logits
        if self.problem == "multi_label_classification":
            return [1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x)) for x in logits]
        weights = [exp(x - max(logits)) for x in logits]
        return [weight / fsum(weights) for weight in weights]


def head_of(about: Any, *, model: str, positive: str, values: Mapping[str, float] | None, pick: Any) -> Head:
    """The head of a model by its config; what is missing, too much or not among its labels is a ConfigError that lists them."""
    labels = [str(about.id2label[place]) for place in range(about.num_labels)]
    listed, problem = ", ".join(map(repr, labels)), str(about.problem_type or "")
    chosen = [name for name, value in (("positive", positive), ("values", values)) if value]
    if len(labels) == 1:
        if chosen:
            raise ConfigError(
                f"{WHERE}: got {chosen[0]!r} for a model with one output, wanted neither positive nor values",
                hint="the model's own number is the score",
            )
        return Head(weights=None, problem=problem)
    if len(chosen) != 1:
        raise ConfigError(
            f"{WHERE}: got {' and '.join(chosen) or 'neither positive nor values'}, wanted one of them; "
            f"the labels of {model} are {listed}",
            hint=f'positive = "{labels[-1]}" takes the probability of that label',
        )
    weights = {_place(label, labels, model): value for label, value in (values or {positive: 1.0}).items()}
    missing = [label for place, label in enumerate(labels) if place not in weights]
    if values and missing:
        raise ConfigError(
            f"{WHERE}: got no value for {missing[0]!r}, wanted one for each label: {listed}", hint="add it"
        )
    if pick == "top" and values and problem == "regression":
        raise ConfigError(
            f'{WHERE}: got pick = "top" for a model whose outputs are numbers, wanted "expected"', hint="leave pick out"
        )
    return Head(
        weights=tuple(float(weights.get(place, 0.0)) for place in range(len(labels))),
        problem=problem,
        pick=pick if values else "expected",
        chosen=labels[next(iter(weights))] if positive else "",
    )


def _place(label: str, labels: Sequence[str], model: str) -> int:
    """The output that a label names, by its name or else by its place."""
    if label in labels:
        return labels.index(label)
    if label.isascii() and label.isdigit() and int(label) < len(labels):
        return int(label)
    raise ConfigError(
        f"{WHERE}: got the label {label!r}, wanted one that {model} has: {', '.join(map(repr, labels))}",
        hint=f"labels are spelled as in the model's config.json, id2label; or by their place, 0 to {len(labels) - 1}",
    )
