"""Faults by name: what a component can raise, answer, put into a field of a record, or do beside its work.

`FAULTS` are the faults of a verb that answers a batch, `FIELDS` the values that no field of that type may hold. Nothing here knows
what sctk makes of them.
"""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HUGE = 5_000_000
LONE = "a\ud800b"
FOREVER_S = 3600.0


class Unreadable(Exception):
    """An exception whose text raises."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Odd(BaseException):
    """An exception of nobody's kind."""


class NoText(Exception):
    """An exception whose text is none."""

    def __str__(self) -> str:
        return None  # type: ignore[return-value]


class Hostile:
    """An object that answers nothing."""

    def __repr__(self) -> str:
        raise SystemExit("in repr")

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        raise KeyError("in eq")

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise ValueError("in bool")


class Lazy:
    """An object whose text takes for ever."""

    def __repr__(self) -> str:
        time.sleep(FOREVER_S)
        return ""


class Text(str):
    """A text that is none of ours: it lies about its length and equality."""

    def __len__(self) -> int:
        return 1 << 62

    def encode(self, *_: Any, **__: Any) -> bytes:
        raise OSError("in encode")


@dataclass(frozen=True)
class Fault:
    """What goes wrong: `before` a verb is called, `instead` of it, or with the answer `after` it."""

    before: Callable[[Any], None] | None = None
    instead: Callable[[Any], Any] | None = None
    after: Callable[[Any], Any] | None = None


def raising(make: Callable[[], BaseException]) -> Fault:
    def strike(_: Any) -> None:
        raise make()

    return Fault(before=strike)


def _deep() -> BaseException:
    error: BaseException = ValueError("innermost")
    for _ in range(3000):
        outer = RuntimeError("around")
        outer.__cause__, error = error, outer
    return error


RAISES: Mapping[str, Callable[[], BaseException]] = {
    "SystemExit": lambda: SystemExit(0),
    "SystemExit of a text": lambda: SystemExit("bye"),
    "KeyboardInterrupt": KeyboardInterrupt,
    "CancelledError": asyncio.CancelledError,
    "a BaseException of its own": lambda: Odd("odd"),
    "GeneratorExit": GeneratorExit,
    "StopIteration": lambda: StopIteration(7),
    "StopAsyncIteration": StopAsyncIteration,
    "RecursionError": lambda: RecursionError("too deep"),
    "MemoryError": MemoryError,
    "AssertionError": AssertionError,
    "TimeoutError": TimeoutError,
    "OSError without a number": lambda: OSError("lost"),
    "an exception whose text raises": Unreadable,
    "an exception whose text is None": NoText,
    "an exception of 5 MB": lambda: ValueError("x" * HUGE),
    "an exception with a lone surrogate": lambda: ValueError(LONE),
    "an exception with control characters": lambda: ValueError("\x1b]0;title\x07\x1b[2J\r\u202ehidden"),
    "an exception of an object that hangs": lambda: ValueError(Lazy()),
    "an exception group": lambda: ExceptionGroup("many", [ValueError("a"), TypeError("b")]),
    "a group with SystemExit": lambda: BaseExceptionGroup("many", [SystemExit(0), ValueError("b")]),
    "a chain of 3000 causes": _deep,
    "UnicodeDecodeError": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
}


def _mutated(given: Any) -> None:
    for one in given if isinstance(given, Sequence) else [given]:
        for field in dataclasses.fields(one) if dataclasses.is_dataclass(one) else ():
            if isinstance(getattr(one, field.name), str) and field.name != "id":
                object.__setattr__(one, field.name, "rewritten")
        sample = getattr(one, "sample", None) or getattr(one, "prompt", None)
        if sample is not None:
            for name in ("text", "reference"):
                if hasattr(sample, name):
                    object.__setattr__(sample, name, "rewritten")
            for turn in getattr(sample, "messages", ()):
                object.__setattr__(turn, "content", "rewritten")


