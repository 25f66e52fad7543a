"""Which prompts a limit leaves: a sample that the seed and the prompts themselves draw, spread over their kinds.

Every prompt has a number of its own, a digest of seed and id; of each kind (`meta["kind"]`) those with the lowest numbers are in.
Kinds take turns by systematic sampling with a start of each kind's own (the r-th of n stands at (r + u) / n, u in [0, 1)), so
that all get one share to within a prompt, every prompt is as likely as any other, and a larger limit holds all of a smaller one.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from sctk_core.identity import seed_from, uniform

KIND = "kind"
"""What `meta` calls the kind of a prompt."""
MOST_KINDS = 1000
"""Of more kinds than these none is told apart: such a column names rows, not kinds."""
_SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Which prompts are in: those whose number is at most that of their kind. `counts`: kind -> (drawn, all)."""

    seed: int
    largest: Mapping[str, int]
    counts: Mapping[str, tuple[int, int]]

    def holds(self, name: str, kind: str) -> bool:
        """Whether the prompt of this id and kind is in."""
        return number_of(self.seed, name) <= self.largest.get(kind, self.largest.get("", -1))

    def told(self, setting: str, what: str) -> str:
        """One line for the user: how many of how many, by what seed, over which kinds."""
        n_drawn, n_all = (sum(column) for column in zip(*self.counts.values(), strict=True))
        line = f"{setting}: {n_drawn:,} of {n_all:,} {what} were drawn by seed {self.seed}"
        if len(self.counts) == 1:
            return line
        largest = sorted(self.counts.items(), key=lambda one: (-one[1][1], one[0]))[:_SHOWN]
        shown = ", ".join(f"{kind or 'none'} {drawn:,} of {every:,}" for kind, (drawn, every) in largest)
        return f"{line}, spread over {len(self.counts)} kinds: {shown}{', ...' * (len(self.counts) > _SHOWN)}"


def number_of(seed: int, name: str) -> int:
    """The number of the prompt of this id: the lower, the sooner it is in."""
    return seed_from("limit", seed, name)


def draw(prompts: Iterable[tuple[str, str]], limit: int, seed: int) -> Drawn | None:
    """The sample of `limit` out of (id, kind); None where that is all of them. `limit` numbers a kind are held in memory."""
    counts: Counter[str] = Counter()
    lowest: dict[str, list[int]] = {}
    told_apart = True
    for name, kind in prompts:
        kind = kind if told_apart else ""
        counts[kind] += 1
        _keep(lowest.setdefault(kind, []), -number_of(seed, name), limit)
        if len(counts) > MOST_KINDS:
            told_apart = False
            lowest = {"": heapq.nlargest(limit, (number for heap in lowest.values() for number in heap))[::-1]}
            counts = Counter({"": counts.total()})
    if counts.total() <= limit:
        return None
    queues = [_turns(kind, sorted(-one for one in heap), counts[kind], seed) for kind, heap in lowest.items()]
    largest, drawn = dict.fromkeys(counts, -1), Counter[str]()
    for _, number, kind in islice(heapq.merge(*queues), limit):
        largest[kind] = number
        drawn[kind] += 1
    return Drawn(seed=seed, largest=largest, counts={kind: (drawn[kind], counts[kind]) for kind in sorted(counts)})


def _keep(heap: list[int], number: int, most: int) -> None:
    """Puts a number on a heap that holds the `most` largest."""
    if len(heap) < most:
        heapq.heappush(heap, number)
    elif number > heap[0]:
        heapq.heapreplace(heap, number)


def _turns(kind: str, numbers: Sequence[int], n_all: int, seed: int) -> Iterator[tuple[float, int, str]]:
    """(Where it stands in [0, 1), number, kind) of a kind's prompts, rising."""
    start = uniform("kind", seed, kind)
    return (((place + start) / n_all, number, kind) for place, number in enumerate(numbers))
