"""The options of a question that is answered by choosing, in the shapes that files have them.

MMLU has a list of texts, ARC columns of texts and labels, MedQA an object by letter; others objects with a label and a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import ascii_uppercase
from typing import Any

OPTIONS = ("choices", "options")
_LONGEST_LABEL = 2
_LETTERED = re.compile(r"\(?([A-Z])[).:]\s*(?=\S)")


def labelled(value: Any) -> dict[str, str] | None:
    """Label -> text of the options, in order; None: the value is none.

    >>> labelled(["iron", "oak"]), labelled({"text": ["ice", "fire"], "label": ["1", "2"]})
    ({'A': 'iron', 'B': 'oak'}, {'1': 'ice', '2': 'fire'})
    >>> labelled(["A)21", "B)21.5"]), labelled(["A. Smith", "J. Doe"])
    ({'A': '21', 'B': '21.5'}, {'A': 'A. Smith', 'B': 'J. Doe'})
    """
    texts, labels = _columns(value)
    if not isinstance(texts, list) or not texts or not all(type(text) in (str, int, float) for text in texts):
        return None
    texts = list(map(str, texts))
    texts = _unlettered(texts) if labels is None else texts
    labels = list(ascii_uppercase[: len(texts)]) if labels is None else labels
    fits = isinstance(labels, list) and all(isinstance(label, str) for label in labels)
    return dict(zip(labels, texts, strict=True)) if fits and len(set(labels)) == len(texts) else None


def letters_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns A, B, C, ... of a row as far as they go without a gap.

    >>> letters_of({"question": "Which?", "A": "iron", "B": "oak", "D": "ash"})
    ('A', 'B')
    """
    gap = next((at for at, letter in enumerate(ascii_uppercase) if letter not in row), len(ascii_uppercase))
    return tuple(ascii_uppercase[:gap])


def _unlettered(texts: list[str]) -> list[str]:
    """The texts without their letters, where all have them in order (AQuA)."""
    found = [_LETTERED.match(text) for text in texts]
    letters = [match[1] for match in found if match]
    if len(texts) < 2 or letters != list(ascii_uppercase[: len(texts)]):
        return texts
    return [text[match.end() :] for text, match in zip(texts, found, strict=True) if match]


def _columns(value: Any) -> tuple[Any, Any]:
    """(the options, their labels or None), out of columns, objects with a label, or an object by label."""
    if isinstance(value, dict) and "text" in value:
        return value["text"], value.get("label")
    if isinstance(value, dict) and all(len(label) <= _LONGEST_LABEL for label in value):
        there = {label: text for label, text in value.items() if text is not None}
        return list(there.values()), list(there)
    if (
        isinstance(value, list)
        and value
        and all(isinstance(one, dict) and {"label", "text"} <= one.keys() for one in value)
    ):
        return [one["text"] for one in value], [one["label"] for one in value]
    return value, None
