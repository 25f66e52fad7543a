"""Values of equations that a model wrote, by a parser of our own: numbers, + - * / and whole powers, brackets, and nothing else.

Values are exact fractions, so that 0.1 + 0.2 is 0.3. Everything is bounded before it is computed: characters, depth, digits,
exponents and the size of what comes out. What is none is a Failure with a short reason; nothing is ever evaluated as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from sctk_core import Failure

from sctk_mirror.latex import plain_latex

LONGEST, DEEPEST, MOST_DIGITS = 400, 40, 40
"""Characters of an equation, brackets and signs inside each other, digits of a number."""
LARGEST_EXPONENT, LARGEST_BITS = 16, 400
"""Of a power; of numerator and denominator of what comes out, which is about 10^120."""
TOLERANCE = 1e-9
"""Two values are one where they differ by at most so much of the larger one."""
_SAME = str.maketrans(
    {"−": "-", "–": "-", "—": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "∕": "/", "⁄": "/"}
)
_SAME |= str.maketrans(
    {"（": "(", "）": ")", "＋": "+", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "[": "(", "]": ")"}
)
_SAME |= dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"), "")  # of no width
_TIMES = re.compile(r"(?<=[\d)] )[xX](?= [\d(])")
_NUMBER = r"\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_TOKEN = re.compile(rf"\s*(?:(?P<number>{_NUMBER})|(?P<sign>\*\*|[-+*/^()]))", re.ASCII)
NOTHING, COMMA, BRACKETS, TOO_LONG, TOO_DEEP, ZERO, POWER, TOO_LARGE = (
    "no equation is there",
    "more than one number (a comma)",
    "brackets that do not match",
    "an equation that is too long",
    "an equation that is nested too deeply",
    "a division by zero",
    "a power that is too large, or not whole",
    "a number that is too large",
)


class _Unread(Exception):
    """Why a text is no equation, in few words."""


@dataclass
class _Reader:
    """A text that is read from left to right; `at` is how far it was read."""

    text: str
    at: int = 0
    depth: int = 0
    ahead: tuple[str, str, int] | None = field(default=None)

    def peek(self) -> tuple[str, str, int] | None:
        """Kind, text and end of the next token, None where there is none."""
        if self.ahead is None:
            found = _TOKEN.match(self.text, self.at)
            if found:
                kind = "number" if found["number"] else "sign"
                self.ahead = (kind, found[kind], found.end())
        return self.ahead

    def takes(self, *signs: str) -> str:
        """The next token where it is one of these signs, taken; else ""."""
        found = self.peek()
        if found and found[0] == "sign" and found[1] in signs:
            self.take(found)
            return found[1]
        return ""

    def take(self, found: tuple[str, str, int]) -> None:
        self.at, self.ahead = found[2], None

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Unread(TOO_DEEP)


def plain_equation(text: str) -> str:
    """A text with the marks that people write for minus, times, over and brackets as the plain ones."""
    return _TIMES.sub("*", plain_latex(text).translate(_SAME))


def leading_equation(text: str) -> tuple[str, str] | Failure:
    """The equation that a text begins with, as written, and what follows it.

    >>> leading_equation("10 − 7 apples")
    ('10 - 7', ' apples')
    """
    plain = plain_equation(text).lstrip()
    found = _read(plain[: LONGEST + 1])
    if isinstance(found, Failure):
        return found
    _, end = found
    if end > LONGEST:
        return _failure(TOO_LONG, text)
    return plain[:end], plain[end:]


def value(equation: str) -> Fraction | Failure:
    """The value of a text that is an equation and nothing else.

    >>> value("( 84.0 / 2.0 )"), value("0.1 + 0.2") == value("0.3")
    (Fraction(42, 1), True)
    """
    plain = plain_equation(equation).strip()
    if len(plain) > LONGEST:
        return _failure(TOO_LONG, equation)
    found = _read(plain)
    if isinstance(found, Failure):
        return found
    if found[1] < len(plain):
        rest = plain[found[1] :].lstrip()
        return _failure(COMMA if rest[:1] == "," else BRACKETS if rest[:1] == ")" else NOTHING, equation)
    return found[0]


def same_value(one: Fraction, other: Fraction) -> bool:
    """Whether two values differ by at most `TOLERANCE` of the larger one.

    >>> same_value(Fraction(1, 3), Fraction("0.3333333333")), same_value(Fraction(1, 3), Fraction("0.33"))
    (True, False)
    """
    return abs(one - other) <= Fraction(TOLERANCE) * max(abs(one), abs(other))


def _read(text: str) -> tuple[Fraction, int] | Failure:
    """The value of the equation that a text begins with, and where it ends."""
    reader = _Reader(text)
    try:
        return _bounded(_sum(reader)), reader.at
    except _Unread as error:
        return _failure(str(error), text)


def _failure(reason: str, text: str) -> Failure:
    return Failure(kind="parse", reason=reason, detail=text[:200])


def _sum(reader: _Reader) -> Fraction:
    total = _product(reader)
    for sign in _signs(reader, "+", "-"):
        other = _product(reader)
        total = _bounded(total + other if sign == "+" else total - other)
    return total


def _product(reader: _Reader) -> Fraction:
    total = _signed(reader)
    for sign in _signs(reader, "*", "/"):
        other = _signed(reader)
        if sign == "/" and not other:
            raise _Unread(ZERO)
        total = _bounded(total * other if sign == "*" else total / other)
    return total


def _signs(reader: _Reader, *signs: str) -> Iterator[str]:
    """The signs of one rank that are followed by something to reckon with; one at the end of a phrase ends the equation."""
    while True:
        before = reader.at
        sign = reader.takes(*signs)
        ahead = reader.peek()
        if sign and (ahead is None or (ahead[0] == "sign" and ahead[1] not in ("(", "-", "+"))):
            reader.at, reader.ahead = before, None
            return
        if not sign:
            return
        yield sign


def _signed(reader: _Reader) -> Fraction:
    """A power with its signs before it: -2^2 is -4."""
    depth, minus = reader.depth, False
    while sign := reader.takes("-", "+"):
        reader.deeper()
        minus ^= sign == "-"
    found = _power(reader)
    reader.depth = depth
    return -found if minus else found


def _power(reader: _Reader) -> Fraction:
    base = _atom(reader)
    if not next(_signs(reader, "**", "^"), ""):
        return base
    reader.deeper()
    exponent = _signed(reader)
    reader.depth -= 1
    if exponent.denominator != 1 or abs(exponent) > LARGEST_EXPONENT:
        raise _Unread(POWER)
    if not base and exponent < 0:
        raise _Unread(ZERO)
    return _bounded(base ** int(exponent))


def _atom(reader: _Reader) -> Fraction:
    """A number, or a sum in brackets."""
    found = reader.peek()
    if found is None:
        rest = reader.text[reader.at :].lstrip()
        raise _Unread(COMMA if rest[:1] == "," else NOTHING)
    if found[0] == "number":
        digits = found[1].replace(",", "")
        if len(digits) > MOST_DIGITS:
            raise _Unread(TOO_LARGE)
        reader.take(found)
        return Fraction(digits)
    if not reader.takes("("):
        raise _Unread(BRACKETS if found[1] == ")" else NOTHING)
    reader.deeper()
    total = _sum(reader)
    if not reader.takes(")"):
        rest = reader.text[reader.at :].lstrip()
        raise _Unread(COMMA if rest[:1] == "," else BRACKETS)
    reader.depth -= 1
    return total


def _bounded(found: Fraction) -> Fraction:
    if max(found.numerator.bit_length(), found.denominator.bit_length()) > LARGEST_BITS:
        raise _Unread(TOO_LARGE)
    return found
