"""When is somebody down? One lost connection is one item's failure; a component that answers nobody stops the run.

A lost connection is held back until the component answers another item (then it was that item's failure) or until it has
answered nobody for `patience_s` (then it is down, and nothing that it failed is written: the same line again asks it again).
What is held back keeps its place among the items in flight, so in a silence one more item is let in now and then: if a server
that went away is back, it answers that one. Retries and pauses belong to the backend; core asks nothing twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sctk_core.errors import BackendDown
from sctk_core.records import Failure


@dataclass
class _Silence:
    since: float
    n_lost: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Patience:
    """Who answers, and who has been silent since when."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._silent: dict[str, _Silence] = {}
        self._known: set[str] = set()
        self._tries: set[asyncio.Task[None]] = set()
        self.room: asyncio.Semaphore | None = None

    def answered(self, who: str) -> None:
        """Notes that somebody answers: what was held back is an item's failure."""
        if self._silent:
            silence = self._silent.pop(who, None)
            if silence is not None:
                silence.ended.set()
        self._known.add(who)

    async def lost(self, who: str, failure: Failure) -> Failure:
        """The failure, once it is known to be one item's; BackendDown where nobody is answered."""
        silence = self._silent.get(who)
        if silence is None:
            silence = self._silent[who] = _Silence(since=time.monotonic())
            task = asyncio.get_running_loop().create_task(self._let_in(silence))
            self._tries.add(task)
            task.add_done_callback(self._tries.discard)
        silence.n_lost += 1
        left = silence.since + self._patience_s - time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, left)):
                await silence.ended.wait()
        except TimeoutError:
            alone = silence.n_lost == 1 and who in self._known
            if self._patience_s > 0 and not alone:
                raise _down(f"{who} has answered nobody for {self._patience_s:g} s", failure) from None
        return failure

    async def _let_in(self, silence: _Silence) -> None:
        """Lets one more item in for every tenth of the patience, a second at most, while nobody is answered."""
        room, n_more = self.room, 0
        while room is not None and time.monotonic() < silence.since + self._patience_s:
            try:
                async with asyncio.timeout(min(1.0, self._patience_s / 10)):
                    await silence.ended.wait()
                break
            except TimeoutError:
                room.release()
                n_more += 1
        for _ in range(n_more if room is not None else 0):
            await room.acquire()  # type: ignore[union-attr]

    def at_once(self, who: str, answers: Sequence[object]) -> None:
        """BackendDown where of many that were asked at once, with nobody to come after them, none was answered."""
        lost = [answer for answer in answers if isinstance(answer, Failure) and answer.kind == "backend"]
        if lost and len(lost) == len(answers) and self._patience_s > 0:
            raise _down(f"{who} has answered none of {len(answers)}", lost[0])


def _down(what: str, failure: Failure) -> BackendDown:
    return BackendDown(
        f"{what}: {failure.reason} {failure.detail}".rstrip(),
        hint="run the same line again when it is back: what is answered is kept; where single requests break "
        "it, --set run.patience_s=0 takes such failures for answers",
    )
