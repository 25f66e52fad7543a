"""Faults that a second pair of eyes thought of, by the place where each strikes.

What a component does to the process that it shares with us, objects that change or lie while they are looked at, exceptions that
mean something to Python, asyncio or click. `FRESH` are those of a verb (`PLACE: FAULT`); `DETAILS` those of something else about a
component: an attribute, a class, a model's files.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import decimal
import fractions
import gc
import logging
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np
from faults import FOREVER_S, HUGE, LONE, Fault, raising, spoilt
from sctk_core import BackendDown, ConfigError, StoreError
from sctk_core.errors import SctkError


def before(deed: Callable[[], Any]) -> Fault:
    """The fault of something that is done before the verb."""
    return Fault(before=lambda _: deed())


def every(path: str, value: Callable[[Any], Any]) -> Fault:
    """The fault that each answer's field holds what is made of the answer."""
    return Fault(after=lambda good: [spoilt(one, path, value(one)) for one in good])


class Growing(list[Any]):
    """A list that grows while it is read."""

    def __iter__(self) -> Iterator[Any]:
        for one in list.__iter__(self):
            self.append(one)
            yield one


class Endless(list[Any]):
    """A list of the right length that never ends."""

    def __iter__(self) -> Iterator[Any]:
        while True:
            yield self[0]


class Unlucky(list[Any]):
    """A list whose members cannot be had."""

    def __getitem__(self, place: Any) -> Any:
        raise MemoryError

    __iter__ = __getitem__  # type: ignore[assignment]


class Shrinking(list[Any]):
    """A list whose length is another each time."""

    def __len__(self) -> int:
        if list.__len__(self) > 0:
            self.pop()
        return list.__len__(self) + 1


class Masked:
    """An object that says it is of another class, and whose attributes are others each time."""

    def __init__(self, kind: type) -> None:
        self._kind, self._n = kind, 0

    @property
    def __class__(self) -> Any:  # type: ignore[override]
        return self._kind

    def __getattr__(self, name: str) -> Any:
        self._n += 1
        return self._n


class Sly(float):
    """A number that is unlike itself, and no number when it is asked for."""

    def __float__(self) -> float:
        raise SystemExit(0)

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


class Sleepy:
    """A number that takes for ever."""

    def __float__(self) -> float:
        time.sleep(FOREVER_S)
        return 0.0


class Heavy(int):
    """A whole number that is another one when it is asked for as an index."""

    def __index__(self) -> int:
        return 1 << 80


def _circle() -> BaseException:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    return one


def _nested() -> BaseException:
    error: Exception = ValueError("innermost")
    for _ in range(500):
        error = ExceptionGroup("around", [error])
    return error


def _noted() -> BaseException:
    error = ValueError("noted")
    error.__notes__ = [LONE, "\x1b[2J", "x" * HUGE]
    return error


def _mistold() -> BaseException:
    error = SctkError("x")
    error.message, error.hint, error.exit_code = None, 7, "x"  # type: ignore[assignment,misc]
    return error


class OfNobody(Exception):
    """An exception that says it is a cancellation, and whose arguments are none."""

    @property
    def __class__(self) -> Any:  # type: ignore[override]
        return asyncio.CancelledError

    @property
    def args(self) -> Any:  # type: ignore[override]
        raise SystemExit(0)


def _recursing() -> None:
    _recursing()


def _cancels_all() -> None:
    for task in asyncio.all_tasks():
        task.cancel()


def _uncancels() -> None:
    task = asyncio.current_task()
    assert task
    task.cancel()
    task.uncancel()


def _nested_loop() -> None:
    asyncio.run(asyncio.sleep(0))


def _own_loop() -> None:
    asyncio.set_event_loop(asyncio.new_event_loop())


def _thread_raises() -> None:
    thread = threading.Thread(target=_shouts, name="\x1b[2Jodd")
    thread.start()
    thread.join()


def _shouts() -> None:
    raise ValueError(LONE + "\x1b[2J" + "x" * HUGE)


def _stays() -> None:
    threading.Thread(target=time.sleep, args=(FOREVER_S,)).start()


def _lingers() -> None:
    import atexit

    atexit.register(time.sleep, FOREVER_S)


def _forks() -> None:
    subprocess.Popen(["sleep", "120"])  # it holds our standard output


def _raises_as_it_goes() -> None:
    class Dying:
        def __del__(self) -> None:
            raise ValueError(LONE)

    Dying()
    gc.collect()


def _shut_up() -> None:
    logging.disable(logging.CRITICAL)


def _closed(number: int) -> Callable[[], None]:
    def close() -> None:
        os.close(number)
        if number == 0:
            return
        os.open(os.devnull, os.O_WRONLY)  # else a database would get its number

    return close


def _strict_decimals() -> None:
    decimal.getcontext().traps[decimal.Inexact] = True
    np.seterr(all="raise")