def _thread(_: Any) -> None:
    threading.Thread(target=time.sleep, args=(FOREVER_S,), daemon=True).start()


def _endless(_: Any) -> Any:
    while True:
        yield None


RAISING: Mapping[str, Fault] = {f"raises {name}": raising(make) for name, make in RAISES.items()}
ANSWERS: Mapping[str, Fault] = {
    "answers None": Fault(instead=lambda _: None),
    "answers a number": Fault(instead=lambda _: 7),
    "answers a text": Fault(instead=lambda _: "yes"),
    "answers bytes": Fault(instead=lambda _: b"yes"),
    "answers a class": Fault(instead=lambda _: dict),
    "answers a dict": Fault(instead=lambda _: {}),
    "answers nothing at all": Fault(instead=lambda _: []),
    "answers one too few": Fault(after=lambda good: list(good)[:-1]),
    "answers one too many": Fault(after=lambda good: [*good, *list(good)[-1:]]),
    "answers the first for all": Fault(after=lambda good: [next(iter(good))] * (len(good) + 1)),
    "answers Nones": Fault(after=lambda good: [None for _ in good]),
    "answers numbers": Fault(after=lambda good: [1.0 for _ in good]),
    "answers texts": Fault(after=lambda good: ["fine" for _ in good]),
    "answers exceptions": Fault(after=lambda good: [ValueError("no") for _ in good]),
    "answers hostile objects": Fault(after=lambda good: [Hostile() for _ in good]),
    "answers one hostile object": Fault(instead=lambda _: Hostile()),
    "answers an object that hangs": Fault(instead=lambda _: Lazy()),
    "answers objects that hang": Fault(after=lambda good: [Lazy() for _ in good]),
    "answers in a generator": Fault(after=lambda good: (one for one in good)),
    "answers without end": Fault(instead=_endless),
    "answers NotImplemented": Fault(instead=lambda _: NotImplemented),
}
DEEDS: Mapping[str, Fault] = {
    "rewrites what it was given": Fault(before=_mutated),
    "leaves a thread behind": Fault(before=_thread),
}
FAULTS: Mapping[str, Fault] = {**RAISING, **ANSWERS, **DEEDS}

FIELDS: Mapping[str, Any] = {
    "None": None,
    "a number": 7,
    "1.5": 1.5,
    "-1": -1,
    "2^40": 1 << 40,
    "10^400": 10**400,
    "nan": float("nan"),
    "inf": float("inf"),
    "True": True,
    "bytes": b"x",
    "a lone surrogate": LONE,
    "a NUL": "a\x00b",
    "5 MB": "x" * HUGE,
    "a text that lies": Text("x"),
    "nested lists": [[["x"], [1]], [None]],
    "a tuple of Nones": (None, None),
    "a tuple of token ids that do not fit": (1 << 40, 1),
    "a tuple of -1": (-1, 2),
    "a tuple of 1.5": (1.5, 2),
    "a tuple of 10^400": (10**400,),
    "a tuple of bools": (True, False),
    "a dict": {"a": 1},
    "a dict of Nones": {None: None},
    "a hostile object": Hostile(),
    "an object that hangs": Lazy(),
}


def spoilt(record: Any, path: str, value: Any) -> Any:
    """A copy of a record in which one field, or one of a nested record, holds the value: no constructor sees it."""
    name, _, rest = path.partition(".")
    new = copy.copy(record)
    inner = getattr(record, name)
    if rest and isinstance(inner, tuple):
        value = tuple(spoilt(one, rest, value) for one in inner)
    elif rest:
        value = spoilt(inner, rest, value)
    object.__setattr__(new, name, value)
    return new


def in_field(path: str, value: str) -> Fault:
    """The fault that every record of the answer holds the value of that name."""
    return Fault(after=lambda good: [spoilt(one, path, FIELDS[value]) for one in good])
