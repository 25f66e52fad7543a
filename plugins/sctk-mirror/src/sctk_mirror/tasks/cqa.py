"""Questions with choices (CommonsenseQA, cos_e): the answer is one of the choices, in its own words or by its letter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sctk_core import Failure

from sctk_mirror.statements import NO_ANSWER, TWO_ANSWERS, stated_or_bare, unread

form = "one of the answer choices, in its own words"
HEAD = "Answer Choices:"
LETTERS = "abcdefghij"
_HEAD = re.compile(r"\W*([a-j])[).:]\s+(?=\w)", re.IGNORECASE)
_LINE = re.compile(r"^\(([a-j])\)\s*(\S.*)$", re.IGNORECASE | re.MULTILINE)


def show(row: Mapping[str, Any]) -> str:
    """The question, "Answer Choices:", and a line for each; or the row's `input` as the published files have it."""
    if "input" in row:
        found: str = row["input"]
        return found
    choices = _choices(row)
    if len(choices) > len(LETTERS):
        raise ValueError(f"{len(choices)} choices, of which it shows {len(LETTERS)}")
    lines = [f"({letter}) {choice.strip()}" for letter, choice in zip(LETTERS, choices, strict=False)]
    asked = row["question"]
    stem: str = asked["stem"] if isinstance(asked, Mapping) else asked
    return "\n".join([stem.strip(), HEAD, *lines]) if lines else stem


def gold(row: Mapping[str, Any]) -> str | None:
    """The gold choice in its own words."""
    key = row.get("answerKey")
    if key:
        choices = _choices(row)
        by_key = dict(zip(_keys(row) or LETTERS, choices, strict=False))
        if str(key).lower() not in by_key:
            raise ValueError(f"the key {key!r} of {len(choices)} choices")
        return by_key[str(key).lower()]
    found = row.get("answer", row.get("label"))
    return None if found is None else str(found)


def _choices(row: Mapping[str, Any]) -> Sequence[str]:
    found = _given(row)
    if isinstance(found, Mapping):
        return list(found["text"])
    return [one["text"] if isinstance(one, Mapping) else one for one in found]


def _keys(row: Mapping[str, Any]) -> Sequence[str]:
    """What the choices are called in the file, where it says so: letters, or numbers."""
    found = _given(row)
    said = (
        found.get("label", ()) if isinstance(found, Mapping) else [o["label"] for o in found if isinstance(o, Mapping)]
    )
    return [str(one).lower() for one in said]


def _given(row: Mapping[str, Any]) -> Any:
    asked = row["question"]
    return row.get("choices") or (asked.get("choices") if isinstance(asked, Mapping) else ()) or ()


def conclude(text: str, question: str = "") -> str | Failure:
    """The choice behind the last "answer is", normalised; a Failure where the question has choices and it is none of them.

    >>> conclude('So the answer is "Bank".'), conclude("The answer is (b).", "Where?\\nAnswer Choices:\\n(a) sea\\n(b) bank")
    ('bank', 'bank')
    """
    found = stated_or_bare(text)
    if isinstance(found, Failure):
        return found
    said = _first_sentence(found[0])
    choices = {letter.lower(): normal(choice) for letter, choice in _LINE.findall(question.rpartition(HEAD)[2])}
    if not choices:
        return normal(said) or unread(NO_ANSWER, text)
    head = _HEAD.match(said)
    plain = normal(said[head.end() :] if head else said)
    if head and plain in choices.values() and choices.get(head[1].lower()) != plain:
        return unread(TWO_ANSWERS, text)
    if plain in choices.values():
        return plain
    letter = re.fullmatch(r"\W*(?:choice |option )?\(?([a-j])\)?\W*", said, re.IGNORECASE)
    if letter and letter[1].lower() in choices:
        return choices[letter[1].lower()]
    return unread("not one of the choices", text)


def equal(one: str, other: str) -> bool:
    """Whether two choices are the same words, whatever their capitals and marks.

    >>> equal("Grizzly bear.", "grizzly  bear")
    True
    """
    return normal(one) == normal(other)


def normal(choice: str) -> str:
    """A choice in small letters, without quotes, marks at its ends, an article before it, and spaces more than one."""
    words = choice.lower().replace("’", "'").split()
    plain = " ".join(words).strip(" \"'`*_$.,;:!?“”‘()")
    return re.sub(r"^(?:an?|the) (?=\w)", "", plain)


def _first_sentence(text: str) -> str:
    """Up to the first line's end, or a full stop behind which a space or nothing follows."""
    line = text.strip().partition("\n")[0]
    quoted = re.match(r"\s*[\"“]([^\"”]+)[\"”]", line)
    return quoted[1] if quoted else re.split(r"(?<!\b[A-Za-z])[.!?](?=\s|$)", line, maxsplit=1)[0]
