"""Stop strings, found as soon as the tokens so far spell one, wherever the token borders lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Decode = Callable[[Sequence[int]], str]
REPLACEMENT = "\ufffd"


class StopWatch:
    """Watches one growing completion for its stop strings.

    Only the text of the newest tokens is decoded, as many as a stop string can have bytes, and only when the newest token
    could end one; `cut` then looks at the whole text.
    """

    def __init__(self, stops: Sequence[str], decode: Decode) -> None:
        self.stops = tuple(stop for stop in stops if stop)
        self.decode = decode
        self._window = 4 + max((len(stop.encode("utf-8", "surrogatepass")) for stop in self.stops), default=0)
        self._lasts = {stop[-1] for stop in self.stops}
        self._can_end: dict[int, bool] = {}

    def hit(self, ids: Sequence[int]) -> bool:
        """Whether the last token of `ids` may have completed a stop string."""
        if not self.stops or not self._ends_one(ids[-1]):
            return False
        tail = self.decode(ids[-self._window :])
        return any(stop in tail for stop in self.stops) and cut(self.decode(ids), self.stops) is not None

    def _ends_one(self, number: int) -> bool:
        if number not in self._can_end:
            piece = self.decode([number])
            # Part of a character, nothing, or a space that decoding trims: the piece alone does not tell.
            unclear = not piece or REPLACEMENT in piece or any(last.isspace() for last in self._lasts)
            self._can_end[number] = unclear or any(last in piece for last in self._lasts)
        return self._can_end[number]


def cut(text: str, stops: Sequence[str]) -> str | None:
    """The text before the earliest stop string; None where there is no stop string in it.

    >>> cut("one. two! three.", (".", "!")), cut("one", (".",))
    ('one', None)
    """
    places = [place for stop in stops if stop and (place := text.find(stop)) >= 0]
    return text[: min(places)] if places else None


def ids_before(ids: Sequence[int], text: str, decode: Decode) -> tuple[int, ...] | None:
    """The first tokens of `ids` that spell exactly `text`; None where a border of `text` lies inside a token."""
    low, high = 0, len(ids)
    while low < high:
        middle = (low + high) // 2
        if len(decode(ids[:middle])) < len(text):
            low = middle + 1
        else:
            high = middle
    return tuple(ids[:low]) if decode(ids[:low]) == text else None
