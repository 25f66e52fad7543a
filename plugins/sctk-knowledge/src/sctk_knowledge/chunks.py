"""Where a document is cut: into runs of at most so many tokens that cover all of it, each ending at a word where it can.

The source cuts, for it knows the student's tokenizer; the cuts stand in the prompt's `meta`, so that a walk is a function of its
item. A document without cuts is one chunk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sctk_core import Prompt

CUTS = "chunks"
"""The key of `Prompt.meta` under which the cuts stand."""
Tokens = Callable[[str], Sequence[tuple[int, int]]]
"""The first and the last character of each token of a text."""
_CUT = re.compile(r"(\d+)-(\d+)/(\d+)")


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Characters `begin` to `end` of a document, and how many tokens they are by themselves."""

    begin: int
    end: int
    n_tokens: int


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A part of a document that is asked about; `n_tokens` None: nobody counted them."""

    number: int
    text: str
    n_tokens: int | None


def cuts(text: str, tokens: Tokens, most: int) -> list[Cut]:
    """The document in runs of at most `most` tokens; `tokens` gives the characters of each token of a text.

    A run is cut short, by less than a half, where that lets the next one begin with a word. A text may have more tokens by itself
    than it has within the document, so each run is counted as it is shown, without white space at its ends.

    >>> text = "one two three"
    >>> [text[cut.begin : cut.end] for cut in cuts(text, words, 2)]
    ['one two', ' three']
    """
    offsets = tokens(text)
    found, first, begin = [], 0, 0
    while first < len(offsets):
        room = most
        while True:
            stop = _stop(text, offsets, first, room)
            end = len(text) if stop == len(offsets) else offsets[stop - 1][1]
            n_tokens = len(tokens(text[begin:end].strip()))
            if n_tokens <= most or stop == first + 1:
                break
            room = max(min(room, stop - first) - (n_tokens - most), 1)
        found.append(Cut(begin=begin, end=end, n_tokens=n_tokens))
        first, begin = stop, end
    return found


def _stop(text: str, offsets: Sequence[tuple[int, int]], first: int, most: int) -> int:
    """The first token of the next run."""
    full = first + most
    if full >= len(offsets):
        return len(offsets)
    for stop in range(full, first + most // 2, -1):
        end = offsets[stop - 1][1]
        if text[end - 1 : end].isspace() or text[end : end + 1].isspace():
            return stop
    return full


def words(text: str) -> list[tuple[int, int]]:
    """The characters of each run without white space: what is counted where there is no tokenizer."""
    return [found.span() for found in re.finditer(r"\S+", text)]


def written(found: Sequence[Cut]) -> str:
    """Cuts as a text for `meta`.

    >>> written([Cut(begin=0, end=9, n_tokens=4), Cut(begin=9, end=12, n_tokens=1)])
    '0-9/4 9-12/1'
    """
    return " ".join(f"{cut.begin}-{cut.end}/{cut.n_tokens}" for cut in found)


def chunks_of(document: Prompt) -> list[Chunk]:
    """The chunks of a document, those without a letter left out."""
    text = document.document or ""
    read = [tuple(map(int, found)) for found in _CUT.findall(document.meta.get(CUTS, ""))]
    cut: list[tuple[str, int | None]] = [(text[begin:end], n_tokens) for begin, end, n_tokens in read]
    parts = cut or [(text, None)]
    return [
        Chunk(number=number, text=part.strip(), n_tokens=n_tokens)
        for number, (part, n_tokens) in enumerate(parts)
        if part.strip()
    ]