def _moved() -> None:
    os.chdir("/")


def _no_files() -> None:
    os.umask(0o777)


def _loud() -> None:
    print("odd")
    os.write(1, b"odd\n")


WORLD: Mapping[str, Fault] = {
    "closes the loop": before(lambda: asyncio.get_running_loop().close()),
    "sets the loop to none": before(lambda: asyncio.set_event_loop(None)),
    "sets another loop": before(_own_loop),
    "runs a loop in the loop": before(_nested_loop),
    "cancels every task": before(_cancels_all),
    "cancels itself and takes it back": before(_uncancels),
    "changes the directory": before(_moved),
    "empties the environment": before(os.environ.clear),
    "ignores the signals": before(lambda: [signal.signal(n, signal.SIG_IGN) for n in (signal.SIGUSR2, signal.SIGINT)]),
    "makes warnings errors": before(lambda: warnings.simplefilter("error")),
    "warns": before(lambda: warnings.warn(f"odd {LONE}\x1b[2J", RuntimeWarning, stacklevel=1)),
    "leaves little room for calls": before(lambda: sys.setrecursionlimit(150)),
    "calls itself for ever": before(_recursing),
    "begins a thread that raises": before(_thread_raises),
    "begins a thread that stays": before(_stays),
    "leaves an exit hook that never ends": before(_lingers),
    "leaves a child": before(_forks),
    "leaves an object that raises as it goes": before(_raises_as_it_goes),
    "silences all logs": before(_shut_up),
    "prints to standard output": before(_loud),
    "sets standard output to none": before(lambda: setattr(sys, "stdout", None)),
    "sets standard error to none": before(lambda: setattr(sys, "stderr", None)),
    "closes standard input": before(_closed(0)),
    "makes rounding an error": before(_strict_decimals),
    "takes all rights of new files": before(_no_files),
    "turns off the search for garbage": before(gc.disable),
}  # fmt: skip
"""What is done to the process that all share."""

RAISED: Mapping[str, Callable[[], BaseException]] = {
    "an exception that is its own cause": _circle,
    "500 groups in each other": _nested,
    "an exception with hostile notes": _noted,
    "an error of ours whose words are none": _mistold,
    "an exception that says it is a cancellation": OfNobody,
    "click's exit": lambda: click.exceptions.Exit(0),
    "click's abort": click.Abort,
    "click's usage error": lambda: click.UsageError(LONE),
    "BrokenPipeError": BrokenPipeError,
    "a full disk": lambda: OSError(28, "No space left on device"),
    "too many files": lambda: OSError(24, "Too many open files"),
    "concurrent.futures' cancellation": concurrent.futures.CancelledError,
    "an error of SQLite": lambda: sqlite3.OperationalError("database is locked"),
    "a SyntaxError without a place": lambda: SyntaxError(LONE),
    "a configuration error": lambda: ConfigError("odd: got a, wanted b", hint="none"),
    "a store error": lambda: StoreError("odd", hint="none"),
    "that its backend is down": lambda: BackendDown("odd", hint="none"),
    "a group of an interrupt": lambda: BaseExceptionGroup("many", [KeyboardInterrupt()]),
    "BlockingIOError": lambda: BlockingIOError(11, "again"),
}

LISTS: Mapping[str, Fault] = {
    "answers a list that grows": Fault(after=Growing),
    "answers a list without end": Fault(after=Endless),
    "answers a list whose members cannot be had": Fault(after=Unlucky),
    "answers a list that shrinks": Fault(after=Shrinking),
    "answers a future that is never done": Fault(instead=lambda _: asyncio.get_running_loop().create_future()),
    "answers a coroutine": Fault(instead=lambda _: asyncio.sleep(0)),
    "answers masked objects": Fault(after=lambda good: [Masked(type(one)) for one in good]),
    "answers copies of a class of its own": Fault(after=lambda good: [_kin(one) for one in good]),
    "answers an array": Fault(after=lambda good: np.array([*good, None], dtype=object)[:-1]),
    "answers a mapping": Fault(after=lambda good: dict(enumerate(good))),
}


def _kin(record: Any) -> Any:
    kind = type(record)
    kin = type(kind.__name__, (kind,), {})
    new = object.__new__(kin)
    for name in kind.__dataclass_fields__:
        object.__setattr__(new, name, getattr(record, name))
    return new


NUMBERS: Mapping[str, Any] = {
    "a masked number": np.ma.masked, "a time": np.datetime64("2026-01-01"), "a float16 nan": np.float16("nan"),
    "a long double that no float holds": np.longdouble("1e4000"), "a Decimal sNaN": decimal.Decimal("sNaN"),
    "a fraction": fractions.Fraction(10**400, 3), "a number that is none": Sly(1.0), "a number that takes for ever": Sleepy(),
    "an array of one": np.ones(1), "a text of numpy": np.str_("1.0"), "a complex number": 1 + 0j,
}  # fmt: skip

