"""The loop that continues many conversations at once: admit, one forward, draw, let the finished go.

Which rows share a forward is decided by who waits and how long their prompts are; what a row says never depends on it
(`noise.py`). Single-threaded and synchronous; `worker.py` runs it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import torch
from sctk_chat import StopWatch
from sctk_core import Sampling

from sctk_transformers.draw import NO_TOKEN, draw
from sctk_transformers.encoded import Source

LENGTH_BAND = 1.5


Read: TypeAlias = Sequence[int] | Source
"""What a row reads as it joins."""


class Memory(Protocol):
    """What running rows have read (`flat.py`, `padded.py`, `encoded.py`).

    `joins`: rows may join running ones. `even`: those that join together begin with equally many ids of their answers. `patient`:
    to join costs as much as a step, and is put off until an eighth of the batch is free.
    """

    joins: bool
    even: bool
    patient: bool

    def step(self, last_ids: Sequence[int], prompts: Sequence[Any]) -> torch.Tensor:
        """Logits [rows + prompts, V] after one more token of every row and the whole of every new prompt."""
        ...

    def keep(self, order: Sequence[int]) -> None:
        """The rows become those of `order` (old numbers)."""
        ...


@dataclass(kw_only=True)
class Row:
    """One request on its way. `read` is what it reads as it joins; `ids` are its answer's: `n_given` given, then the sampled ones.

    `limit` bounds all of `ids`; `done` says why the row ended: end, stop, length or nan.
    """

    read: Read
    sampling: Sampling
    seed: int
    limit: int
    watch: StopWatch
    ids: list[int] = field(default_factory=list)
    n_given: int = 0
    done: Future[str] = field(default_factory=Future)

    def end(self, reason: str) -> None:
        """Hands the row back, unless nobody waits for it any more."""
        if self.done.set_running_or_notify_cancel():
            self.done.set_result(reason)

    def fail(self, error: Exception) -> None:
        """Hands an error back instead."""
        if self.done.set_running_or_notify_cancel():
            self.done.set_exception(error)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """At most so many rows at once, and so many prompt tokens (padding counted) in one forward."""

    max_batch: int
    prefill_tokens: int


class Engine:
    """Rows that run, rows that wait, and one step at a time."""

    def __init__(self, memory: Memory, limits: Limits, ends: frozenset[int]) -> None:
        self.memory = memory
        self.limits = limits
        self.ends = ends
        self.rows: list[Row] = []
        self.waiting: deque[Row] = deque()

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.rows or self.waiting)

    @torch.inference_mode()
    def step(self) -> None:
        """One token for every running row, and the first for those that join."""
        self._retire([row.done.cancelled() for row in self.rows])
        joining = self._admit()
        if not self.rows and not joining:
            return
        last = [row.ids[-1] for row in self.rows]
        if joining and not self.memory.joins:
            last = []
        logits = self.memory.step(last, [row.read for row in joining])
        self.rows += joining
        self._retire(self._take(draw_for(self.rows, logits)))

    def drop_all(self) -> list[Row]:
        """Forgets every row, running and waiting, and returns them: what to do after a step that raised."""
        dropped = [*self.rows, *self.waiting]
        self.rows, self.waiting = [], deque()
        self.memory.keep([])
        return dropped

    def _admit(self) -> list[Row]:
        """The oldest waiting row and those near the head whose prompts are of like length."""
        room = self.limits.max_batch - len(self.rows)
        if room <= 0 or (self.rows and not self.memory.joins):
            return []
        if self.rows and self.memory.patient and 8 * room < self.limits.max_batch:
            return []
        near = [
            row
            for row in (self.waiting.popleft() for _ in range(min(4 * room, len(self.waiting))))
            if not row.done.cancelled()
        ]
        if not near:
            return []
        oldest = len(near[0].read)
        like = [row for row in near if oldest / LENGTH_BAND - 8 <= len(row.read) <= oldest * LENGTH_BAND + 8]
        if self.memory.even:
            like = [row for row in like if row.n_given == near[0].n_given]
        joining: list[Row] = []
        longest = 0
        for row in like[:room]:
            longest = max(longest, len(row.read))
            if joining and longest * (len(joining) + 1) > self.limits.prefill_tokens:
                break
            joining.append(row)
        taken = set(map(id, joining))
        self.waiting.extendleft(reversed([row for row in near if id(row) not in taken]))
        return joining

    def _take(self, tokens: list[int]) -> list[bool]:
        """Gives every row its token and says which are finished."""
        over = []
        for row, token in zip(self.rows, tokens, strict=True):
            reason = ""
            if token == NO_TOKEN:
                reason = "nan"
            else:
                row.ids.append(token)
                if token in self.ends:
                    reason = "end"
                elif row.watch.hit(row.ids, row.n_given):
                    reason = "stop"
                elif len(row.ids) >= row.limit:
                    reason = "length"
            over.append(bool(reason))
            if reason:
                row.end(reason)
        return over

    def _retire(self, over: list[bool]) -> None:
        """Lets finished rows go; the last rows move into their places, so that the batch stays without holes."""
        if not any(over):
            return
        order = [place for place, gone in enumerate(over) if not gone]
        n_left = len(order)
        late = [place for place in order if place >= n_left]
        order = [late.pop() if gone else place for place, gone in enumerate(over[:n_left])]
        self.memory.keep(order)
        self.rows = [self.rows[place] for place in order]


def draw_for(rows: Sequence[Row], logits: Any) -> list[int]:
    """The next token of each row."""
    return draw(
        logits,
        [row.sampling.temperature for row in rows],
        [row.sampling.top_p for row in rows],
        [row.seed for row in rows],
        [len(row.ids) for row in rows],
    )
