"""How the process ends: asked by a signal, made to by a second one, and kept alive by nobody.

SIGTERM and SIGHUP, which batch systems and closed terminals send, end a command as Ctrl-C does. A second signal ends it even where
a component holds the main thread or swallows what interrupts it: everything that was committed stays, whenever a run is killed.
A command that is finished ends, whatever threads, exit hooks and children others have left.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

from sctk_cli.streams import install
from sctk_cli.terminal import say

INTERRUPTED = 130
SECOND_S, LEFT_S = 2.0, 10.0
"""How long the second signal waits for an orderly end, and how long a finished process waits for what others have left in it."""
_OTHERS = (signal.SIGTERM, signal.SIGHUP)
_ALL = (signal.SIGINT, *_OTHERS)


def ended(command: Callable[[], int]) -> NoReturn:
    """Runs the command as a process of its own, and ends that process with its exit code."""
    try:
        install()
        with _held():
            _listen()
        code = command()
    except KeyboardInterrupt:  # before the command could take it, or while it was telling of an earlier one
        code = INTERRUPTED
    except (
        ImportError,
        MemoryError,
        OSError,
        RuntimeError,
    ) as error:  # not even that could be told: no files, no threads
        say(f"error: the system refuses what the command needs: {error}")
        say("hint: raise the limits (ulimit -n, ulimit -u, ulimit -v)")
        code = 1
    _interrupt_no_more()
    with contextlib.suppress(OSError):  # else Python would try it, and end with a code of its own
        sys.stdout.flush()
    with contextlib.suppress(RuntimeError):  # no thread is to be had: then nothing of others runs either
        threading.Thread(target=_end_after, args=(LEFT_S, code, "something is left running"), daemon=True).start()
    sys.exit(code)


@contextlib.contextmanager
def _held() -> Iterator[None]:
    """Signals wait: an interrupt in the midst of Python's own locks, as when a thread begins, would be an error of these."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ALL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _interrupt_no_more() -> None:
    """What comes now is only counted: the process is ending, and a second signal ends it at once."""
    for number in _ALL:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _counted)


def _counted(number: int, frame: FrameType | None) -> None:
    """The pipe has told the thread that counts."""


def _listen() -> None:
    """Takes the signals that ask for an end; a pipe tells a thread of each, even where foreign code holds the main thread."""
    for number in _OTHERS:
        if signal.getsignal(number) is signal.SIG_DFL:  # `nohup` ignores SIGHUP, and it stays ignored
            signal.signal(number, _as_ctrl_c)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_count, args=(reader,), daemon=True, name="sctk-signals").start()


def _as_ctrl_c(number: int, frame: FrameType | None) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a job that a script began in the background
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def _count(reader: int) -> None:
    """Waits for the second signal. One of the others is told twice, as itself and as the interrupt that it becomes."""
    interrupts = others = 0
    while max(interrupts, others) < 2:
        for number in os.read(reader, 64):
            interrupts += number == signal.SIGINT
            others += number in _OTHERS
    _end_after(SECOND_S, INTERRUPTED, "interrupted again, and stopped at once; what was answered is kept")


def _end_after(seconds: float, code: int, why: str) -> None:
    """Ends the process, unless it ends by itself before."""
    time.sleep(seconds)
    try:
        say(why)
    finally:
        os._exit(code)
