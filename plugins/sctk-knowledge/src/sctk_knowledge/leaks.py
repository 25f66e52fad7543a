"""Questions that give away that they are about a document: found by word, never by substring.

"The text says", "according to the passage" and "this document" speak of what was read; "context", "textile" and "the plain text
format" do not. The reference code refuses every question in which "document", "text", "passage" or "information" stands, within
another word too: `anywhere` is that, by word.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sctk_rs.text import words

NOUNS = ("document", "text", "passage", "article", "excerpt", "paragraph", "information")
_POINTING = frozenset(
    ("the", "this", "that", "these", "those", "given", "provided", "above", "following", "said", "our", "your")
)
_BETWEEN = frozenset(
    ("given", "provided", "above", "following", "present", "current", "short", "same", "whole", "entire", "original",
     "accompanying", "attached", "source", "preceding", "quoted")
)  # fmt: skip
_BY = frozenset(("to", "in", "from", "by", "on"))
_SPOKEN_OF = frozenset(
    ("according", "mentioned", "described", "stated", "based", "discussed", "given", "listed", "found", "said")
)


def leak(question: str, nouns: Collection[str] = NOUNS, *, anywhere: bool = False) -> str:
    """The words that speak of a document, or "" where none do.

    >>> leak("What does the text say of Avon?"), leak("In which context was the textile mill built?")
    ('the text', '')
    >>> leak("Which information is kept?"), leak("Which information is kept?", anywhere=True)
    ('', 'information')
    """
    said = words(question)
    for place, word in enumerate(said):
        if _singular(word, nouns) and (found := word if anywhere else _pointed_at(said, place)):
            return found
    return ""


def _singular(word: str, nouns: Collection[str]) -> bool:
    return word in nouns or (word.endswith("s") and word[:-1] in nouns)


def _pointed_at(said: Sequence[str], place: int) -> str:
    """The noun with what points at it before it; "" where nothing does."""
    first = place
    while first > 0 and said[first - 1] in _BETWEEN and place - first < 2:
        first -= 1
    if first > 0 and said[first - 1] in _POINTING:
        return " ".join(said[first - 1 : place + 1])
    if said[first] in _POINTING and first < place:
        return " ".join(said[first : place + 1])
    if first > 1 and said[first - 1] in _BY and said[first - 2] in _SPOKEN_OF:
        return " ".join(said[first - 2 : place + 1])
    return ""
