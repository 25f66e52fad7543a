"""How a run looks while it goes on: a live line with rate and time left on a terminal, plain lines elsewhere.

Both are fed by the run's events, and print to standard error. `Meter` does the arithmetic and knows no terminal.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sctk_core.pipeline.events import (
    Event,
    ItemFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    StepFinished,
    TrainingStep,
)

from sctk_cli.terminal import clean, say


class Meter:
    """Where the run stands: the stage, items and steps done in it, and how fast they come.

    Many items are under way at once, so time left is told by steps: so many as the plan gives an item, or as it was seen to
    have. Loading a model is no step: rates count from the first answer.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._enter("")

    def _enter(self, stage: str) -> None:
        self.stage, self._started = stage, self._clock()
        self._first_answer: float | None = None
        self.n_done = self._n_before = self.n_steps = 0
        self.n_wanted: int | None = None
        self.outcomes: Counter[str] = Counter()
        self._names: set[str] = set()
        self._n_asks: int | None = None
        self.numbers: Mapping[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Takes one event in."""
        if isinstance(event, StageStarted):
            self._enter(event.stage)
            self._n_asks = event.n_asks
        elif isinstance(event, StepFinished):
            if self._first_answer is None:
                self._first_answer = self._clock()
            self.n_steps += 1
            self.outcomes[event.outcome] += 1
            self._names.add(event.stage)
        elif isinstance(event, ItemFinished):
            if self.n_wanted is None:
                self._n_before = event.n_done - 1  # what an earlier run had finished says nothing of today's rate
            self.n_done, self.n_wanted = event.n_done, event.n_items
        elif isinstance(event, TrainingStep):
            self._trained(event)

    def _trained(self, event: TrainingStep) -> None:
        """A training has one kind of step, and each is an item of its own."""
        if self._first_answer is None:
            self._first_answer, self._n_before, self._n_asks = self._clock(), event.step - 1, 1
        self.n_done, self.n_wanted, self.numbers = event.step, event.n_steps, event.numbers
        self.n_steps = event.step - self._n_before

    @property
    def seconds(self) -> float:
        """Time since the stage began."""
        return self._clock() - self._started

    @property
    def rate(self) -> float:
        """Steps per second since the first answer of this stage."""
        passed = 0.0 if self._first_answer is None else self._clock() - self._first_answer
        return (self.n_steps - 1) / passed if passed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Time left in this stage, or None where it cannot be told."""
        if self.n_wanted is None or self.rate <= 0:
            return None
        per_item = self._n_asks or len(self._names)
        under_way = max(0, self.n_steps - (self.n_done - self._n_before) * per_item)
        return max(0, (self.n_wanted - self.n_done) * per_item - under_way) / self.rate

    def line(self) -> str:
        """One line for people: stage, count, rate, time left, and what did not go well."""
        parts = [f"{clean(self.stage, one_line=True)}: {span(self.seconds)}"]
        if self.numbers:
            parts.append(f"step {self.n_done} of {self.n_wanted} ({self.n_done / max(1, self.n_wanted or 0):.0%})")
            parts += [f"{name} {number:.3f}" for name, number in self.numbers.items()]
            parts.append(f"{self.rate:.2f} steps/s")
        elif self.n_wanted is not None:
            parts.append(f"{self.n_done} of {self.n_wanted} items ({self.n_done / max(1, self.n_wanted):.0%})")
        if self.n_steps and not self.numbers:
            parts.append(f"{self.n_steps} steps, {self.rate:.1f}/s")
        if self.seconds_left is not None:
            parts.append(f"about {span(self.seconds_left)} left")
        parts += [f"{self.outcomes[name]} {name}" for name in ("failed", "declined") if self.outcomes[name]]
        return ", ".join(parts)


def span(seconds: float) -> str:
    """A time in words.

    >>> span(4.2), span(75), span(3700)
    ('4 s', '1 min 15 s', '1 h 01 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class Lines:
    """Plain lines: one when a stage begins or ends, one every few seconds in between, even while nothing is reported."""

    def __init__(self, meter: Meter, every_s: float = 5.0, write: Callable[[str], None] = say) -> None:
        self._meter, self._every_s, self._write = meter, every_s, write
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._last = time.monotonic()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Lines:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def __call__(self, event: Event) -> None:
        """Says what is worth a line of its own."""
        with self._lock:
            self._meter(event)
            for line in _news(event):
                self._write(line)
                self._last = time.monotonic()

    def _tick(self) -> None:
        while not self._ended.wait(min(1.0, self._every_s / 2)):
            with self._lock:
                if self._meter.stage and time.monotonic() - self._last >= self._pause_s():
                    self._write(self._meter.line())
                    self._last = time.monotonic()

    def _pause_s(self) -> float:
        """Time between two lines; it grows while a stage tells nothing but its age, as training does."""
        quiet = self._meter.n_steps == 0
        return max(self._every_s, min(60.0, self._meter.seconds / 4)) if quiet else self._every_s


def _news(event: Event) -> Iterator[str]:
    if isinstance(event, RunStarted):
        going = "going on with" if event.resumed else "starting"
        yield f"{going} {clean(event.run, one_line=True)} ({clean(event.method, one_line=True)})"
    elif isinstance(event, StageFinished):
        yield f"{clean(event.stage, one_line=True)}: done in {span(event.seconds)}"


class Live:
    """A live line on a terminal, with a spinner; stages that are done stay above it."""

    def __init__(self, meter: Meter, console: Any) -> None:
        from rich.live import Live as RichLive
        from rich.spinner import Spinner
        from rich.text import Text

        self._meter, self._console, self._text = meter, console, Text
        self._spinner = Spinner("dots", text=Text(""))
        self._live = RichLive(self, console=console, refresh_per_second=8, transient=True)

    def __rich__(self) -> Any:
        self._spinner.text = self._text(self._meter.line() if self._meter.stage else "")
        return self._spinner

    def __enter__(self) -> Live:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Takes the event in; a line of its own is printed above the live one."""
        self._meter(event)
        for line in _news(event):
            self._console.print(self._text(line))


@contextmanager
def progress(meter: Meter | None = None) -> Iterator[Callable[[Event], None]]:
    """The observer that fits standard error: live where a person looks, lines where nobody does."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # engines draw bars of their own, one for each model that they load
    meter = meter or Meter()
    if sys.stderr.isatty():
        from rich.console import Console

        with Live(meter, Console(stderr=True, markup=False, highlight=False)) as live:
            yield live
    else:
        with Lines(meter) as lines:
            yield lines
