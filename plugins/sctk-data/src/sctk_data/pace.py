"""How a data command looks while it goes on: the stage, rows so far, rows a second, time left; on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sctk_cli.progress import Meter, progress, span
from sctk_cli.terminal import clean
from sctk_core import Event, StageFinished, StageStarted


class Pace(Meter):
    """Where the command stands: rows read so far, or the share done of a stage that counts something else."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.n_rows = 0
        self.share: float | None = None
        super().__init__(clock)

    def _enter(self, stage: str) -> None:
        super()._enter(stage)
        self.n_rows, self.share = 0, None

    def rows(self, n_rows: int, share: float | None = None) -> None:
        """So many rows more; `share` in [0, 1] is how much of the stage is done, None: nobody knows."""
        self.n_rows += n_rows
        self.share = share
        self.n_steps += 1

    def done(self, n_done: int, n_all: int) -> None:
        """The Rust core's callback: so many parts of all; several passes each count from 0."""
        self.share = n_done / max(1, n_all)
        self.n_steps += 1

    def line(self) -> str:
        """One line for people.

        >>> clock = iter([0.0, 0.0, 10.0, 10.0, 10.0]).__next__
        >>> pace = Pace(clock)
        >>> pace(StageStarted(stage="reading", n_items=None))
        >>> pace.rows(5000, 0.25)
        >>> pace.line()
        'reading: 10 s, 5,000 rows, 500/s, 25 %, about 30 s left'
        """
        seconds = self.seconds
        parts = [f"{clean(self.stage, one_line=True)}: {span(seconds)}"]
        if self.n_rows:
            parts += [f"{self.n_rows:,} rows", f"{self.n_rows / max(seconds, 1e-3):,.0f}/s"]
        if self.share:
            parts += [f"{self.share:.0%}".replace("%", " %")]
            parts += [f"about {span(seconds / self.share - seconds)} left"] if seconds >= 1 else []
        return ", ".join(parts)


class Walk:
    """The stages of one command, one after the other."""

    def __init__(self, pace: Pace, tell: Callable[[Event], None]) -> None:
        self.pace, self._tell = pace, tell

    @contextmanager
    def stage(self, name: str) -> Iterator[Pace]:
        """One stage: it is told when it is done, and how long it took."""
        self._tell(StageStarted(stage=name, n_items=None))
        started = time.monotonic()
        yield self.pace
        self._tell(StageFinished(stage=name, seconds=time.monotonic() - started))


@contextmanager
def walk() -> Iterator[Walk]:
    """The stages of a command, shown live where a person looks and as lines where nobody does."""
    pace = Pace()
    with progress(pace) as tell:
        yield Walk(pace, tell)