FRESH: dict[str, Fault] = {}
for _n, (_name, _fault) in enumerate(WORLD.items()):
    for _place in (
        ("reward.score", "rule.decide"),
        ("critic.critique", "trainer.train"),
        ("backend.generate", "curator.curate"),
    )[_n % 3]:
        if not (_place in ("trainer.train", "curator.curate") and "task" in _name):
            FRESH[f"{_place}: {_name}"] = _fault
FRESH |= {
    f"method.walk: {name}": WORLD[name]
    for name in ("cancels every task", "closes the loop", "leaves little room for calls")
}
FRESH |= {
    f"source.prompts: {name}": WORLD[name]
    for name in ("calls itself for ever", "changes the directory", "ignores the signals")
}
FRESH |= {f"watcher.notify: {name}": WORLD[name] for name in ("cancels every task", "sets standard error to none")}
for _n, (_name, _make) in enumerate(RAISED.items()):
    for _place in (
        ("reward.score", "source.prompts"), ("backend.generate", "trainer.train"), ("critic.revise", "curator.curate"),
        ("method.walk", "watcher.notify"), ("rule.decide", "method.plan"), ("evaluator.evaluate", "reward.__init__"),
    )[_n % 6]:  # fmt: skip
        FRESH[f"{_place}: raises {_name}"] = raising(_make)
for _n, (_name, _fault) in enumerate(LISTS.items()):
    for _place in (("reward.score",), ("critic.critique",), ("comparer.compare",), ("backend.generate",))[_n % 4]:
        FRESH[f"{_place}: {_name}"] = _fault
FRESH |= {f"rule.decide: {name}": LISTS[name] for name in ("answers a list that grows", "answers masked objects")}
FRESH |= {
    f"reward.score: value = {name}": every("value", lambda _, value=value: value) for name, value in NUMBERS.items()
}
FRESH |= {
    "backend.generate: token_ids = a range": every("token_ids", lambda _: range(10**9)),
    "backend.generate: token_ids = heavy numbers": every("token_ids", lambda _: (Heavy(1),)),
    "backend.generate: usage = a kin": every("usage", lambda one: _kin(one.usage)),
    "backend.generate: text = a text of numpy": every("text", lambda one: np.str_(one.text)),
    "critic.critique: findings = a generator": every("findings", lambda _: (one for one in "abc")),
    "rule.decide: accepted = a truth of numpy": every("accepted", lambda one: np.bool_(one.accepted)),
    "rule.decide: log_alpha = a Decimal": every("log_alpha", lambda _: decimal.Decimal("-1")),
}


def _piped(report: Any, out: Path) -> Any:
    os.mkfifo(out / "pipe")
    return report


def _linked(report: Any, out: Path) -> Any:
    (out / "again").symlink_to(out)
    (out / "nowhere").symlink_to("/nowhere")
    return report


def _strangely_named(report: Any, out: Path) -> Any:
    with open(os.fsencode(out) + b"/\xff\x1b[2J", "wb") as file:
        file.write(b"x")
    return report


def _listening(report: Any, out: Path) -> Any:
    here = Path.cwd()
    with contextlib.suppress(OSError):
        os.chdir(out)
        socket.socket(socket.AF_UNIX).bind("s")
    os.chdir(here)
    return report


def _still_writing(report: Any, out: Path) -> Any:
    def write() -> None:
        for n in range(200):
            with contextlib.suppress(OSError):
                (out / "late").write_text(str(n))
            time.sleep(0.01)

    threading.Thread(target=write, daemon=True).start()
    return report


def _elsewhere(report: Any, out: Path) -> Any:
    (out.parent.parent.parent / "base" / "skill").write_text("better ")
    return report


def _over_others(report: Any, out: Path) -> Any:
    for file in out.parent.glob("chains/*/*.parquet"):
        file.write_bytes(b"mine")
    return report


MODELS: Mapping[str, Callable[[Any, Path], Any]] = {
    "leaves a pipe in its model": _piped,
    "leaves links in its model": _linked,
    "leaves a file of a strange name": _strangely_named,
    "leaves a socket in its model": _listening,
    "goes on writing its model": _still_writing,
    "rewrites the model that it starts from": _elsewhere,
    "rewrites the run's tables": _over_others,
}
DETAILS = (
    "source.notes: raises", "source.notes: is endless", "source.notes: is a number", "source.notes: holds hostile texts",
    "reward.attributes: raise", "backend.attributes: raise", "reward.scale: raises", "reward.scale: is a number",
    "source.prompts: the held-out ones", "source.prompts: others each time", "method.plan: another each time",
    "method.steps: without end",
    "method.reading: is a number", "method.reading: raises",
    "trainer.train: tells nonsense of its steps",
    *(f"trainer.train: {name}" for name in MODELS),
)  # fmt: skip
