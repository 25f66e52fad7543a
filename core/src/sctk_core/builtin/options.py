"""The options of a question that is answered by choosing: shown with letters, and the answer as its letter and its text.

MMLU has a list of texts and the number of the right one, from 0; ARC has texts with labels of their own, and the label.
"""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

OPTIONS = ("choices", "options")


def labelled(value: Any) -> dict[str, str] | None:
    """Label -> text of the options, in order; None: the value is none.

    >>> labelled(["iron", "oak"]), labelled({"text": ["ice", "fire"], "label": ["1", "2"]})
    ({'A': 'iron', 'B': 'oak'}, {'1': 'ice', '2': 'fire'})
    """
    texts, labels = (value.get("text"), value.get("label")) if isinstance(value, dict) else (value, None)
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        return None
    labels = list(ascii_uppercase[: len(texts)]) if labels is None else labels
    fits = isinstance(labels, list) and all(isinstance(label, str) for label in labels)
    return dict(zip(labels, texts, strict=True)) if fits and len(set(labels)) == len(texts) else None


def shown(options: dict[str, str]) -> str:
    """The options as a model is shown them, one a line."""
    return "\n".join(f"{label}. {text}" for label, text in options.items())


def chosen(answer: Any, options: dict[str, str]) -> Any:
    """The answer's label and text, where it is a label or a number from 0; else the answer as it is.

    >>> chosen(1, {"A": "iron", "B": "oak"}), chosen("A", {"A": "iron", "B": "oak"}), chosen("oak", {"A": "iron", "B": "oak"})
    (['B', 'oak'], ['A', 'iron'], ['B', 'oak'])
    """
    labels = list(options)
    if type(answer) is int and 0 <= answer < len(labels):
        return [labels[answer], options[labels[answer]]]
    if not isinstance(answer, str):
        return answer
    label = answer if answer in options else next((one for one, text in options.items() if text == answer), None)
    if label is None and answer.isascii() and answer.isdigit() and int(answer) < len(labels):
        label = labels[int(answer)]
    return answer if label is None else [label, options[label]]
