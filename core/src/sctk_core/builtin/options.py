"""How a question's options are shown, and the answer as its letter and its text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sctk_core.reading import OPTIONS, Row, letters_of

_GATHERED, _FEWEST = "options", 2
_RIGHT = ("answer", "answerKey")


def gathered(row: Row) -> tuple[Row, dict[str, tuple[str, ...]]]:
    """A row whose options stand in columns A, B, C, ... with them in one, and these columns by what they became.

    So it is only where the answer is one of the letters: two columns A and B may be what two systems said.

    >>> row, roles = gathered(Row(where="", values={"question": "Which?", "A": "iron", "B": "oak", "answer": "B"}))
    >>> row.values, roles
    ({'question': 'Which?', 'answer': 'B', 'options': {'A': 'iron', 'B': 'oak'}}, {'options': ('A', 'B')})
    """
    letters = letters_of(row.values)
    right = next((row.values[name] for name in _RIGHT if name in row.values), None)
    if len(letters) < _FEWEST or right not in letters or any(name in row.values for name in OPTIONS):
        return row, {}
    others = {name: value for name, value in row.values.items() if name not in letters}
    options = {letter: row.values[letter] for letter in letters}
    return replace(row, values=others | {_GATHERED: options}), {_GATHERED: letters}


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
