"""Questions that give away that they are about a document: found by word, never by substring.

"The text says", "according to the passage" and "this document" speak of what was read; "context", "textile" and "the plain text
format" do not. The reference code refuses every question in which "document", "text", "passage" or "information" stands, within
another word too: `anywhere` is that, by word. What points is known in English only: in another language name its words, and refuse
them anywhere.
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
    """The words that speak of a document, or "" where none do. A noun may be of several words, and of any script.

    >>> leak("What does the text say of Avon?"), leak("In which context was the textile mill built?")
    ('the text', '')
    >>> leak("Which information is kept?"), leak("Which information is kept?", anywhere=True)
    ('', 'information')
    """
    said = words(question)
    known = [found for found in (words(noun) for noun in nouns) if found]
    for place in range(len(said)):
        for noun in known:
            end = place + len(noun)
            if _is(said[place:end], noun):
                first = place if anywhere else _pointed_from(said, place)
                if first is not None:
                    return " ".join(said[first:end])
    return ""


def _is(said: Sequence[str], noun: Sequence[str]) -> bool:
    """Whether these words are a noun, or its plural."""
    return said == noun or said == [*noun[:-1], f"{noun[-1]}s"]


def _pointed_from(said: Sequence[str], place: int) -> int | None:
    """Where what points at the noun at `place` begins; None where nothing does."""
    first = place
    while first > 0 and said[first - 1] in _BETWEEN and place - first < 2:
        first -= 1
    if first > 0 and said[first - 1] in _POINTING:
        return first - 1
    if said[first] in _POINTING and first < place:
        return first
    if first > 1 and said[first - 1] in _BY and said[first - 2] in _SPOKEN_OF:
        return first - 2
    return None
