"""Real numbers as libraries have them: what a component returns as a number, as the plain float or int that records hold.

Nothing is imported for it: a number of numpy, torch, jax or tensorflow says itself what it is by `dtype` and `shape`, one of the
standard library by its abstract class. A truth value counts as 1 or 0. What is refused is what only looks like a number: texts,
complex numbers, spans of time, and arrays of one element or of many (which number of them?).
"""

from __future__ import annotations

import math
import numbers
import operator
import re
from typing import Any

_DTYPE = re.compile(r"(?:.*\.)?(?:bool_?|u?int\d+|b?float\d+.*)")
"""`float32`, `torch.bfloat16`; never `complex64`, `str96`, `timedelta64[s]`, `object`."""

LARGEST = 1e100
"""Beyond this no mean with its interval can be told of numbers, though each is a float: their cubes and sums are none."""


def real(value: object) -> float | None:
    """A real number of any library as a float, which may be NaN or infinite; None where it is no number.

    >>> from decimal import Decimal
    >>> real(True), real(Decimal("0.5")), real(10**400), real("0.5"), real([0.5]), real(1j)
    (1.0, 0.5, inf, None, None, None)
    """
    if type(value) is float:
        return value
    if not _is_real(value):
        return None
    number: Any = (
        value.detach() if hasattr(value, "detach") else value
    )  # torch warns of a number that still has its graph
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
    except Exception:  # noqa: BLE001 - a stranger's `__float__`
        return None


def finite(value: object) -> float | None:
    """The same where it is finite, and small enough that squares and sums of such numbers are; None where it is no such number.

    >>> finite(1e100), finite(1e101), finite(float("inf"))
    (1e+100, None, None)
    """
    number = real(value)
    return number if number is not None and -LARGEST <= number <= LARGEST else None


def whole(value: object) -> int | None:
    """A whole number of any library as an int; None where it is none. A float is none, whatever it holds.

    >>> whole(3), whole(3.0), whole("3")
    (3, None, None)
    """
    if type(value) is int:
        return value
    if not _is_real(value):
        return None
    number: Any = value
    try:
        return operator.index(number)
    except Exception:  # noqa: BLE001 - a stranger's `__index__`
        return None


def plain(value: Any) -> Any:
    """A number as a float; what is none, as it was: the contract's check of the answer names it."""
    if value is None or type(value) is float:
        return value
    number = real(value)
    return value if number is None else number


def kind_of(value: object) -> str:
    """What was got in place of a finite number, in few words that do not differ from item to item: a ledger counts by them.

    >>> kind_of(float("nan")), kind_of("0.5"), kind_of(10**400), kind_of([0.5])
    ('nan', 'str', 'a number that no float holds', 'list')
    """
    number = real(value)
    if number is not None and LARGEST < abs(number) < math.inf:
        return "a number beyond 10^100"
    if number is not None:
        return str(number) if math.isnan(number) or value == number else "a number that no float holds"
    if value is None:
        return "None"
    kind = type(value)
    name = (
        kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__.split('.')[0]}.{kind.__qualname__}"
    )
    shape, dtype = getattr(value, "shape", ()), str(getattr(value, "dtype", ""))
    if isinstance(shape, tuple) and shape:
        return f"{name} of shape {tuple(shape)}"
    return name if dtype in name else f"{name} of {dtype}"


def _is_real(value: Any) -> bool:
    if isinstance(value, bool | int | float):
        return True
    if isinstance(value, str | bytes):
        return False
    if hasattr(value, "dtype"):
        dtype = getattr(value.dtype, "name", None) or str(value.dtype)
        return getattr(value, "shape", ()) == () and _DTYPE.fullmatch(str(dtype)) is not None
    if isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real):
        return False
    return hasattr(value, "__float__")
