"""A watch over the thread of a run: it names who holds it, and breaks in when the time is over.

A component that speaks with a model lives in the run's own loop, and so do walks, rules and watchers; a source is read in
the same thread. One that sleeps or computes there stops everybody, time-outs too. A second thread looks at the first: after
a while it says who holds it; when the time is over it sends a signal, whose handler raises `Held`, a time-out like any other,
in the component's own code and nowhere else. Code that never comes back to Python cannot be ended, only named.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from sctk_core.boundary import NoAnswer

log = logging.getLogger("sctk")
LOOK_S, TELL_S = 0.25, 30.0
"""Between two looks; and how long somebody may hold the thread before that is said, if the time-out is longer."""
SIGNAL = signal.SIGUSR2


class Held(NoAnswer):
    """A component held the run's thread until its time was over."""


class Watch:
    """Watches the thread that enters it; `whose` tells whose code a chain of frames (innermost first) is, or ""."""

    def __init__(self, whose: Callable[[Iterator[FrameType]], str]) -> None:
        self._whose, self._ended = whose, threading.Event()
        self._ident, self._since, self._bound_s, self._told = 0, 0.0, 0.0, False
        self._before: Any = None

    def __enter__(self) -> Watch:
        self._ident = threading.get_ident()
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(SIGNAL) is signal.SIG_DFL:
            self._before = signal.signal(SIGNAL, self._break_in)
        threading.Thread(target=self._look, daemon=True, name="sctk-watch").start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._before is not None:
            signal.signal(SIGNAL, self._before)
            self._before = None

    def alive(self) -> None:
        """Says that the thread is nobody's: whoever holds it does so from now on."""
        self._since, self._told = time.monotonic(), False

    @contextmanager
    def over(self, seconds: float) -> Iterator[None]:
        """Watches what is inside, for so long each time since `alive`."""
        before = self._bound_s
        self._bound_s = seconds
        self.alive()
        try:
            yield
        finally:
            self._bound_s = before
            self.alive()

    def caller(self) -> str:
        """Whose code calls what asks this, or ""."""
        return self._whose(_outward(sys._getframe(2)))

    @property
    def _held_s(self) -> float:
        return time.monotonic() - self._since if self._bound_s else 0.0

    def _look(self) -> None:
        """The second thread."""
        while not self._ended.wait(LOOK_S):
            held_s, bound_s = self._held_s, self._bound_s
            if bound_s and held_s > min(bound_s, TELL_S) and not self._told:
                self._tell(held_s)
            if bound_s and held_s > bound_s and self._before is not None:
                signal.pthread_kill(self._ident, SIGNAL)

    def _tell(self, held_s: float) -> None:
        self._told = True
        frame = sys._current_frames().get(self._ident)
        who = self._whose(_outward(frame))
        if who:
            log.warning("%s holds the run's thread for %.0f s: nobody else is answered in that time", who, held_s)

    def _break_in(self, _: int, frame: FrameType | None) -> None:
        """The handler of the signal, in the watched thread."""
        held_s = self._held_s
        if self._bound_s and held_s > self._bound_s and self._whose(_component_only(frame)):
            raise Held(f"held the run's thread for {self._bound_s:g} s")


def _outward(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _component_only(frame: FrameType | None) -> Iterator[FrameType]:
    """The innermost frames up to core's own: a component's code, and what it called."""
    for each in _outward(frame):
        name = each.f_globals.get("__name__", "")
        if name.startswith("sctk_core.") and not name.startswith("sctk_core.builtin"):
            return
        yield each
