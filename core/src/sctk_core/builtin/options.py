"""How a question's options are shown, and the answer as its letter and its text."""

from __future__ import annotations

from typing import Any


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
