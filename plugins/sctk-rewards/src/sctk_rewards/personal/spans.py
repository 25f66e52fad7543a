"""Where in a text something personal stands, and which of two spans over the same letters counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Kind = Literal["person", "address", "phone", "email", "id", "account"]
KINDS: tuple[Kind, ...] = ("person", "address", "phone", "email", "id", "account")


class Span(NamedTuple):
    """A mention: `text[start:end]` is something of that kind."""

    start: int
    end: int
    kind: Kind


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """In order of the text; of spans that share letters the one that was given first stays.

    >>> without_overlaps([Span(5, 9, "email"), Span(0, 3, "person"), Span(8, 12, "phone")])
    [Span(start=0, end=3, kind='person'), Span(start=5, end=9, kind='email')]
    """
    taken: dict[int, Span] = {}
    kept: list[Span] = []
    for span in spans:
        letters = range(span.start, span.end)
        if not any(place in taken for place in letters):
            kept.append(span)
            taken.update(dict.fromkeys(letters, span))
    return sorted(kept)
