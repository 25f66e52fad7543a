"""Whether a hypothesis follows from a premise (ANLI, round 1): entailment, neutral or contradiction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sctk_core import Failure

from sctk_mirror.statements import TWO_ANSWERS, stated_or_bare, unread

form = "entailment, neutral or contradiction"
LABELS = ("entailment", "neutral", "contradiction")
SEPARATOR = "\n"
"""Between premise and hypothesis. The published code puts the tokenizer's end of text there, which no text may hold here."""
_LABEL = re.compile(
    r"[\"'`*_(\s]{0,40}(?:an?\s+|the\s+)?[\"'`*_(]{0,4}(entailment|neutral|contradiction)(?![\w-])", re.IGNORECASE
)
_OTHER = re.compile(
    r"(?<!\bnot )(?<!\bnot an )(?<!\bnot a )(?<!\bthan )\b(?:entailment|neutral|contradiction)\b", re.IGNORECASE
)
_CONDITION = re.compile(r"[\"'`*_)]*\s+(?:or|if|unless)\b", re.IGNORECASE)


def show(row: Mapping[str, Any]) -> str:
    """Premise and hypothesis; or the row's `input` or `question`, which holds both."""
    if "premise" not in row:
        found: str = row["input"] if "input" in row else row["question"]
        return found
    return f"{row['premise'].strip()}{SEPARATOR}{row['hypothesis'].strip()}"


def gold(row: Mapping[str, Any]) -> str | None:
    """The gold label, by name or by its number in the data set (0 entailment, 1 neutral, 2 contradiction)."""
    found = row.get("label")
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < len(LABELS):
        return LABELS[found]
    return None if found is None or found == -1 else str(found)


def conclude(text: str) -> str | Failure:
    """The label behind the last "answer is"; or a text that is one.

    >>> conclude("The answer is entailment if it rains. It does not, so the answer is 'Neutral'.")
    'neutral'
    """
    found = stated_or_bare(text)
    if isinstance(found, Failure):
        return found
    said, stated = found
    label = _LABEL.match(said) if stated else _LABEL.fullmatch(said.rstrip(" .!\"'`*_)"))
    if label is None:
        return unread("not one of the labels", text)
    rest = re.split(r"[.!?](?=\s|$)|\n", said[label.end() :], maxsplit=1)[0]
    if _CONDITION.match(rest) or _OTHER.search(rest):
        return unread(TWO_ANSWERS, text)
    return label[1].lower()


def equal(one: str, other: str) -> bool:
    """Whether two labels are one."""
    return one.strip().lower() == other.strip().lower()
