"""Stop strings, found as soon as the tokens so far spell one, wherever the token borders lie; and what is left as the answer.

Where an answer begins with given ids (`Request.prefix_ids`) these are never cut: a stop string counts when it ends behind
their text, and one that straddles the border leaves exactly the given ids. Stop strings inside the given text are the
business of whoever gave it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

Decode = Callable[[Sequence[int]], str]
REPLACEMENT = "\ufffd"


class StopWatch:
    """Watches growing completions for their stop strings.

    Only the text of the newest tokens is decoded, as many as a stop string can have bytes, and only when the newest token
    could end one; `cut` then looks at the whole text.
    """

    def __init__(self, stops: Sequence[str], decode: Decode) -> None:
        self.stops = tuple(stop for stop in stops if stop)
        self.decode = decode
        self._window = 4 + max((len(stop.encode("utf-8", "surrogatepass")) for stop in self.stops), default=0)
        self._lasts = {stop[-1] for stop in self.stops}
        self._can_end: dict[int, bool] = {}

    def hit(self, ids: Sequence[int], n_given: int = 0) -> bool:
        """Whether the last token of `ids`, of which the first `n_given` were given, may have completed a stop string."""
        if not self.stops or not self._ends_one(ids[-1]):
            return False
        tail = self.decode(ids[-self._window :])
        if not any(stop in tail for stop in self.stops):
            return False
        text = self.decode(ids)
        return cut(text, self.stops, _border(ids, n_given, text, self.decode)) is not None

    def _ends_one(self, number: int) -> bool:
        if number not in self._can_end:
            piece = self.decode([number])
            # Part of a character, nothing, or a space that decoding trims: the piece alone does not tell.
            unclear = not piece or REPLACEMENT in piece or any(last.isspace() for last in self._lasts)
            self._can_end[number] = unclear or any(last in piece for last in self._lasts)
        return self._can_end[number]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """An answer's text and the ids that spell it (None: no ids do); `stopped` where a stop string ended it."""

    text: str
    ids: tuple[int, ...] | None
    stopped: bool


def spoken(ids: Sequence[int], n_given: int, ends: Set[int], stops: Sequence[str], decode: Decode) -> Spoken:
    """The answer that sampled `ids` make, the first `n_given` of which were given and stay.

    The ids are exactly the sampled ones, with the token that ended the turn where one did. Where a stop string cut the text,
    they are the ids that spell the text that is left, without an end token; None where the cut lies inside a token.
    """
    said = ids[:-1] if ids and ids[-1] in ends else ids
    text = decode(said)
    border = _border(ids, n_given, text, decode) if len(ids) > n_given else len(text)
    shorter = cut(text, stops, border)
    if shorter is None:
        return Spoken(text=text, ids=tuple(ids), stopped=False)
    if n_given and len(shorter) <= border:
        return Spoken(text=decode(ids[:n_given]), ids=tuple(ids[:n_given]), stopped=True)
    return Spoken(text=shorter, ids=ids_before(said, shorter, decode, n_given), stopped=True)


def cut(text: str, stops: Sequence[str], border: int = 0) -> str | None:
    """The text before the earliest stop string that ends behind the first `border` characters, which stay; None: there is none.

    >>> cut("one. two! three.", (".", "!")), cut("one", (".",))
    ('one', None)
    >>> cut("one. two! three.", (".", "!"), border=4), cut("one. two", (". t",), border=4)
    ('one. two', 'one.')
    """
    found = [text.find(stop, max(0, border - len(stop) + 1)) for stop in stops if stop]
    places = [place for place in found if place >= 0]
    return text[: max(border, min(places))] if places else None


def ids_before(ids: Sequence[int], text: str, decode: Decode, n_given: int = 0) -> tuple[int, ...] | None:
    """The first tokens of `ids`, `n_given` or more, that spell exactly `text`; None where its border lies inside a token."""
    low, high = n_given, len(ids)
    while low < high:
        middle = (low + high) // 2
        if len(decode(ids[:middle])) < len(text):
            low = middle + 1
        else:
            high = middle
    return tuple(ids[:low]) if decode(ids[:low]) == text else None


def _border(ids: Sequence[int], n_given: int, text: str, decode: Decode) -> int:
    """How many characters of `text` the given ids spell; a character of which they hold only some bytes is not theirs."""
    pairs = zip(decode(ids[:n_given]), text, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
